using System.Diagnostics;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Yolo26;

/// <summary><c>POST /detect</c>: an encoded image in, the objects on it out.</summary>
internal static class DetectEndpoint
{
    public static void Map(WebApplication app) => app.MapPost("/detect", Detect).WithSpanName("detect_objects");

    private static async Task<IResult> Detect(HttpRequest request, Detector detector, CancellationToken cancellation)
    {
        var span = Activity.Current;
        detector.Describe(span);
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        var result = await detector.DetectAsync(body.ToArray(), cancellation);
        if (result is null)
        {
            span.Fail("validation_error", "The body is not an image that can be decoded.");
            return Results.Problem(statusCode: StatusCodes.Status400BadRequest, title: "Not an image",
                detail: $"The body of {body.Length} bytes is not an image that can be decoded; send a JPEG or PNG.");
        }
        span?.SetTag("detection.count", result.Detections.Count)
            .SetTag("detection.classes", result.Detections.Select(found => found.Class).Distinct().ToArray());
        if (result.Detections.Count > 0)
            span?.SetTag("detection.confidence.max", Math.Round((double)result.Detections.Max(found => found.Confidence), 4));
        return Results.Ok(result);
    }
}
