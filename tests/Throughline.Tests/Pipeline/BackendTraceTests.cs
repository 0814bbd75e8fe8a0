using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Pipeline;

/// <summary>What the trace of an image is when something is not as usual, told by the server that stored it.</summary>
[Collection(nameof(ScriptedBackend))]
public sealed class BackendTraceTests(ScriptedBackend backend)
{
    private const string Backend = BackendRun.Backend;

    private readonly BackendRun _run = backend.Run;

    [Fact]
    public async Task AnalysisIsInTheTraceOfTheEarliestSampledMember()
    {
        var uploads = new List<Upload>();
        foreach (bool? sampled in new bool?[] { false, true, true }) uploads.Add(await _run.UploadAsync("sampled-some", new ScriptedImage("person"), sampled));
        Assert.All(uploads, upload => Assert.Equal((HttpStatusCode.Accepted, upload.SentTrace), (upload.Status, upload.TraceId)));

        var saved = await _run.EventAsync("sampled-some");
        Assert.Equal(uploads[1].TraceId, saved.GetProperty("traceId").GetString());
        Assert.Equal(uploads.Select(upload => upload.TraceId), saved.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("traceId").GetString()));

        var carrier = await _run.TraceAsync(uploads[1].TraceId, "save_event");
        var caller = carrier.Only(Backend, "analyze_batch");
        var links = (await _run.DetailAsync(carrier, caller)).GetProperty("links").EnumerateArray().ToList();
        Assert.Equal(uploads.Select(upload => upload.TraceId), links.Select(link => link.GetProperty("traceId").GetString()));
        Assert.All(links, link => Assert.Contains(link.GetProperty("attributes").EnumerateArray(), entry => entry.GetProperty("key").GetString() == "pipeline.wait_ms"));
        Assert.Null(carrier.Find(Backend, "await_analysis"));

        var other = await _run.TraceAsync(uploads[2].TraceId, "await_analysis");
        var wait = other.Only(Backend, "await_analysis");
        Assert.Equal("analysis", wait.Wait);
        Assert.Contains(other.Links, link => (link.Row, link.TraceId, link.SpanId) == (wait.Row, carrier.Id, caller.SpanId));
        Assert.Null(other.Find(Backend, "analyze_batch"));
        Assert.Null(other.Find(Backend, "save_event"));
        // All of the batch has been told by now, and nothing of the member that isn't sampled.
        Assert.False(await _run.HasTraceAsync(uploads[0].TraceId));
    }

    [Fact]
    public async Task BatchOfSampledOutMembersIsAnalysedAndLeavesNoTrace()
    {
        var uploads = new List<Upload>();
        for (var i = 0; i < ScriptedBackend.BatchSize; i++) uploads.Add(await _run.UploadAsync("sampled-none", new ScriptedImage("person"), sampled: false));

        var saved = await _run.EventAsync("sampled-none");
        Assert.Equal(uploads[0].TraceId, saved.GetProperty("traceId").GetString());
        Assert.False(saved.GetProperty("fallback").GetBoolean());
        // The decision travelled to both services, in the traces that the sender began.
        var asked = backend.Services.Requests.Where(request => request.About == "sampled-none").Select(request => request.Headers["traceparent"].Split('-'));
        Assert.Equal((uploads[0].TraceId, "00"), Assert.Single(asked.Select(parts => (parts[1], parts[3]))));
        Assert.All(uploads, upload => Assert.Contains(backend.Services.Requests,
            request => request.Path == "/detect" && request.Headers["traceparent"].StartsWith($"00-{upload.TraceId}-") && request.Headers["traceparent"].EndsWith("-00")));
        // A trace that begins now is stored after whatever those might have left.
        var later = await _run.UploadAsync("quiet", new ScriptedImage("nothing"));
        await _run.TraceAsync(later.TraceId, "detect_objects");
        foreach (var upload in uploads) Assert.False(await _run.HasTraceAsync(upload.TraceId));
    }

    [Fact]
    public async Task DetectionThatSucceedsAtTheSecondTryIsNoError()
    {
        var upload = await _run.UploadAsync("retried-detection", new ScriptedImage("busy-then-urgent"));
        var trace = await _run.TraceAsync(upload.TraceId, "save_event");

        var detect = trace.Only(Backend, "detect_objects");
        Assert.False(detect.Error, trace.ToString());
        Assert.False(trace.Only(Backend, "Process Detection").Error);
        var tries = trace.Spans.Where(span => span.Name == "http_request" && span.Parent == detect.Row).OrderBy(span => span.StartNano).ToList();
        Assert.Equal([true, false], tries.Select(one => one.Error));
        for (var attempt = 0; attempt < tries.Count; attempt++)
        {
            var attributes = await _run.AttributesAsync(trace, tries[attempt]);
            Assert.Equal(($"{attempt}", "hsi-yolo26", attempt == 0 ? "503" : "200"), (
                attributes["retry.attempt"].GetString(), attributes["peer.service"].GetString(), attributes["http.response.status_code"].GetString()));
        }
        Assert.Single(trace.Spans, span => span.Name == "batch_detection");
        Assert.Single((await _run.EventAsync("retried-detection")).GetProperty("images").EnumerateArray());
    }

    [Fact]
    public async Task ImageThatIsSentAgainJoinsItsBatchOnce()
    {
        var image = new ScriptedImage("person");
        var first = await _run.UploadAsync("retried-upload", image);
        var again = await _run.UploadAsync("retried-upload", image);
        // The same picture under another id: a camera that forgot the first one.
        var copy = await _run.UploadAsync("retried-upload", image.Bytes, "another-id");
        var others = new[] { await _run.UploadAsync("retried-upload", new ScriptedImage("person")), await _run.UploadAsync("retried-upload", new ScriptedImage("person")) };

        Assert.Equal((HttpStatusCode.Accepted, false), (first.Status, first.Answer.GetProperty("duplicate").GetBoolean()));
        Assert.All([again, copy], duplicate => Assert.Equal(
            (HttpStatusCode.OK, true, image.Id, first.TraceId),
            (duplicate.Status, duplicate.Answer.GetProperty("duplicate").GetBoolean(), duplicate.Text("imageId"), duplicate.TraceId)));
        var saved = await _run.EventAsync("retried-upload");
        Assert.Equal(others.Prepend(first).Select(upload => upload.Text("imageId")),
            saved.GetProperty("images").EnumerateArray().Select(one => one.GetProperty("imageId").GetString()));

        var found = await DuplicatesOf(image.Id);
        Assert.Equal(2, found.Count);
        var original = await _run.TraceAsync(first.TraceId, "Process Detection");
        foreach (var trace in found)
        {
            var root = Assert.Single(trace.Spans, span => span.Parent < 0);
            Assert.Equal(["Process Detection", "receive_image"], trace.Spans.Select(span => span.Name).Order());
            Assert.False(root.Error);
            Assert.Equal("true", (await _run.AttributesAsync(trace, root))["image.duplicate"].ToString(), ignoreCase: true);
            Assert.Equal((root.Row, first.TraceId, original.Only(Backend, "Process Detection").SpanId), trace.Links.Select(link => (link.Row, link.TraceId, link.SpanId)).Single());
        }
    }

    [Fact]
    public async Task IdOfAnotherImageIsRefused()
    {
        await _run.UploadAsync("same-id", new ScriptedImage("nothing").Bytes, "one");
        var second = await _run.UploadAsync("same-id", new ScriptedImage("nothing").Bytes, "one");

        Assert.Equal((HttpStatusCode.Conflict, "image_id_conflict"), (second.Status, second.Text("errorType")));
    }

    [Fact]
    public async Task BaggageTellsCameraAndPriorityToEveryServiceBehindTheBatch()
    {
        var upload = await _run.UploadAsync("baggage", new ScriptedImage("urgent"));
        await _run.EventAsync("baggage");

        var requests = backend.Services.Requests.Where(request => request.Headers["traceparent"].Contains(upload.TraceId)).ToList();
        Assert.Equal(["/detect", "/analyze"], requests.Select(request => request.Path));
        Assert.All(requests, request => Assert.Equal(
            ["camera.id=baggage", "priority=high"], request.Headers["baggage"].Split(',').Select(entry => entry.Trim()).Order()));
    }

    [Theory]
    [InlineData("nothing", null)]
    [InlineData(null, "validation_error")]
    public async Task BaggageOfAnUploadIsNeitherPutOnSpansNorSentOn(string? script, string? errorType)
    {
        var bytes = script is null ? "This is not an image."u8.ToArray() : new ScriptedImage(script).Bytes;
        var upload = await _run.UploadAsync("stranger", bytes, sampled: true, baggage: "camera.id=stolen,priority=high,secret=1");
        var trace = await _run.TraceAsync(upload.SentTrace ?? "", script is null ? "receive_image" : "detect_objects", "Process Detection");

        foreach (var name in new[] { "Process Detection", "receive_image" })
        {
            var attributes = await _run.AttributesAsync(trace, trace.Only(Backend, name));
            Assert.Equal(errorType, attributes.GetValueOrDefault("error.type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null);
            Assert.DoesNotContain(attributes, one => one.Value.ToString() is "stolen" or "high");
        }
        Assert.DoesNotContain(backend.Services.Requests, request => request.Headers.GetValueOrDefault("baggage")?.Contains("secret", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task ImageThatCouldNotBeLookedAtIsANewOneWhenItIsSentAgain()
    {
        var image = new ScriptedImage("html");
        var first = await _run.UploadAsync("forgotten", image);
        await _run.TraceAsync(first.TraceId, "detect_objects");

        Upload? again = null;
        await _run.UntilAsync(async () => (again = await _run.UploadAsync("forgotten", image)).Status == HttpStatusCode.Accepted, () => "It is a duplicate for ever.");
        Assert.NotNull((await _run.TraceAsync(again?.TraceId ?? "", "detect_objects")).Find(Backend, "detect_objects"));
    }

    [Fact]
    public async Task DuplicateIsToldHowFarTheFirstHasComeAlsoWhileItsDetectionIsUnderWay()
    {
        var image = new ScriptedImage("urgent");
        Upload first, during;
        using (backend.Services.Hold())
        {
            first = await _run.UploadAsync("known", image);
            await backend.Services.HeldAsync();
            during = await _run.UploadAsync("known", image);
        }
        var saved = await _run.EventAsync("known");
        Upload? after = null;
        await _run.UntilAsync(async () => (after = await _run.UploadAsync("known", image)).Text("state") == "event_saved", () => $"It is {after?.Answer} for ever.");
        var empty = new ScriptedImage("nothing");
        await _run.UploadAsync("known", empty);
        await _run.UntilAsync(async () => (after = await _run.UploadAsync("known", empty)).Text("state") == "nothing_found", () => $"It is {after?.Answer} for ever.");
        var known = await _run.UploadAsync("known", image);

        Assert.Equal((HttpStatusCode.Accepted, "queued"), (first.Status, first.Text("state")));
        // Nobody knows yet whether it can be looked at: that is what it says, and nothing of an event.
        Assert.Equal((HttpStatusCode.OK, "detecting", first.TraceId, false), (during.Status, during.Text("state"), during.TraceId, during.Answer.TryGetProperty("eventId", out _)));
        Assert.Equal((HttpStatusCode.OK, saved.GetProperty("id").GetInt64()), (known.Status, known.Answer.GetProperty("eventId").GetInt64()));
        foreach (var state in new[] { "detecting", "event_saved" })
            await _run.UntilAsync(
                async () => (await _run.AskServerAsync($"/api/v1/search?limit=1&q={Uri.EscapeDataString($"image.duplicate_of={image.Id} image.duplicate_state={state}")}"))
                    .GetProperty("traces").GetArrayLength() > 0,
                () => $"No span says that its duplicate is {state}.");
    }

    [Fact]
    public async Task WaitInTheBatchSaysHowLongItsWindowsAre()
    {
        var upload = await _run.UploadAsync("quiet", new ScriptedImage("urgent"));
        var trace = await _run.TraceAsync(upload.TraceId, "save_event", "batch_wait");

        var attributes = await _run.AttributesAsync(trace, trace.Only(Backend, "batch_wait"));
        Assert.Equal((ScriptedBackend.WindowSeconds, ScriptedBackend.IdleSeconds, "fast_path"), (
            Number(attributes["batch.window_seconds"]), Number(attributes["batch.idle_seconds"]), attributes["batch.close_reason"].GetString()));
        Assert.StartsWith("closes after ", attributes["wait.detail"].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nan")]
    [InlineData("too-sure")]
    [InlineData("no-class")]
    [InlineData("no-detections")]
    [InlineData("null-detection")]
    [InlineData("html")]
    public async Task AnswerOfTheDetectorThatCannotBeIsNoDetection(string script)
    {
        var upload = await _run.UploadAsync("odd-detector", new ScriptedImage(script));
        var trace = await _run.TraceAsync(upload.TraceId, "detect_objects");

        var detect = trace.Only(Backend, "detect_objects");
        Assert.True(detect.Error);
        Assert.Equal("invalid_answer", (await _run.AttributesAsync(trace, detect))["error.type"].GetString());
        var exception = Assert.Single((await _run.DetailAsync(trace, detect)).GetProperty("events").EnumerateArray());
        Assert.Equal("exception", exception.GetProperty("name").GetString());
        // The image before it in the queue is done when the next one is.
        var next = await _run.UploadAsync("quiet", new ScriptedImage("nothing"));
        await _run.TraceAsync(next.TraceId, "detect_objects");
        Assert.Null((await _run.TraceAsync(upload.TraceId, "detect_objects")).Find(Backend, "batch_detection"));
    }

    [Theory]
    [InlineData("analyst-prose", "invalid_answer")]
    [InlineData("analyst-score", "invalid_answer")]
    [InlineData("analyst-level", "invalid_answer")]
    [InlineData("analyst-hollow", "invalid_answer")]
    public async Task EventNeverClaimsAnAnalysisThatDidNotHappen(string camera, string errorType)
    {
        var upload = await _run.UploadAsync(camera, new ScriptedImage("urgent"));
        var saved = await _run.EventAsync(camera);

        Assert.Equal((true, errorType, "unknown", JsonValueKind.Null, ""), (
            saved.GetProperty("fallback").GetBoolean(), saved.GetProperty("fallbackReason").GetString(), saved.GetProperty("riskLevel").GetString(),
            saved.GetProperty("riskScore").ValueKind, saved.GetProperty("model").GetString()));
        Assert.StartsWith("Not analysed", saved.GetProperty("summary").GetString());
        Assert.Contains("Seen on 1 image: ", saved.GetProperty("summary").GetString());
        var trace = await _run.TraceAsync(upload.TraceId, "save_event");
        var caller = trace.Only(Backend, "analyze_batch");
        Assert.True(caller.Error);
        Assert.Equal(errorType, (await _run.AttributesAsync(trace, caller))["error.type"].GetString());
        var save = await _run.AttributesAsync(trace, trace.Only(Backend, "save_event"));
        Assert.Equal((errorType, "unknown"), (save["event.fallback_reason"].GetString(), save["risk.level"].GetString()));
        Assert.False(save.ContainsKey("risk.score"));
    }

    private async Task<IReadOnlyList<StoredTrace>> DuplicatesOf(string imageId)
    {
        List<StoredTrace> found = [];
        await _run.UntilAsync(async () =>
        {
            var answer = await _run.AskServerAsync($"/api/v1/search?limit=10&q={Uri.EscapeDataString($"image.duplicate_of={imageId}")}");
            found = [];
            foreach (var trace in answer.GetProperty("traces").EnumerateArray()) found.Add(await _run.TraceAsync(trace.GetProperty("traceId").GetString() ?? ""));
            return found.Count >= 2;
        }, () => $"There are {found.Count} duplicates of {imageId}.");
        return found;
    }

    private static double Number(JsonElement value) => double.Parse(value.ToString(), System.Globalization.CultureInfo.InvariantCulture);
}
