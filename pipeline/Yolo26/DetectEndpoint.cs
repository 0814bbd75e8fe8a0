using System.Diagnostics;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Yolo26;

/// <summary><c>POST /detect</c>: an encoded image in, the objects on it out. Thread-safe.</summary>
internal sealed class DetectEndpoint(Detector detector)
{
    /// <summary>The largest body of a request: an image of the largest cameras, or a batch of usual ones.</summary>
    public const long MaximumBodyBytes = 16 * 1024 * 1024;

    public void Map(WebApplication app) => app.MapPost("/detect", (Delegate)Detect).WithSpanName("detect_objects");

    private async Task<IResult> Detect(HttpContext context)
    {
        var span = Activity.Current;
        detector.Describe(span);
        using var place = detector.Queue.TryEnter();
        if (place is null) return Refusal.QueueFull(detector, 1).Answer(context, span, detector);
        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var result = await detector.DetectAsync(body.ToArray(), context.RequestAborted);
            if (result is null) return Refusal.NotAnImage(body.Length).Answer(context, span, detector);
            Describe(span, result);
            detector.Metrics.Answered("ok");
            context.RequestServices.GetRequiredService<ILogger<DetectEndpoint>>().LogInformation("{Count} objects found on an image of {Bytes} bytes.", result.Detections.Count, body.Length);
            return Results.Ok(result);
        }
        catch (Exception problem) when (Refusal.Of(problem, context) is { } refusal)
        {
            return refusal.Answer(context, span, detector);
        }
    }

    /// <summary>Says on a span what was found.</summary>
    public static void Describe(Activity? span, DetectionResult result)
    {
        span?.SetTag("detection.count", result.Detections.Count)
            .SetTag("detection.classes", result.Detections.Select(found => found.Class).Distinct().ToArray());
        if (result.Detections.Count > 0)
            span?.SetTag("detection.confidence.max", Math.Round((double)result.Detections.Max(found => found.Confidence), 4));
    }
}
