using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Events;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

public sealed class BatchAnalysisTests : IDisposable
{
    private static readonly DateTimeOffset s_opened = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-events-").FullName;
    private readonly string _source = "test-analysis-" + Guid.NewGuid().ToString("n");
    private readonly SpanSource _spans;
    private readonly SpanRecorder _recorder;
    private readonly EventOptions _options;
    private readonly EventStore _events;
    private readonly RecentImages _recent = new(new() { DuplicateWindowSeconds = 86_400 }, new FakeTimeProvider(s_opened));
    private readonly ServiceProvider _meters = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public BatchAnalysisTests()
    {
        (_spans, _recorder) = (new(_source), new(_source));
        _options = new() { Database = Path.Combine(_folder, "events.db") };
        var database = new EventDatabase(_options, _spans);
        database.Prepare();
        _events = new(database, TimeProvider.System);
    }

    public void Dispose()
    {
        _meters.Dispose();
        _recorder.Dispose();
        _spans.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AnalysisIsToldInTheCarriersTraceAndLinkedBothWays()
    {
        var batch = Batch(3);
        await Analysis(_ => Verdict(17)).RunAsync(batch, CancellationToken.None);

        var caller = _recorder.Only("analyze_batch");
        Assert.Equal((batch.Members[0].Trace.TraceId, batch.Members[0].Trace.SpanId), (caller.TraceId, caller.ParentSpanId));
        Assert.Equal(ActivityKind.Client, caller.Kind);
        var waits = _recorder.Ended.Where(span => span.DisplayName == "batch_wait").ToList();
        Assert.Equal(waits.Select(wait => wait.Context), caller.Links.Select(link => link.Context));
        Assert.Equal(batch.Members.Select(member => member.Trace.TraceId), waits.Select(wait => wait.TraceId));
        Assert.Equal([3000.0, 2000.0, 1000.0], caller.Links.Select(link => Assert.Single(link.Tags!, tag => tag.Key == "pipeline.wait_ms").Value is double wait ? wait : double.NaN));

        var awaits = _recorder.Ended.Where(span => span.DisplayName == "await_analysis").ToList();
        Assert.Equal(batch.Members.Skip(1).Select(member => member.Trace.SpanId), awaits.Select(span => span.ParentSpanId));
        Assert.All(awaits, span =>
        {
            Assert.Equal("analysis", span.GetTagItem("wait.kind"));
            Assert.Equal(caller.Context, Assert.Single(span.Links).Context);
        });
        Assert.Equal(batch.Members[0].Trace.TraceId, _recorder.Only("save_event").TraceId);
    }

    [Fact]
    public async Task BatchWaitSpansTheTimeFromJoiningToClosing()
    {
        var batch = Batch(2);
        await Analysis(_ => Verdict(17)).RunAsync(batch, CancellationToken.None);

        var wait = _recorder.Ended.Last(span => span.DisplayName == "batch_wait");
        Assert.Equal("batch_window", wait.GetTagItem("wait.kind"));
        Assert.Equal(batch.Members[1].JoinedAt.UtcDateTime, wait.StartTimeUtc);
        Assert.Equal(batch.ClosedAt - batch.Members[1].JoinedAt, wait.Duration);
        Assert.Equal(("window", 2), ((string?)wait.GetTagItem("batch.close_reason"), (int?)wait.GetTagItem("batch.size")));
    }

    [Fact]
    public async Task EventIsSavedWithTheTracesOfAllImages()
    {
        var batch = Batch(2);
        await Analysis(_ => Verdict(63)).RunAsync(batch, CancellationToken.None);

        var saved = Assert.Single(_events.List(new(10)).Events);
        Assert.Equal((63, "high", false, "rule-analyst-1"), (saved.RiskScore, saved.RiskLevel, saved.Fallback, saved.Model));
        Assert.Equal(batch.Carrier.Trace.TraceId.ToHexString(), saved.TraceId);
        Assert.Equal(batch.Members.Select(member => member.Trace.TraceId.ToHexString()), saved.Images.Select(image => image.TraceId));
        Assert.Equal(saved.Id, _recorder.Only("save_event").GetTagItem("event.id"));
    }

    [Fact]
    public async Task DuplicateOfAMemberIsToldHowFarTheBatchHasCome()
    {
        var batch = Batch(2);
        var images = batch.Members.Select(member => new ReceivedImage(
            member.ImageId, member.Camera, [], new(JpegState.Whole, 1, 1), member.Sha256, member.ReceivedAt, member.Trace)).ToList();
        foreach (var image in images) Assert.Equal(Admission.Taken, _recent.Admit(image, _ => true).Admission);
        IReadOnlyList<(string?, long?)> meanwhile = [];

        await Analysis(_ =>
        {
            meanwhile = Told();
            return Verdict(17);
        }).RunAsync(batch, CancellationToken.None);

        var id = Assert.Single(_events.List(new(10)).Events).Id;
        Assert.Equal([("analysing", null), ("analysing", null)], meanwhile);
        Assert.Equal([("event_saved", id), ("event_saved", id)], Told());

        IReadOnlyList<(string?, long?)> Told() => [.. images.Select(image => _recent.Admit(image, _ => false).First is { } known ? (known.State, known.EventId) : default((string?, long?)))];
    }

    [Fact]
    public async Task WhenTheLanguageModelFailsAFallbackEventSaysSo()
    {
        var attempts = 0;
        var batch = Batch(2);
        await Analysis(_ =>
        {
            attempts++;
            return Problem(HttpStatusCode.GatewayTimeout, "timeout");
        }).RunAsync(batch, CancellationToken.None);

        Assert.Equal(3, attempts);
        var saved = Assert.Single(_events.List(new(10)).Events);
        Assert.Equal((true, "timeout", "unknown"), (saved.Fallback, saved.FallbackReason, saved.RiskLevel));
        Assert.Null(saved.RiskScore);
        Assert.Contains("Not analysed", saved.Summary);
        var caller = _recorder.Only("analyze_batch");
        Assert.Equal((ActivityStatusCode.Error, "timeout"), (caller.Status, (string?)caller.GetTagItem("error.type")));
        var save = _recorder.Only("save_event");
        Assert.Equal((ActivityStatusCode.Unset, true), (save.Status, (bool?)save.GetTagItem("event.fallback")));
    }

    [Fact]
    public async Task RetryThatSucceedsLeavesItsParentUnmarked()
    {
        var attempts = 0;
        await Analysis(_ => attempts++ == 0 ? Problem(HttpStatusCode.ServiceUnavailable, "out_of_memory") : Verdict(5))
            .RunAsync(Batch(1), CancellationToken.None);

        Assert.Equal(2, attempts);
        Assert.All(_recorder.Ended, span => Assert.NotEqual(ActivityStatusCode.Error, span.Status));
        Assert.False(Assert.Single(_events.List(new(10)).Events).Fallback);
    }

    [Fact]
    public async Task ErrorThatAnotherTryCannotMendIsNotTriedAgain()
    {
        var attempts = 0;
        await Analysis(_ =>
        {
            attempts++;
            return Problem(HttpStatusCode.BadRequest, "validation_error");
        }).RunAsync(Batch(1), CancellationToken.None);

        Assert.Equal(1, attempts);
        Assert.Equal("validation_error", Assert.Single(_events.List(new(10)).Events).FallbackReason);
    }

    [Theory]
    [InlineData(HttpStatusCode.InsufficientStorage, "out_of_memory")]
    [InlineData(HttpStatusCode.RequestEntityTooLarge, "payload_too_large")]
    public async Task BatchThatIsTooMuchForTheAnalystNeverOpensTheBreaker(HttpStatusCode status, string errorType)
    {
        var attempts = 0;
        var analysis = Analysis(_ => attempts++ < 20 ? Problem(status, errorType) : Verdict(7));
        for (var i = 0; i < 20; i++) await analysis.RunAsync(Batch(1), CancellationToken.None);

        // As many failures as would have opened it twice over, each tried once; the next batch is judged.
        await analysis.RunAsync(Batch(1), CancellationToken.None);

        var saved = _events.List(new(50)).Events;
        Assert.Equal((21, 7, false), (attempts, saved[0].RiskScore, saved[0].Fallback));
        Assert.All(saved.Skip(1), one => Assert.Equal(errorType, one.FallbackReason));
    }

    [Fact]
    public async Task RefusedConnectionIsNamed()
    {
        // Port 1 of this machine: reserved, and nothing listens there.
        using var http = new HttpClient();
        var caller = new ServiceCaller(http, "hsi-nemotron", new() { Url = new("http://127.0.0.1:1"), Attempts = 1 }, _spans, TimeProvider.System, NullLogger.Instance);
        var problem = await Assert.ThrowsAsync<ServiceCallException>(
            () => caller.PostAsync<Verdict>("/analyze", () => JsonContent.Create(1), CancellationToken.None));
        Assert.Equal("connection_refused", problem.ErrorType);
    }

    [Fact]
    public async Task BatchThatIsGivenUpAtTheEndIsStillAnEvent()
    {
        await Analysis(_ => Verdict(5)).RunAsync(Batch(2), new CancellationToken(canceled: true));

        var saved = Assert.Single(_events.List(new(10)).Events);
        Assert.Equal((true, "shutdown", 2), (saved.Fallback, saved.FallbackReason, saved.Images.Count));
        Assert.Equal(ActivityStatusCode.Error, _recorder.Only("analyze_batch").Status);
    }

    [Fact]
    public async Task EventsAreListedNewestFirstAndPagedByCamera()
    {
        foreach (var camera in new[] { "front_door", "driveway", "front_door" })
            await Analysis(_ => Verdict(1)).RunAsync(Batch(1, camera), CancellationToken.None);

        Assert.Equal([3L, 1], _events.List(new(10) { Camera = "front_door" }).Events.Select(saved => saved.Id));
        Assert.Equal([2L, 1], _events.List(new(10) { Before = 3 }).Events.Select(saved => saved.Id));
        Assert.Equal([3L], _events.List(new(1)).Events.Select(saved => saved.Id));
    }

    private BatchAnalysis Analysis(Func<HttpRequestMessage, HttpResponseMessage> analyst)
    {
        var caller = new ServiceCaller(
            new HttpClient(new Stub(analyst)), "hsi-nemotron", new() { Url = new("http://analyst"), PauseSeconds = 0 }, _spans, TimeProvider.System, NullLogger.Instance);
        var recorder = new EventRecorder(
            _events, new(_options), _options, new(_meters.GetRequiredService<IMeterFactory>()), _spans, NullLogger<EventRecorder>.Instance);
        return new(new AnalystClient(caller), recorder, new(), _recent, _spans, TimeProvider.System, NullLogger<BatchAnalysis>.Instance);
    }

    private static HttpResponseMessage Verdict(int score) => new()
    {
        Content = JsonContent.Create(new
        {
            model = "rule-analyst-1", riskScore = score, riskLevel = score < 25 ? "low" : "high", summary = "s", reasoning = "r",
        }),
    };

    private static HttpResponseMessage Problem(HttpStatusCode status, string errorType) => new(status)
    {
        Content = JsonContent.Create(new { detail = "because", errorType }, mediaType: new("application/problem+json")),
    };

    private static ClosedBatch Batch(int size, string camera = "front_door")
    {
        var members = Enumerable.Range(0, size).Select(i => new BatchMember(
            $"img_{i}", new(camera, camera), Sha256: $"{i:x2}", s_opened.AddSeconds(i),
            new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded),
            [new Detected("person", 0.7f)]) { JoinedAt = s_opened.AddSeconds(i) }).ToList();
        return new($"batch_{Guid.NewGuid():n}", members[0].Camera, s_opened, s_opened.AddSeconds(3), "window", members);
    }

    private sealed class Stub(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
