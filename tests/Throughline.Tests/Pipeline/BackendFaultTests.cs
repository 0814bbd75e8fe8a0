namespace Throughline.Tests.Pipeline;

/// <summary>The faults of camera and backend: off by default, each with a real cause, each told by its trace.</summary>
public sealed class BackendFaultTests
{
    private const string Backend = BackendRun.Backend, Yolo26 = "hsi-yolo26";

    [Fact]
    public async Task InvalidImageIsAValidationErrorOfItsUpload()
    {
        await using var services = await ScriptedServices.StartAsync();
        await using var run = await BackendRun.StartAsync("--Detector:Url", services.Url, "--Analyst:Url", services.Url);
        await using var camera = PipelineProcess.Start(PipelineFiles.Program("pipeline/Camera", "hsi-camera"), new Dictionary<string, string>(),
            "--Camera:Backend", run.Address.AbsoluteUri, "--Camera:Frames", PipelineFiles.Frames, "--Camera:Names", "door", "--Camera:BurstSizes", "4",
            "--Camera:Bursts", "1", "--Camera:IntervalSeconds", "0", "--Camera:PauseSeconds", "0", "--Fault", "invalid-image");
        Assert.Equal(0, await camera.EndAsync());

        var found = await SearchAsync(run, "error.type=validation_error", 1);
        var trace = await run.TraceAsync(Assert.Single(found), "Process Detection", "receive_image");
        Assert.Equal(["Process Detection", "receive_image"], trace.Spans.Where(span => span.Error).Select(span => span.Name).Order());
        Assert.Null(trace.Find(Backend, "detect_objects"));
        var receive = await run.DetailAsync(trace, trace.Only(Backend, "receive_image"));
        Assert.Contains("truncated", receive.GetProperty("status").GetProperty("message").GetString());
        var exception = Assert.Single(receive.GetProperty("events").EnumerateArray());
        Assert.Contains(exception.GetProperty("attributes").EnumerateArray(), entry => entry.GetProperty("key").GetString() == "exception.stacktrace");
        // The other three were taken.
        Assert.Equal(3, (await SearchAsync(run, "name=detect_objects", 3)).Count);
    }

    [Fact]
    public async Task SlowDatabaseLetsTheEventWaitForTheWriteLock()
    {
        await using var services = await ScriptedServices.StartAsync();
        await using var run = await BackendRun.StartAsync("--Detector:Url", services.Url, "--Analyst:Url", services.Url, "--Fault", "slow-database",
            "--SlowDatabase:HoldSeconds", "1.5", "--SlowDatabase:PauseSeconds", "0.4");
        // The lock is free a fifth of the time: of events that are saved one after the other, one comes upon it before long.
        StoredTrace? waited = null;
        StoredSpan? wait = null;
        for (var i = 0; i < 20 && wait is null; i++)
        {
            var upload = await run.UploadAsync("door", new ScriptedImage("urgent"));
            var trace = await run.TraceAsync(upload.TraceId, "save_event");
            foreach (var query in trace.Spans.Where(span => span.Name == "db_query" && span.DurationNano > 150e6))
                if ((await run.AttributesAsync(trace, query))["db.operation.name"].GetString() == "BEGIN") (waited, wait) = (trace, query);
        }

        Assert.True(waited is not null && wait is not null, "No event of 20 waited for the lock.");
        var save = waited.Only(Backend, "save_event");
        Assert.False(save.Error);
        var queries = waited.Spans.Where(span => span.Name == "db_query").ToList();
        Assert.All(queries, query => Assert.Equal(save.Row, query.Parent));
        Assert.True(wait.DurationNano <= save.DurationNano, waited.ToString());
    }

    [Fact]
    public async Task LostPropagationMakesTheDetectorsSpansATraceOfTheirOwn()
    {
        await using var services = await ScriptedServices.StartAsync();
        await using var run = await BackendRun.WithoutBackendAsync();
        var detector = await run.ServiceAsync("Yolo26", Yolo26, "--Model:Path", PipelineFiles.Model);
        await run.StartBackendAsync("--Detector:Url", detector, "--Analyst:Url", services.Url, "--Detector:TimeoutSeconds", "60", "--Batch:MaximumSize", "1", "--Fault", "lost-propagation");

        var upload = await run.UploadAsync("door", await File.ReadAllBytesAsync(Path.Combine(PipelineFiles.Frames, "00001.jpg")));
        var trace = await run.TraceAsync(upload.TraceId, "save_event");

        Assert.All(trace.Spans, span => Assert.Equal(Backend, span.Service));
        var call = trace.Only(Backend, "detect_objects");
        var request = Assert.Single(trace.Spans, span => span.Name == "http_request" && span.Parent == call.Row);
        Assert.Equal((StoredSpan.Client, false), (request.Kind, request.Error));
        var attributes = await run.AttributesAsync(trace, request);
        Assert.Equal((Yolo26, "0", "200"), (attributes["peer.service"].GetString(), attributes["retry.attempt"].GetString(), attributes["http.response.status_code"].GetString()));
        // Its first span ends last, and is there last.
        var lost = new StoredTrace(await run.AskServerAsync($"/api/v1/traces/{Assert.Single(await SearchAsync(run, "service=hsi-yolo26 name=detect_objects", 1))}"));
        var root = Assert.Single(lost.Spans, span => span.Parent < 0);
        Assert.Equal((Yolo26, "detect_objects", StoredSpan.Server), (root.Service, root.Name, root.Kind));
        Assert.Equal(0, lost.Summary.GetProperty("orphans").GetInt32());
        Assert.NotEqual(trace.Id, lost.Id);
        // The other hop is as it was: the analyst got the context.
        Assert.Contains(services.Requests, asked => asked.Path == "/analyze" && asked.Headers["traceparent"].Contains(trace.Id));
    }

    [Fact]
    public async Task FaultOfAnotherServiceChangesNothingHere()
    {
        await using var services = await ScriptedServices.StartAsync();
        await using var run = await BackendRun.StartAsync("--Detector:Url", services.Url, "--Analyst:Url", services.Url, "--Fault", "detector-overload");

        var upload = await run.UploadAsync("door", new ScriptedImage("urgent"));

        Assert.DoesNotContain((await run.TraceAsync(upload.TraceId, "save_event")).Spans, span => span.Error);
        Assert.All(services.Requests, request => Assert.Contains(upload.TraceId, request.Headers["traceparent"]));
    }

    private static async Task<IReadOnlyList<string>> SearchAsync(BackendRun run, string filter, int count)
    {
        IReadOnlyList<string> found = [];
        await run.UntilAsync(async () =>
        {
            var answer = await run.AskServerAsync($"/api/v1/search?limit=100&q={Uri.EscapeDataString(filter)}");
            found = [.. answer.GetProperty("traces").EnumerateArray().Select(trace => trace.GetProperty("traceId").GetString() ?? "")];
            return found.Count >= count;
        }, () => $"There are {found.Count} traces with {filter}.");
        return found;
    }
}
