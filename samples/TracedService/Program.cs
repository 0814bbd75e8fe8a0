using System.Diagnostics;
using System.Threading.Channels;
using OpenTelemetry;
using Throughline.Telemetry;

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.AddThroughline("my-detector");

using var spans = new SpanSource("my-detector");
var queue = Channel.CreateBounded<QueuedImage>(100);
using var http = new HttpClient();
// Sends what is queued when it goes, as RunAsync has it do.
await using var app = builder.Build();

// The span of the request is there already, and is called what the endpoint is called.
app.MapPost("/detect", async (HttpRequest request) =>
{
    using var pixels = new MemoryStream();
    await request.Body.CopyToAsync(pixels);
    Baggage.SetBaggage("camera.id", "front_door");
    using (var span = spans.Start("inference"))
        span?.SetTag("detection.count", pixels.ToArray().Count(pixel => pixel > 128));
    // The context goes into the queue with the work: what is done later belongs to the same trace.
    return queue.Writer.TryWrite(new(Activity.Current?.Context ?? default, TimeProvider.System.GetUtcNow()))
        ? Results.Accepted() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
}).WithSpanName("detect_objects");

await app.StartAsync();
using (spans.Start("ask_detector"))
    await http.PostAsync($"{app.Urls.First()}/detect", new ByteArrayContent([12, 200, 31, 250]));

var image = await queue.Reader.ReadAsync();
spans.RecordWait(image.Trace, "queue_wait", WaitKind.Queue, image.QueuedAt, TimeProvider.System.GetUtcNow());
using (var span = spans.StartUnder(image.Trace, "save_event"))
{
    try
    {
        throw new InvalidOperationException("The disk is full.");
    }
    catch (InvalidOperationException problem)
    {
        span.Fail(problem);
    }
}
await app.StopAsync();

/// <summary>What waits, and the trace that it waits in.</summary>
internal sealed record QueuedImage(ActivityContext Trace, DateTimeOffset QueuedAt);
