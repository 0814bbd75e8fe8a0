using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>
/// <c>POST /api/cameras/{camera}/images</c>: takes a JPEG, checks it, queues it and answers 202. The request's server span is the root
/// of the image's trace; what comes later is recorded under it after it has ended.
/// </summary>
internal sealed partial class ImageEndpoint(ImagePipeline pipeline, CameraNames names, SpanSource spans, TimeProvider time)
{
    public void Map(WebApplication app) => app.MapPost("/api/cameras/{camera}/images", Receive).WithSpanName("Process Detection");

    private async Task<IResult> Receive(string camera, HttpRequest request, CancellationToken cancellation)
    {
        var root = Activity.Current;
        var (image, refusal) = await ReadImage(camera, request, root, cancellation);
        if (image is null) return Invalid(root, refusal);
        image.Describe(root);
        if (!pipeline.TryTake(image))
        {
            request.HttpContext.Response.Headers.RetryAfter = "1";
            root.Fail("overloaded", "The detection queue or the analysis queue is full.");
            return Results.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "Overloaded",
                detail: "More images are waiting than the pipeline takes on. Send this one again in a second.");
        }
        return Results.Accepted(value: new { sha256 = image.Sha256, traceId = root?.TraceId.ToHexString() });
    }

    private async Task<(ReceivedImage? Image, string Refusal)> ReadImage(
        string camera, HttpRequest request, Activity? root, CancellationToken cancellation)
    {
        using var span = spans.Start("receive_image");
        if (!CameraId().IsMatch(camera))
            return Refused("The camera's id has to be 1 to 64 letters, digits, '-' or '_'.");
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        var bytes = body.ToArray();
        if (!JpegSize.TryRead(bytes, out var size))
            return Refused($"The body of {bytes.Length} bytes is not a JPEG image.");
        var image = new ReceivedImage(
            new(camera, names.Of(camera)), bytes, size, Convert.ToHexStringLower(SHA256.HashData(bytes)), time.GetUtcNow(), root?.Context ?? default);
        image.Describe(span);
        return (image, "");

        (ReceivedImage?, string) Refused(string why)
        {
            span.Fail("validation_error", why);
            return (null, why);
        }
    }

    private static IResult Invalid(Activity? root, string why)
    {
        root.Fail("validation_error", why);
        return Results.Problem(statusCode: StatusCodes.Status400BadRequest, title: "Invalid image", detail: why);
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$")]
    private static partial Regex CameraId();
}

/// <summary>The cameras' names, from the configuration's section <c>Cameras</c> (id: name); a camera without one goes by its id.</summary>
internal sealed class CameraNames(IConfiguration configuration)
{
    public string Of(string camera) => configuration[$"Cameras:{camera}"] is { Length: > 0 } name ? name : camera;
}
