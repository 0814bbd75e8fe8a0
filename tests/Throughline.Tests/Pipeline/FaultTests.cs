using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Throughline.Tests.Pipeline;

/// <summary>Runs alone: four services and a server share the machine's cores with it.</summary>
[CollectionDefinition(nameof(FaultTests), DisableParallelization = true)]
public sealed class FaultCollection;

/// <summary>Each fault of the AI services and of the launcher is switched on in the real pipeline, and the real server is asked for what its traces tell.</summary>
[Collection(nameof(FaultTests))]
public sealed class FaultTests
{
    private const string Backend = "hsi-backend", Yolo26 = "hsi-yolo26", Nemotron = "hsi-nemotron";

    [Fact]
    public async Task OverloadedDetectorIsATimeoutOfItsCaller()
    {
        await using var run = await Run(new()
        {
            Fault = "detector-overload", DetectorOptions = ["--Overload:HoldSeconds", "3600"],
            BackendOptions = ["--Detector:TimeoutSeconds", "2", "--Detector:Attempts", "2", "--Detector:PauseSeconds", "0.01",
                // An open breaker would make calls without a try.
                "--Detector:BreakerMinimumTries", "1000"],
            // Of a caller that goes away before its image has come that far, there is no wait to be told.
            Until = async run => await FoundAsync(run, "service=hsi-backend name=detect_objects error.type=timeout") && await FoundAsync(run, "queue.given_up=true"),
        });

        var (trace, call) = await FirstAsync(run, "timeout", Backend, "detect_objects");
        await AssertThrown(run, trace, call, "did not answer within 2 s");
        var tries = trace.Spans.Where(span => span.Name == "http_request" && span.Parent == call.Row).ToList();
        Assert.Equal(2, tries.Count);
        Assert.All(tries, attempt => Assert.True(attempt.Error && attempt.DurationNano >= 1.9e9, $"{attempt}"));
        // The upload itself went well.
        Assert.False(trace.Only(Backend, "Process Detection").Error);

        var served = await AbandonedAsync(run);
        var waited = served.Spans.First(span => span.Service == Yolo26 && span.Wait == "queue");
        Assert.Equal("client_closed_request", (await run.AttributesAsync(served, served.Spans[waited.Parent]))["error.type"].GetString());
        Assert.DoesNotContain(served.Spans, span => span.Name == "inference");

        // What kept it busy was told when it was over.
        var competing = Assert.Single(await run.TracesAsync("competing_inferences"));
        var attributes = await run.AttributesAsync(competing, competing.Only(Yolo26, "competing_inferences"));
        Assert.True(int.Parse(attributes["inference.count"].GetString() ?? "", CultureInfo.InvariantCulture) > 0);
    }

    [Fact]
    public async Task DetectorThatIsDownIsARefusedConnection()
    {
        await using var run = await Run(new()
        {
            Fault = "detector-down", DetectorOptions = null, BackendOptions = ["--Detector:Attempts", "2", "--Detector:PauseSeconds", "0.01"],
            Until = run => FoundAsync(run, "service=hsi-backend name=detect_objects error.type=connection_refused"),
        });

        var (trace, call) = await FirstAsync(run, "connection_refused", Backend, "detect_objects");
        await AssertThrown(run, trace, call, "can't be reached");
        Assert.Contains(trace.Spans, span => span.Name == "http_request" && span.Parent == call.Row && span.Error);
        Assert.False(trace.Only(Backend, "Process Detection").Error);
        Assert.DoesNotContain(trace.Spans, span => span.Service == Yolo26 || span.Name == "batch_detection");
    }

    [Fact]
    public async Task BatchThatDoesNotFitIntoMemoryIsTheRuntimesErrorAndAFallbackEvent()
    {
        await using var run = await Run(new()
        {
            Fault = "analyst-out-of-memory", // The three images of a camera are one batch, which is clearly too large where one image clearly is not.
            AnalystOptions = ["--Memory:BudgetMegabytes", "512", "--Memory:PerImageMegabytes", "200"],
            BackendOptions = ["--Analyst:Attempts", "1", "--Batch:WindowSeconds", "90", "--Batch:IdleSeconds", "90", "--Batch:MaximumSize", "3"],
            // Nothing is broken for good: a small batch fits, before and after one that doesn't.
            BeforeTheEnd = async run =>
            {
                using var http = new HttpClient();
                foreach (var (images, status) in new[] { (1, HttpStatusCode.OK), (20, HttpStatusCode.InsufficientStorage), (1, HttpStatusCode.OK) })
                    Assert.Equal(status, await AnalyzeAsync(http, run.Analyst, images));
            },
        });

        var (trace, caller) = await FirstAsync(run, "out_of_memory", Backend, "analyze_batch");
        var analyze = trace.Only(Nemotron, "analyze_batch");
        Assert.Equal(caller.Row, trace.Spans[analyze.Parent].Parent);
        Assert.Equal("out_of_memory", (await run.AttributesAsync(trace, analyze))["error.type"].GetString());
        await AssertThrown(run, trace, analyze, "System.OutOfMemoryException", "WorkingMemory.Reserve");
        var prompt = trace.Only(Nemotron, "build_prompt");
        Assert.Equal((analyze.Row, true), (prompt.Parent, prompt.Error));
        Assert.DoesNotContain(trace.Spans, span => span.Name is "llm_inference" or "parse_response");
        Assert.Equal("out_of_memory", (await run.AttributesAsync(trace, trace.Only(Backend, "save_event")))["event.fallback_reason"].GetString());
        Assert.True(Assert.Single(run.Events, saved => saved.GetProperty("traceId").GetString() == trace.Id).GetProperty("fallback").GetBoolean());
    }

    [Fact]
    public async Task SkewedClockMakesTheDetectorsSpansBeginBeforeTheirCall()
    {
        await using var run = await Run(new() { Fault = "clock-skew", DetectorOptions = ["--Telemetry:ClockOffsetSeconds=-20"] });

        foreach (var trace in await run.TracesAsync("Process Detection"))
        {
            var served = trace.Only(Yolo26, "detect_objects", StoredSpan.Server);
            var request = trace.Spans[served.Parent];
            Assert.Equal((Backend, "http_request"), (request.Service, request.Name));
            // 20 s back, less what passed in between, and give or take what two processes make of one clock.
            Assert.InRange((request.StartNano - served.StartNano) / 1e9, 10, 20.5);
            Assert.All(trace.Spans.Where(span => span.Service == Yolo26 && span != served), step => Assert.InRange((request.StartNano - step.StartNano) / 1e9, 5, 20.5));
        }
    }

    [Fact]
    public async Task UninstrumentedAnalystLeavesItsCallWithoutAnythingBelow()
    {
        await using var run = await Run(new() { Fault = "uninstrumented-hop", AnalystOptions = ["--OTEL_SDK_DISABLED", "true"] });

        foreach (var trace in await run.TracesAsync("save_event"))
        {
            Assert.DoesNotContain(trace.Spans, span => span.Service == Nemotron);
            var call = trace.Only(Backend, "analyze_batch");
            var request = Assert.Single(trace.Spans, span => span.Name == "http_request" && span.Parent == call.Row);
            Assert.DoesNotContain(trace.Spans, span => span.Parent == request.Row);
            Assert.Equal(0, trace.Summary.GetProperty("errors").GetInt32());
            Assert.Equal(0, trace.Summary.GetProperty("orphans").GetInt32());
        }
        Assert.All(run.Events, saved => Assert.False(saved.GetProperty("fallback").GetBoolean()));
        Assert.Equal([Backend, Yolo26], (await run.GetAsync("/api/v1/services")).GetProperty("services").EnumerateArray().Select(service => service.GetProperty("name").GetString()).Order());
    }

    [Fact]
    public async Task FaultThatIsNoneIsRefusedWithTheNamesThatThereAre()
    {
        foreach (var (folder, name) in new[] { ("Yolo26", Yolo26), ("Nemotron", Nemotron) })
        {
            await using var process = PipelineProcess.Start(
                PipelineFiles.Program($"pipeline/{folder}", name), new Dictionary<string, string>(),
                "--urls", "http://127.0.0.1:0", "--Fault", "detector-dwon", "--Model:Path", PipelineFiles.Model);

            Assert.Equal(3, await process.EndAsync());
            Assert.Contains("There is no fault 'detector-dwon'; there are detector-overload, detector-down,", process.Output);
        }
    }

    private static async Task<PipelineRun> Run(PipelineRun run)
    {
        await run.InitializeAsync();
        return run;
    }

    private static async Task<bool> FoundAsync(PipelineRun run, string filter) =>
        (await run.GetAsync($"/api/v1/search?q={Uri.EscapeDataString(filter)}&limit=1")).GetProperty("total").GetProperty("value").GetInt32() > 0;

    /// <summary>A trace in which the caller went away while its image waited for the detector.</summary>
    private static async Task<StoredTrace> AbandonedAsync(PipelineRun run)
    {
        var found = await run.GetAsync($"/api/v1/search?q={Uri.EscapeDataString("queue.given_up=true")}&limit=1");
        return new(await run.GetAsync($"/api/v1/traces/{found.GetProperty("traces")[0].GetProperty("traceId").GetString()}"));
    }

    /// <summary>The first trace whose span of that service and name has the <c>error.type</c>, and that span.</summary>
    private static async Task<(StoredTrace Trace, StoredSpan Span)> FirstAsync(PipelineRun run, string errorType, string service, string name)
    {
        var traces = await run.TracesAsync(name);
        foreach (var trace in traces)
            foreach (var span in trace.Spans.Where(span => span.Service == service && span.Name == name && span.Error))
                if ((await run.AttributesAsync(trace, span)).TryGetValue("error.type", out var type) && type.GetString() == errorType)
                    return (trace, span);
        Assert.Fail($"No {name} of {service} has error.type={errorType} in:\n{string.Join("\n\n", traces)}");
        throw new InvalidOperationException();
    }

    /// <summary>The span has an exception with its stack trace, and it says all that is expected.</summary>
    private static async Task AssertThrown(PipelineRun run, StoredTrace trace, StoredSpan span, params string[] expected)
    {
        var events = (await run.DetailAsync(trace, span)).GetProperty("events").GetRawText();
        Assert.Contains("exception.stacktrace", events);
        Assert.All(expected, text => Assert.Contains(text.Replace("'", "\\u0027", StringComparison.Ordinal), events.Replace("'", "\\u0027", StringComparison.Ordinal)));
    }

    private static async Task<HttpStatusCode> AnalyzeAsync(HttpClient http, Uri analyst, int images)
    {
        using var answer = await http.PostAsJsonAsync(new Uri(analyst, "/analyze"), new
        {
            batchId = "b", cameraId = "c", cameraName = "C", openedAt = DateTimeOffset.UnixEpoch, closedAt = DateTimeOffset.UnixEpoch, closeReason = "full",
            images = Enumerable.Repeat(new { receivedAt = DateTimeOffset.UnixEpoch, detections = new[] { new { @class = "person", confidence = 0.8 } } }, images),
        });
        return answer.StatusCode;
    }
}
