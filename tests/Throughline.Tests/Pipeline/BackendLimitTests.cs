using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Throughline.Tests.Pipeline;

/// <summary>What a backend keeps, how many may watch, and when it leaves another service alone. Each test has a backend with limits of its own.</summary>
public sealed class BackendLimitTests
{
    private const string Backend = BackendRun.Backend;

    [Fact]
    public async Task OldEventsAndImagesGo()
    {
        await using var services = await ScriptedServices.StartAsync();
        await using var run = await BackendRun.StartAsync("--Detector:Url", services.Url, "--Analyst:Url", services.Url,
            "--Events:MaximumCount", "2", "--Events:PruneIntervalSeconds", "0.1", "--Events:ImageCount", "1");
        var images = new List<ScriptedImage>();
        for (var i = 0; i < 4; i++)
        {
            images.Add(new("urgent"));
            await run.UploadAsync("door", images[i]);
            // Until it is saved, whatever has been pruned by then.
            await run.UntilAsync(async () => (await EventsAsync(run)).Any(saved => ImageId(saved) == images[i].Id), () => $"Event {i} was not saved.");
        }

        await run.UntilAsync(async () => (await EventsAsync(run)).Count == 2, () => "The oldest events were not pruned.");
        var left = await EventsAsync(run);
        Assert.Equal([images[3].Id, images[2].Id], left.Select(ImageId));
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.NotFound], [await ImageStatusAsync(left[0]), await ImageStatusAsync(left[1])]);

        async Task<HttpStatusCode> ImageStatusAsync(JsonElement saved)
        {
            using var response = await run.Http.GetAsync(new Uri(run.Address, $"/api/events/{saved.GetProperty("id")}/images/{ImageId(saved)}"));
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task WatchersAboveTheLimitAreRefused()
    {
        await using var run = await BackendRun.StartAsync("--Events:MaximumStreams", "1");
        using var first = await run.Http.GetAsync(new Uri(run.Address, "/api/events/stream"), HttpCompletionOption.ResponseHeadersRead);
        using var second = await run.Http.GetAsync(new Uri(run.Address, "/api/events/stream"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (first.StatusCode, second.StatusCode));
        Assert.NotNull(second.Headers.RetryAfter);
        // Who watches does not keep the service from ending.
        Assert.Equal(0, await run.StopLastAsync());
    }

    [Fact]
    public async Task DetectorThatCannotBeReachedIsLeftAlone()
    {
        // Port 1 of this machine: reserved, and nothing listens there.
        await using var run = await BackendRun.StartAsync("--Detector:Url", "http://127.0.0.1:1", "--Detector:PauseSeconds", "0", "--Detector:Attempts", "2",
            "--Detector:BreakerMinimumTries", "4", "--Detector:BreakerOpenSeconds", "600", "--Pipeline:Detections", "1");
        var uploads = new List<Upload>();
        for (var i = 0; i < 3; i++) uploads.Add(await run.UploadAsync("door", new ScriptedImage("person")));

        var last = await run.TraceAsync(uploads[2].TraceId, "detect_objects");
        var first = await run.TraceAsync(uploads[0].TraceId, "detect_objects");

        Assert.Equal(2, first.Spans.Count(span => span.Name == "http_request" && span.Error));
        Assert.Equal("connection_refused", (await run.AttributesAsync(first, first.Only(Backend, "detect_objects")))["error.type"].GetString());
        foreach (var one in first.Spans.Where(span => span.Name == "http_request"))
        {
            Assert.Equal("connection_refused", (await run.AttributesAsync(first, one))["error.type"].GetString());
            await AssertThrownOnce(run, first, one, "System.Net.Http.HttpRequestException");
        }
        // Nothing was tried any more, and the span says why.
        Assert.Null(last.Find(Backend, "http_request"));
        var kept = await run.AttributesAsync(last, last.Only(Backend, "detect_objects"));
        Assert.Equal(("circuit_open", "open"), (kept["error.type"].GetString(), kept["circuit_breaker.state"].GetString()));
        Assert.Single((await run.DetailAsync(last, last.Only(Backend, "detect_objects"))).GetProperty("events").EnumerateArray());
    }

    [Fact]
    public async Task PauseBetweenTwoTriesIsAWaitAndNoWork()
    {
        await using var run = await BackendRun.StartAsync("--Detector:Url", "http://127.0.0.1:1", "--Detector:PauseSeconds", "0.05", "--Detector:Attempts", "3",
            "--OTEL_LOGS_EXPORTER", "otlp");

        var upload = await run.UploadAsync("door", new ScriptedImage("person"));
        var trace = await run.TraceAsync(upload.TraceId, "detect_objects");

        var call = trace.Only(Backend, "detect_objects");
        var below = trace.Spans.Where(span => span.Parent == call.Row).ToList();
        Assert.Equal(["http_request", "retry_backoff", "http_request", "retry_backoff", "http_request"], below.OrderBy(span => span.StartNano).Select(span => span.Name));
        Assert.All(below.Where(span => span.Name == "retry_backoff"), pause => Assert.Equal(("retry_backoff", false), (pause.Wait, pause.Error)));
        // What is no try is a pause.
        Assert.True(trace.Summary.GetProperty("waitingNano").GetString() is { } waiting && long.Parse(waiting, CultureInfo.InvariantCulture) >= below.Where(span => span.Wait is not null).Sum(span => span.DurationNano));
        // What the log says of it leads to the call, and the other way round.
        var found = "";
        await run.UntilAsync(async () => (found = (await run.AskServerAsync($"/api/v1/logs?trace={trace.Id}&span={call.SpanId}")).GetRawText()).Contains("was not looked at", StringComparison.Ordinal), () => found);
    }

    [Fact]
    public async Task CallThatIsNotAnsweredInTimeIsATimeoutOnAllOfItsSpans()
    {
        await using var services = await ScriptedServices.StartAsync();
        await using var run = await BackendRun.StartAsync("--Detector:Url", services.Url, "--Detector:TimeoutSeconds", "0.2", "--Detector:Attempts", "1");
        using var gate = services.Hold();

        var upload = await run.UploadAsync("door", new ScriptedImage("nothing"));
        var trace = await run.TraceAsync(upload.TraceId, "detect_objects", "http_request");

        foreach (var name in new[] { "detect_objects", "http_request" })
        {
            Assert.True(trace.Only(Backend, name).Error);
            Assert.Equal("timeout", (await run.AttributesAsync(trace, trace.Only(Backend, name)))["error.type"].GetString());
        }
        await AssertThrownOnce(run, trace, trace.Only(Backend, "http_request"), "System.Threading.Tasks.TaskCanceledException");
    }

    [Fact]
    public async Task ImagesAboveTheQueueAreRefusedAndMayComeAgain()
    {
        await using var services = await ScriptedServices.StartAsync();
        await using var run = await BackendRun.StartAsync("--Detector:Url", services.Url, "--Analyst:Url", services.Url,
            "--Pipeline:DetectionQueue", "1", "--Pipeline:Detections", "1");
        using var gate = services.Hold();
        await run.UploadAsync("door", new ScriptedImage("urgent"));
        await services.HeldAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await run.UploadAsync("door", new ScriptedImage("nothing"))).Status);
        var late = new ScriptedImage("urgent");

        var refused = await run.UploadAsync("door", late, sampled: true);
        gate.Dispose();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "overloaded"), (refused.Status, refused.Text("errorType")));
        var root = (await run.TraceAsync(refused.SentTrace ?? "", "Process Detection")).Only(Backend, "Process Detection");
        Assert.True(root.Error);
        // It was not taken, so that its second sending is no duplicate.
        await run.UntilAsync(async () => (await run.UploadAsync("door", late)).Status == HttpStatusCode.Accepted, () => "It is never taken.");
        await run.EventsAsync("door", 2);
    }

    [Fact]
    public async Task UploadsAboveTheLimitAreRefusedWhileOthersAreBeingRead()
    {
        await using var run = await BackendRun.StartAsync("--Upload:MaximumConcurrent", "1");
        using (var slow = new TcpClient())
        {
            await slow.ConnectAsync(run.Address.Host, run.Address.Port);
            await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /api/cameras/door/images HTTP/1.1\r\nHost: {run.Address.Authority}\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"));
            // Which is answered when the body is going to be read.
            var answer = new byte[25];
            await slow.GetStream().ReadExactlyAsync(answer);
            Assert.StartsWith("HTTP/1.1 100 ", Encoding.ASCII.GetString(answer), StringComparison.Ordinal);
            var refused = await run.UploadAsync("door", new ScriptedImage("nothing"), sampled: true);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
            Assert.Equal(("overloaded", "1"), (refused.Text("errorType"), refused.RetryAfter));
            Assert.Contains("Upload:MaximumConcurrent", refused.Text("detail"));
            Assert.True((await run.TraceAsync(refused.SentTrace ?? "", "Process Detection")).Only(Backend, "receive_image").Error);
        }
        await run.UntilAsync(async () => (await run.UploadAsync("door", new ScriptedImage("nothing"))).Status == HttpStatusCode.Accepted, () => "The place is never free again.");
    }

    [Theory]
    [InlineData("--Batch:WindowSeconds", "-1", "WindowSeconds")]
    [InlineData("--Batch:WindowSeconds", "abc", "Batch:WindowSeconds")]
    [InlineData("--Detector:Url", "nonsense", "Url is 'nonsense'; it has to be an address like http://")]
    [InlineData("--Analyst:Url", "ftp://127.0.0.1", "Url is 'ftp://127.0.0.1'")]
    [InlineData("--urls", "nonsense", "hsi-backend: Invalid url: 'nonsense'")]
    [InlineData("--Cameras:door:Priority", "urgent", "Cameras:door:Priority")]
    [InlineData("--Cameras:front door", "Front", "Cameras:front door is no camera's id")]
    [InlineData("--Upload:MaximumBytes", "1", "MaximumBytes")]
    [InlineData("--Events:Database", "/nowhere/at/all/events.db", "/nowhere/at/all/events.db (Events:Database)")]
    public async Task OptionThatCannotBeEndsTheServiceWithAMessage(string option, string value, string words)
    {
        await using var process = PipelineProcess.Start(PipelineFiles.Program("pipeline/Backend", Backend), new Dictionary<string, string>(), "--urls", "http://127.0.0.1:0", option, value);

        Assert.Equal(3, await process.EndAsync());
        Assert.Contains(words, process.Output);
        Assert.DoesNotContain("Unhandled exception", process.Output);
    }

    /// <summary>The span tells the exception, with its stack trace, and tells it once.</summary>
    private static async Task AssertThrownOnce(BackendRun run, StoredTrace trace, StoredSpan span, string type)
    {
        var thrown = Assert.Single((await run.DetailAsync(trace, span)).GetProperty("events").EnumerateArray());
        var told = thrown.GetProperty("attributes").EnumerateArray().ToDictionary(entry => entry.GetProperty("key").GetString() ?? "", entry => entry.GetProperty("value").GetString());
        Assert.Equal(("exception", type), (thrown.GetProperty("name").GetString(), told["exception.type"]));
        Assert.NotEmpty(told["exception.stacktrace"] ?? "");
    }

    private static async Task<IReadOnlyList<JsonElement>> EventsAsync(BackendRun run) =>
        [.. (await run.Http.GetFromJsonAsync<JsonElement>(new Uri(run.Address, "/api/events"))).GetProperty("events").EnumerateArray()];

    private static string? ImageId(JsonElement saved) => Assert.Single(saved.GetProperty("images").EnumerateArray()).GetProperty("imageId").GetString();
}
