using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.ML.Tokenizers;
using Throughline.Pipeline.Nemotron.Analysis;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

/// <summary>The analyst's API over real HTTP, before language model servers that behave and misbehave; its spans and metrics are recorded.</summary>
public sealed class AnalyzeEndpointTests : IAsyncDisposable
{
    private const string Verdict = """{"risk_score": 40, "risk_level": "medium", "summary": "Somebody stays.", "reasoning": "It is late."}""";

    private readonly string _name = "test-analyst-" + Guid.NewGuid().ToString("n");
    private readonly string _batch = "batch-" + Guid.NewGuid().ToString("n");
    private readonly SpanSource _spans;
    private readonly SpanRecorder _recorder;
    private readonly HttpClient _http = new();
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly List<IDisposable> _parts = [];
    private LlmServer? _llm;
    private Uri _address = new("http://unset");

    public AnalyzeEndpointTests() => (_spans, _recorder) = (new(_name), new(_name, _name + ".gen_ai", "Microsoft.AspNetCore"));

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        foreach (var part in Enumerable.Reverse(_parts)) part.Dispose();
        _http.Dispose();
        _recorder.Dispose();
        _spans.Dispose();
    }

    [Fact]
    public async Task VerdictOfALlamaCppServerIsToldInTheConventionsAttributes()
    {
        await Serve(context => LlmServer.LlamaCpp(context, Verdict), new() { Model = "nemotron", Provider = "llama_cpp", ApiKey = "key" });

        var answer = await Json(await Analyze());

        Assert.Equal((40, "medium", "nemotron-nano"), (answer.GetProperty("riskScore").GetInt32(), answer.GetProperty("riskLevel").GetString(), answer.GetProperty("model").GetString()));
        Assert.Equal((173, 41), (answer.GetProperty("inputTokens").GetInt32(), answer.GetProperty("outputTokens").GetInt32()));
        var request = Assert.Single(_llm!.Requests);
        Assert.True(request.GetProperty("stream").GetBoolean() && request.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
        var span = _recorder.Only("llm_inference");
        Dictionary<string, object> expected = new()
        {
            ["gen_ai.operation.name"] = "chat", ["gen_ai.provider.name"] = "llama_cpp", ["gen_ai.request.model"] = "nemotron",
            ["gen_ai.response.model"] = "nemotron-nano", ["gen_ai.response.id"] = "chatcmpl-1", ["gen_ai.request.max_tokens"] = 512,
            ["gen_ai.usage.input_tokens"] = 173L, ["gen_ai.usage.output_tokens"] = 41L, ["llm.usage.source"] = "endpoint",
            ["server.address"] = "127.0.0.1", ["server.port"] = _llm.Url.Port, ["gen_ai.output.type"] = "json",
            ["gen_ai.request.stream"] = true,
        };
        foreach (var (key, value) in expected) Assert.True(Same(value, span.GetTagItem(key)), $"{key} is {span.GetTagItem(key)}, not {value}.");
        Assert.Contains("stop", FinishReasons(span));
        var first = Assert.IsType<double>(span.GetTagItem("gen_ai.server.time_to_first_token"));
        Assert.InRange(first, 0, span.Duration.TotalSeconds);
        Assert.Equal(ActivityKind.Client, span.Kind);
        var parent = await Request();
        Assert.Equal(new[] { "build_prompt", "llm_inference", "parse_response" },
            _recorder.Ended.Where(ended => ended.ParentSpanId == parent.SpanId).OrderBy(ended => ended.StartTimeUtc).Select(ended => ended.DisplayName));
        Assert.DoesNotContain(span.TagObjects, tag => tag.Key == "gen_ai.system");

        static bool Same(object expected, object? actual) =>
            string.Equals(Convert.ToString(expected, CultureInfo.InvariantCulture), Convert.ToString(actual, CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokensThatTheEndpointDoesNotTellAreCountedAndSaidToBe()
    {
        await Serve(context => LlmServer.VllmWithoutUsage(context, Verdict));

        var answer = await Json(await Analyze());

        var tokenizer = TiktokenTokenizer.CreateForEncoding("o200k_base");
        var prompt = _llm!.Requests[0].GetProperty("messages").EnumerateArray().Sum(message => tokenizer.CountTokens(message.GetProperty("content").GetString() ?? ""));
        Assert.Equal((prompt, tokenizer.CountTokens(Verdict)), (answer.GetProperty("inputTokens").GetInt32(), answer.GetProperty("outputTokens").GetInt32()));
        var span = _recorder.Only("llm_inference");
        Assert.Equal(("counted", "o200k_base"), (span.GetTagItem("llm.usage.source"), span.GetTagItem("llm.usage.tokenizer")));
        Assert.Equal(prompt, Convert.ToInt32(span.GetTagItem("gen_ai.usage.input_tokens"), CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("{\"risk_score\": \"SECRET\", \"risk_level\": \"low\", \"summary\": \"s\"}", "is not a verdict")]
    [InlineData("SECRET: nothing to see", "no JSON object")]
    [InlineData("{\"risk_score\": 12, \"risk_level\": \"SECRET\", \"summary\": \"s\"}", "risk_level that is none of")]
    [InlineData("{\"risk_score\": 12, \"risk_level\": \"low\", \"summary\": \"SECRET", "no JSON object")]
    [InlineData("{\"risk_score\": 12, \"risk_level\": \"low\", \"summary\": null, \"reasoning\": \"SECRET\"}", "no summary")]
    [InlineData("{\"risk_score\": 12.5, \"risk_level\": \"low\", \"summary\": \"SECRET\"}", "is not a verdict")]
    [InlineData("{\"risk_score\": 12, \"summary\": \"SECRET\"}", "is not a verdict")]
    public async Task AnswerThatIsNoVerdictIsAnErrorThatDoesNotQuoteIt(string answer, string reason)
    {
        await Serve(context => LlmServer.LlamaCpp(context, answer));

        using var response = await Analyze();

        var problem = await Json(response, HttpStatusCode.BadGateway);
        Assert.Equal("invalid_verdict", problem.GetProperty("errorType").GetString());
        Assert.Contains(reason, problem.GetProperty("detail").GetString());
        foreach (var span in new[] { _recorder.Only("parse_response"), await Request() })
        {
            Assert.Equal((ActivityStatusCode.Error, "invalid_verdict"), (span.Status, span.GetTagItem("error.type")));
            Assert.Contains(span.Events, happened => happened.Name == "exception" && happened.Tags.Any(tag => tag.Key == "exception.stacktrace"));
        }
        Assert.DoesNotContain("SECRET", Everything() + problem.GetRawText());
    }

    [Fact]
    public async Task PromptAndAnswerAreRecordedOnlyWhenSwitchedOn()
    {
        string[] keys = ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"];
        await Serve(context => LlmServer.LlamaCpp(context, Verdict));
        using (await Analyze()) { }
        Assert.DoesNotContain(_recorder.Ended.SelectMany(span => span.TagObjects), tag => keys.Contains(tag.Key));
        Assert.DoesNotContain("home security system", Everything());
        Assert.DoesNotContain("Somebody stays.", Everything());

        await Serve(context => LlmServer.LlamaCpp(context, Verdict), new() { RecordContent = true });
        using (await Analyze()) { }
        var recorded = _recorder.Ended.Last(span => span.DisplayName == "llm_inference");
        Assert.Contains("home security system", recorded.GetTagItem("gen_ai.input.messages") + "" + recorded.GetTagItem("gen_ai.system_instructions"));
        Assert.Contains("Somebody stays.", recorded.GetTagItem("gen_ai.output.messages") as string);
    }

    public static TheoryData<string, Func<HttpContext, Task>, HttpStatusCode> Misbehaviour => new()
    {
        { "incomplete_answer", LlmServer.BreaksOff, HttpStatusCode.BadGateway },
        { "incomplete_answer", context => LlmServer.VllmWithoutUsage(context, Verdict[..30], finish: null), HttpStatusCode.BadGateway },
        { "incomplete_answer", context => context.Response.WriteAsync("<html>It works!</html>"), HttpStatusCode.BadGateway },
        { "answer_cut", context => LlmServer.VllmWithoutUsage(context, Verdict[..30], finish: "length"), HttpStatusCode.BadGateway },
        { "answer_refused", context => LlmServer.VllmWithoutUsage(context, "", finish: "content_filter"), HttpStatusCode.BadGateway },
        { "invalid_answer", context => LlmServer.Stream(context, ["{\"choices\": [{]"]), HttpStatusCode.BadGateway },
        { "llm_error", context => LlmServer.Refuses(context, 500), HttpStatusCode.BadGateway },
        { "rate_limited", context => LlmServer.Refuses(context, 429, "7"), HttpStatusCode.ServiceUnavailable },
        { "timeout", context => Task.Delay(Timeout.Infinite, context.RequestAborted), HttpStatusCode.GatewayTimeout },
    };

    [Theory, MemberData(nameof(Misbehaviour), DisableDiscoveryEnumeration = true)]
    public async Task WithoutAWholeAnswerThereIsAnErrorThatSaysWhyAndNoVerdict(string errorType, Func<HttpContext, Task> misbehave, HttpStatusCode status)
    {
        await Serve(misbehave, new() { TimeoutSeconds = errorType == "timeout" ? 0.3 : 60 });

        using var response = await Analyze();

        var problem = await Json(response, status);
        Assert.Equal(errorType, problem.GetProperty("errorType").GetString());
        Assert.Equal(errorType == "rate_limited" ? ["7"] : [], response.Headers.TryGetValues("Retry-After", out var pause) ? pause : []);
        var request = await Request();
        Assert.Equal((ActivityStatusCode.Error, errorType), (request.Status, request.GetTagItem("error.type")));
        var inference = _recorder.Only("llm_inference");
        Assert.Equal(ActivityStatusCode.Error, inference.Status);
        Assert.Equal(errorType, Assert.Single(inference.TagObjects, tag => tag.Key == "error.type").Value);
        foreach (var span in new[] { request, inference })
            Assert.Contains(span.Events, happened => happened.Name == "exception" && happened.Tags.Any(tag => tag.Key == "exception.stacktrace"));
        Assert.DoesNotContain(_recorder.Ended, span => span.DisplayName == "parse_response");
    }

    [Fact]
    public async Task NobodyAtTheAddressIsARefusedConnection()
    {
        // The port stays this socket's, which does not listen: no other test can be given it meanwhile.
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await Serve(_ => Task.CompletedTask, new() { Url = new($"http://{nobody.LocalEndPoint}/v1") });

        using var response = await Analyze();

        Assert.Equal("connection_refused", (await Json(response, HttpStatusCode.BadGateway)).GetProperty("errorType").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1, 2")]
    [InlineData("""{"batchId": "b", "cameraId": "c", "images": []}""")]
    [InlineData("""{"batchId": "b", "cameraId": "c"}""")]
    [InlineData("""{"batchId": "b", "cameraId": "c", "images": [{"detections": null}]}""")]
    [InlineData("""{"batchId": "b", "cameraId": "c", "images": [null]}""")]
    [InlineData("""{"batchId": "b", "cameraId": "c", "images": [{"detections": [{"confidence": 0.5}]}]}""")]
    public async Task BatchThatIsNoneIsRefusedBeforeTheModelIsAsked(string body)
    {
        await Serve(context => LlmServer.LlamaCpp(context, Verdict));

        using var response = await _http.PostAsync(new Uri(_address, "/analyze"), new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal("validation_error", (await Json(response, HttpStatusCode.BadRequest)).GetProperty("errorType").GetString());
        Assert.Empty(_llm!.Requests);
    }

    [Fact]
    public async Task BatchesAboveTheLimitAreRefusedAtOnce()
    {
        var release = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        await Serve(
            async context =>
            {
                asked.SetResult();
                await release.Task;
                await LlmServer.LlamaCpp(context, Verdict);
            },
            new() { Parallel = 1, Queue = 0 });
        var first = Analyze();
        await Patience.ForAsync(asked.Task, "The model is not asked");

        using (var refused = await Analyze())
        {
            Assert.Equal("queue_full", (await Json(refused, HttpStatusCode.ServiceUnavailable)).GetProperty("errorType").GetString());
            Assert.Equal(["1"], refused.Headers.GetValues("Retry-After"));
        }
        release.SetResult();
        await Json(await first);
    }

    [Fact]
    public async Task CallerThatGoesAwayEndsTheCallOfTheModel()
    {
        var (asked, given) = (new TaskCompletionSource(), new TaskCompletionSource());
        await Serve(async context =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => given.SetResult(), TaskScheduler.Default);
        });
        using var patience = new CancellationTokenSource();
        var call = Analyze(patience.Token);
        await Patience.ForAsync(asked.Task, "The model is not asked");

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Patience.ForAsync(given.Task, "The call of the model goes on");
        Assert.Equal("client_closed_request", (await Request()).GetTagItem("error.type"));
        Assert.Equal("client_closed_request", _recorder.Only("llm_inference").GetTagItem("error.type"));
    }

    [Fact]
    public async Task TokensDurationsAndPaceAreMeasured()
    {
        var seen = new List<(string Meter, string Name, double Value, Dictionary<string, object?> Tags)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name.StartsWith(_name, StringComparison.Ordinal)) self.EnableMeasurementEvents(instrument); };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.Start();
        await Serve(context => LlmServer.LlamaCpp(context, Verdict));

        using (await Analyze()) { }
        listener.RecordObservableInstruments();

        Assert.Equal([173, 41], seen.Where(entry => entry.Name == "gen_ai.client.token.usage").OrderBy(entry => entry.Tags["gen_ai.token.type"]).Select(entry => entry.Value));
        Assert.True(Assert.Single(seen, entry => entry.Name == "gen_ai.client.operation.duration").Value > 0);
        Assert.True(Assert.Single(seen, entry => entry.Name == "llm.tokens_per_second").Value > 0);
        Assert.Equal("ok", Assert.Single(seen, entry => entry.Name == "analyst.analyses").Tags["outcome"]);
        Assert.Equal(0, Assert.Single(seen, entry => entry.Name == "analyst.queue.depth").Value);

        void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (seen) seen.Add((instrument.Meter.Name, instrument.Name, value, new(tags.ToArray())));
        }
    }

    private async Task Serve(Func<HttpContext, Task> answer, LlmOptions? options = null)
    {
        options ??= new();
        _llm = await LlmServer.StartAsync(answer);
        _servers.Add(_llm);
        options.Url ??= _llm.Url;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var analyst = new Analyst(_name, options, memory: null, () => throw new InvalidOperationException("No test asks the built-in analyst."), new(), _spans, TimeProvider.System);
        _parts.Add(analyst);
        analyst.Map(app);
        await app.StartAsync();
        _servers.Insert(0, app);
        _address = new(app.Urls.First());
    }

    private Task<HttpResponseMessage> Analyze(CancellationToken cancellation = default) => _http.PostAsJsonAsync(new Uri(_address, "/analyze"), new
    {
        batchId = _batch, cameraId = "front_door", cameraName = "Front door", openedAt = DateTimeOffset.UnixEpoch, closedAt = DateTimeOffset.UnixEpoch.AddSeconds(3),
        closeReason = "window", images = new[] { new { receivedAt = DateTimeOffset.UnixEpoch, detections = new[] { new { @class = "person", confidence = 0.8 } } } },
    }, cancellation);

    /// <summary>The span of the request, which ends a little after its answer has come.</summary>
    private Task<Activity> Request() => _recorder.WaitForAsync(span => span.Kind == ActivityKind.Server && Equals(span.GetTagItem("batch.id"), _batch));

    /// <summary>Whatever the spans of this service say.</summary>
    private string Everything() => string.Join('\n', _recorder.Ended.Where(span => span.Source.Name.StartsWith(_name, StringComparison.Ordinal)).SelectMany(span =>
        span.TagObjects.Select(tag => $"{tag.Value}").Append(span.StatusDescription)
            .Concat(span.Events.SelectMany(happened => happened.Tags.Select(tag => $"{tag.Value}")))));

    private static string FinishReasons(Activity span) => span.GetTagItem("gen_ai.response.finish_reasons") switch
    {
        IEnumerable<string> reasons => string.Join(',', reasons),
        var other => $"{other}",
    };

    private static async Task<JsonElement> Json(HttpResponseMessage response, HttpStatusCode status = HttpStatusCode.OK)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
