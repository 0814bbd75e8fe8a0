using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

/// <summary>When a failed call is tried again, and what its failure is called.</summary>
public sealed class ServiceCallerTests
{
    private static readonly SpanSource s_spans = new("test-calls");
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(77);

    [Theory]
    [InlineData(3, 10, 3)]
    [InlineData(30, 10, 10)]
    [InlineData(30, 45, 30)]
    public async Task NextTryWaitsAsLongAsTheServiceAsksWithinALimit(int asked, double limit, double seconds)
    {
        var time = new Hurried();
        var answers = new Answers(Refusal(new RetryConditionHeaderValue(TimeSpan.FromSeconds(asked))), Good());

        Assert.Equal("good", (await Caller(answers, time, limit).PostAsync<Answer>("/", Content, CancellationToken.None)).Word);

        Assert.Equal([TimeSpan.FromSeconds(seconds)], time.Pauses);
    }

    [Fact]
    public async Task ServiceMayNameTheTimeWhenItCanBeAskedAgain()
    {
        var time = new Hurried();
        var answers = new Answers(Refusal(new RetryConditionHeaderValue(Hurried.Now + TimeSpan.FromSeconds(4))), Good());

        await Caller(answers, time, limit: 10).PostAsync<Answer>("/", Content, CancellationToken.None);

        Assert.Equal([TimeSpan.FromSeconds(4)], time.Pauses);
    }

    [Theory]
    [InlineData(null, 10)]
    [InlineData(-60, 10)]
    [InlineData(3, 0)]
    public async Task WithoutAnyThingToWaitForThePauseIsTheCallersOwn(int? asked, double limit)
    {
        var time = new Hurried();
        var answers = new Answers(Refusal(asked is { } seconds ? new(Hurried.Now.AddSeconds(seconds)) : null), Good());

        await Caller(answers, time, limit).PostAsync<Answer>("/", Content, CancellationToken.None);

        // About 0.2 s, with chance.
        Assert.InRange(Assert.Single(time.Pauses), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("{\"detail\": \"The queue is")]
    [InlineData("<html>")]
    [InlineData("")]
    [InlineData("{\"errorType\": \"\\ud800\"}")]
    [InlineData("[]")]
    public async Task RefusalWithBrokenProblemDetailsIsStillThatRefusal(string body)
    {
        var answers = new Answers(Refusal(null, body), Refusal(null, body), Refusal(null, body));

        var problem = await Assert.ThrowsAsync<ServiceCallException>(() => Caller(answers, new Hurried(), limit: 0).PostAsync<Answer>("/", Content, CancellationToken.None));

        Assert.Equal(("503", true, 0), (problem.ErrorType, problem.WorthAnotherTry, answers.Left));
    }

    [Theory]
    [InlineData("http://host:81", "http://host:81/detect")]
    [InlineData("http://host/", "http://host/detect")]
    [InlineData("http://host/behind/a/proxy/", "http://host/behind/a/proxy/detect")]
    public void ServiceMayStandBelowAPath(string url, string address) => Assert.Equal(address, new ServiceOptions { Url = new(url) }.AddressOf("/detect").AbsoluteUri);

    [Fact]
    public async Task OpenBreakerLetsOneCallThroughAfterItsTimeAndClosesWhenThatIsAnswered()
    {
        var time = new FakeTimeProvider(Hurried.Now);
        var answers = new Answers(Refusal(null), Refusal(null), Refusal(null), Good(), Good());
        var caller = new ServiceCaller(new HttpClient(answers), "detector",
            new() { Url = new("http://detector"), Attempts = 1, BreakerMinimumTries = 2, BreakerOpenSeconds = 10 }, s_spans, time, NullLogger.Instance);

        Assert.Equal(("503", "503"), (await FailureAsync(), await FailureAsync()));
        Assert.Equal("open", caller.BreakerState);
        Assert.Equal(("circuit_open", 3), (await FailureAsync(), answers.Left));
        // Its time is over: one call finds the service still down, and the others are kept away for as long again.
        time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Equal(("503", 2), (await FailureAsync(), answers.Left));
        Assert.Equal(("circuit_open", "open"), (await FailureAsync(), caller.BreakerState));
        time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Equal("good", (await caller.PostAsync<Answer>("/", Content, CancellationToken.None)).Word);
        Assert.Equal("closed", caller.BreakerState);
        Assert.Equal("good", (await caller.PostAsync<Answer>("/", Content, CancellationToken.None)).Word);

        async Task<string> FailureAsync() =>
            (await Assert.ThrowsAsync<ServiceCallException>(() => caller.PostAsync<Answer>("/", Content, CancellationToken.None))).ErrorType;
    }

    [Fact]
    public async Task AnswerThatIsTooLargeIsNoFailureToReachTheService()
    {
        using var http = ServiceCaller.Client(new Answers(new HttpResponseMessage { Content = new ByteArrayContent(new byte[17 * 1024 * 1024]) }));
        var caller = new ServiceCaller(http, "detector", new() { Url = new("http://detector"), TimeoutSeconds = s_timeout.TotalSeconds }, s_spans, new Hurried(), NullLogger.Instance);

        var problem = await Assert.ThrowsAsync<ServiceCallException>(() => caller.PostAsync<Answer>("/", Content, CancellationToken.None));

        Assert.Equal(("invalid_answer", false), (problem.ErrorType, problem.WorthAnotherTry));
    }

    private static ServiceCaller Caller(Answers answers, TimeProvider time, double limit) => new(new HttpClient(answers), "detector",
        new() { Url = new("http://detector"), TimeoutSeconds = s_timeout.TotalSeconds, RetryAfterLimitSeconds = limit }, s_spans, time, NullLogger.Instance);

    private static StringContent Content() => new("{}");

    private static HttpResponseMessage Good() => new() { Content = new StringContent("""{"word":"good"}""") };

    private static HttpResponseMessage Refusal(RetryConditionHeaderValue? retryAfter, string body = "{}")
    {
        var refusal = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent(body, new MediaTypeHeaderValue("application/problem+json")) };
        refusal.Headers.RetryAfter = retryAfter;
        return refusal;
    }

    private sealed record Answer(string Word);

    private sealed class Answers(params HttpResponseMessage[] answers) : HttpMessageHandler
    {
        private readonly Queue<HttpResponseMessage> _answers = new(answers);

        public int Left => _answers.Count;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(_answers.Dequeue());
    }

    /// <summary>A clock that stands still and on which every pause is over at once; it remembers how long each was to be.</summary>
    private sealed class Hurried : TimeProvider
    {
        public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

        public List<TimeSpan> Pauses { get; } = [];

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == s_timeout || dueTime < TimeSpan.Zero) return base.CreateTimer(callback, state, dueTime, period);
            Pauses.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
