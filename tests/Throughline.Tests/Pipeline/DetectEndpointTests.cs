using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using SkiaSharp;
using Throughline.Pipeline.Yolo26;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

/// <summary>The detector's API over real HTTP, with tiny models, whose spans are recorded.</summary>
public sealed class DetectEndpointTests : IAsyncDisposable
{
    private static readonly byte[] s_white = JpegSizeTests.Jpeg(64, 64, SKColors.White), s_black = JpegSizeTests.Jpeg(64, 64, SKColors.Black);

    private readonly string _name = "test-detect-" + Guid.NewGuid().ToString("n");
    private readonly string _model = "tiny-" + Guid.NewGuid().ToString("n");
    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-detect-").FullName;
    private readonly SpanSource _spans;
    private readonly SpanRecorder _recorder;
    private readonly HttpClient _http = new();
    private readonly List<IAsyncDisposable> _apps = [];
    private Detector? _detector;

    public DetectEndpointTests() => (_spans, _recorder) = (new(_name), new(_name, "Microsoft.AspNetCore"));

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps) await app.DisposeAsync();
        _http.Dispose();
        _detector?.Dispose();
        _recorder.Dispose();
        _spans.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task OneBadImageOfABatchFailsAlone()
    {
        await Serve(TinyModels.BreaksUnlessWhite(float.NaN));

        using var answer = await Batch(s_white, s_black, "no image"u8.ToArray(), s_white);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var images = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("images").EnumerateArray().ToList();
        Assert.Equal(["0.jpg", "1.jpg", "2.jpg", "3.jpg"], images.Select(image => image.GetProperty("name").GetString()));
        Assert.Equal(["ok", "invalid_model_output", "validation_error", "ok"], images.Select(image =>
            image.TryGetProperty("problem", out var problem) ? problem.GetProperty("errorType").GetString() : "ok"));
        Assert.Equal("bicycle", images[3].GetProperty("result").GetProperty("detections")[0].GetProperty("class").GetString());

        var each = _recorder.Ended.Where(span => span.DisplayName == "detect_objects").ToList();
        Assert.Equal([null, "invalid_model_output", "validation_error", null], each.Select(span => span.GetTagItem("error.type")));
        var request = await _recorder.WaitForAsync(span => span.SpanId == each[0].ParentSpanId);
        Assert.Equal(4, request.GetTagItem("detection.batch_size"));
        Assert.Equal(4, _recorder.Ended.Count(span => span.DisplayName == "preprocess" && each.Any(image => image.SpanId == span.ParentSpanId)));
    }

    [Fact]
    public async Task BatchThatCanNeverBeTakenIsRefusedWithItsLimit()
    {
        await Serve(TinyModels.Yolo26(), new() { Queue = 1, Parallel = 1, BatchLimit = 16 });

        using var answer = await Batch(s_white, s_white, s_white);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("1 to 2 images", await Detail(answer));
    }

    [Theory]
    [InlineData("application/json", "{}", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("multipart/form-data; boundary=x", "--y", HttpStatusCode.BadRequest)]
    [InlineData("multipart/form-data; boundary=x", "--x--\r\n", HttpStatusCode.BadRequest)]
    public async Task BatchThatIsNoneIsRefusedWithTheReason(string type, string body, HttpStatusCode status)
    {
        await Serve(TinyModels.Yolo26());
        using var content = new StringContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        using var answer = await _http.PostAsync("/detect/batch", content);

        Assert.Equal(status, answer.StatusCode);
        Assert.NotEmpty(await Detail(answer));
    }

    [Fact]
    public async Task FullQueueIsSaidAtOnceWithTheTimeToTryAgain()
    {
        await Serve(TinyModels.Yolo26(), new() { Queue = 1, Parallel = 1 });
        using (_detector!.Queue.TryEnter(2))
        {
            using var refused = await _http.PostAsync("/detect", new ByteArrayContent(s_white));

            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
            Assert.Contains("of 2 places", await Detail(refused));
            var span = await Server("queue_full");
            Assert.Equal(ActivityStatusCode.Error, span.Status);
        }
        using var taken = await _http.PostAsync("/detect", new ByteArrayContent(s_white));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task ImageThatIsNoneIsTheCallersError()
    {
        await Serve(TinyModels.Yolo26());

        using var answer = await _http.PostAsync("/detect", new ByteArrayContent(s_white[..(s_white.Length / 2)]));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("decoded whole", await Detail(answer));
        Assert.Contains("decoded whole", (await Server("validation_error")).StatusDescription);
    }

    [Fact]
    public async Task TooLargeABodyIsRefusedWithTheLimitOnTheSpan()
    {
        await Serve(TinyModels.Yolo26());

        // Otherwise the answer could be lost while the rest of the body is still being sent.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/detect") { Content = new ByteArrayContent(new byte[DetectEndpoint.MaximumBodyBytes + 1]) };
        request.Headers.ExpectContinue = true;

        using var answer = await _http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("16777216 bytes", await Detail(answer));
        await Server("validation_error");
    }

    [Fact]
    public async Task ImageOfMorePixelsThanMayBeIsRefusedWithTheLimitOnTheSpans()
    {
        await Serve(TinyModels.Yolo26(), new() { MaximumPixels = 64 * 64 - 1 });
        var small = JpegSizeTests.Jpeg(63, 64, SKColors.White);

        using (var answer = await _http.PostAsync("/detect", new ByteArrayContent(s_white)))
        {
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
            Assert.Equal("The image has 64 x 64 pixels; at most 4095 are decoded (Model:MaximumPixels). Send a smaller one.", await Detail(answer));
        }
        Assert.Contains("Model:MaximumPixels", (await Server("validation_error")).StatusDescription);
        Assert.Contains("64 x 64", _recorder.Only("preprocess").StatusDescription);

        using var batch = await Batch(small, s_white);
        var images = (await batch.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("images").EnumerateArray().ToList();
        Assert.True(images[0].TryGetProperty("result", out _));
        Assert.Equal("validation_error", images[1].GetProperty("problem").GetProperty("errorType").GetString());
    }

    [Fact]
    public async Task BrokenModelIsTheServicesErrorWithTheExceptionOnTheSpan()
    {
        await Serve(TinyModels.BreaksUnlessWhite(float.NegativeInfinity));

        using var answer = await _http.PostAsync("/detect", new ByteArrayContent(s_black));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("NaN or infinite", await Detail(answer));
        Assert.Contains((await Server("invalid_model_output")).Events, happened => happened.Name == "exception");
    }

    [Fact]
    public async Task CallerThatGoesAwayWhileItsImageWaitsIsToldOnTheSpans()
    {
        await Serve(TinyModels.Yolo26());
        using var turn = await _detector!.Queue.TurnAsync(CancellationToken.None);
        using var patience = new CancellationTokenSource();
        var call = _http.PostAsync("/detect", new ByteArrayContent(s_white), patience.Token);
        await Patience.UntilAsync(() => _detector.Queue.Depth > 0, () => "The image does not wait");
        // A wait of less than 1 ms is no span.
        var waits = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(waits) < TimeSpan.FromMilliseconds(5)) await Task.Yield();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        await _recorder.WaitForAsync(span => span.GetTagItem("error.type") is "client_closed_request" && Equals(span.GetTagItem("model.name"), _model));
        Assert.Equal(true, _recorder.Only("queue_wait").GetTagItem("queue.given_up"));
        // It took no more memory than its bytes: an image is decoded in its turn only.
        Assert.DoesNotContain(_recorder.Ended, span => span.DisplayName == "preprocess" && span.Source.Name == _name);
        Assert.Equal(0, _detector.Queue.Depth);
    }

    [Fact]
    public async Task ModelIsDescribedWithItsClassesAndTheLimits()
    {
        await Serve(TinyModels.Yolo26(("names", TinyModels.Names), ("version", "8.4.1")));

        var model = await _http.GetFromJsonAsync<JsonElement>("/model");

        Assert.Equal((_model, "8.4.1", "cpu"), (model.GetProperty("name").GetString(), model.GetProperty("version").GetString(), model.GetProperty("device").GetString()));
        Assert.Equal(["person", "bicycle", "car"], model.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(16, model.GetProperty("limits").GetProperty("batch").GetInt32());
        Assert.Equal(64, model.GetProperty("input").GetProperty("width").GetInt32());
    }

    [Fact]
    public async Task ImagesAreCountedByOutcomeAndInferencesMeasured()
    {
        var (outcomes, durations) = (new List<string?>(), new List<double>());
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == _name) self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => outcomes.AddRange(Enumerable.Repeat(tags[0].Value as string, (int)value)));
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => durations.Add(value));
        var depths = new List<int>();
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => depths.Add(value));
        listener.Start();
        await Serve(TinyModels.BreaksUnlessWhite(float.NaN));

        foreach (var image in new[] { s_white, s_black, [1, 2, 3] })
            using (await _http.PostAsync("/detect", new ByteArrayContent(image))) { }
        listener.RecordObservableInstruments();

        Assert.Equal(["ok", "invalid_model_output", "validation_error"], outcomes);
        Assert.Equal(2, durations.Count);
        Assert.All(durations, seconds => Assert.True(seconds > 0));
        Assert.Equal([0], depths);
    }

    private async Task Serve(byte[] model, DetectorOptions? options = null)
    {
        options ??= new();
        options.Path = Path.Combine(_folder, _model + ".onnx");
        await File.WriteAllBytesAsync(options.Path, model);
        _detector = new(options, _spans, TimeProvider.System, _name);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(server => server.Limits.MaxRequestBodySize = DetectEndpoint.MaximumBodyBytes);
        var app = builder.Build();
        var batches = new BatchEndpoint(_detector, options, _spans);
        new DetectEndpoint(_detector).Map(app);
        batches.Map(app);
        ModelEndpoint.Map(app, _detector, options, batches);
        _apps.Add(app);
        await app.StartAsync();
        _http.BaseAddress = new(app.Urls.First());
    }

    private async Task<HttpResponseMessage> Batch(params byte[][] images)
    {
        using var form = new MultipartFormDataContent();
        for (var i = 0; i < images.Length; i++) form.Add(new ByteArrayContent(images[i]), "image", $"{i}.jpg");
        return await _http.PostAsync("/detect/batch", form);
    }

    /// <summary>The span of the request, which ends a little after its answer has come. Other tests' servers record into the same source.</summary>
    private Task<Activity> Server(string errorType) => _recorder.WaitForAsync(
        span => span.Kind == ActivityKind.Server && Equals(span.GetTagItem("error.type"), errorType) && Equals(span.GetTagItem("model.name"), _model));

    private static async Task<string> Detail(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString() ?? "";
}
