using System.Diagnostics;
using System.Text.Json.Serialization;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>
/// <c>POST /api/cameras/{camera}/images</c>: takes a JPEG, checks it, queues it and answers 202; an image that is known already is
/// answered with 200 and with how far it has come. The request's server span is the root of the image's trace; what comes later is recorded under it after it
/// has ended. Thread-safe.
/// </summary>
internal sealed class ImageEndpoint(
    ImagePipeline pipeline, UploadReader reader, UploadRoom room, RecentImages recent, PipelineMetrics metrics, SpanSource spans,
    ILogger<ImageEndpoint> logger)
{
    public void Map(WebApplication app) => app.MapPost("/api/cameras/{camera}/images", Receive).WithSpanName("Process Detection");

    private async Task<IResult> Receive(string camera, HttpRequest request, CancellationToken cancellation)
    {
        var root = Activity.Current;
        root?.SetTag("camera.id", camera);
        try
        {
            var image = await ReadAsync(camera, request, root, cancellation);
            return Admit(image, root);
        }
        catch (UploadRefusedException refusal)
        {
            metrics.CountUpload(refusal.ErrorType);
            root.Fail(refusal.ErrorType, refusal.Message);
            logger.LogWarning("An image of {Camera} is refused ({Error}): {Problem}", camera, refusal.ErrorType, refusal.Message);
            if (refusal.Status == StatusCodes.Status503ServiceUnavailable) request.HttpContext.Response.Headers.RetryAfter = "1";
            return Results.Problem(statusCode: refusal.Status, title: refusal.Title, detail: refusal.Message,
                extensions: new Dictionary<string, object?> { ["errorType"] = refusal.ErrorType });
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            metrics.CountUpload("client_disconnected");
            // Nobody is left to read an answer; the status is for the span and the log.
            root.Fail("client_disconnected", "The sender went away before its image was whole.");
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private async Task<ReceivedImage> ReadAsync(string camera, HttpRequest request, Activity? root, CancellationToken cancellation)
    {
        using var span = spans.Start("receive_image");
        try
        {
            using var place = room.Enter();
            var image = await reader.ReadAsync(camera, request, place, root?.Context ?? default, cancellation);
            image.Describe(span);
            image.Describe(root);
            return image;
        }
        catch (UploadRefusedException refusal)
        {
            span.Fail(refusal, refusal.ErrorType);
            throw;
        }
        catch (OperationCanceledException gone)
        {
            span.Fail(gone, "client_disconnected");
            throw;
        }
    }

    private IResult Admit(ReceivedImage image, Activity? root)
    {
        var (admission, first) = recent.Admit(image, pipeline.TryTake);
        switch (admission)
        {
            case Admission.Taken:
                metrics.CountUpload("accepted");
                return Results.Accepted(value: Receipt.Of(image, duplicate: false, ImageStates.Queued, eventId: null));
            case Admission.Duplicate when first is not null:
                metrics.CountUpload("duplicate");
                root?.SetTag("image.duplicate", true).SetTag("image.duplicate_of", first.Image.Id).SetTag("image.duplicate_state", first.State)
                    .AddLink(new(first.Image.Trace));
                return Results.Ok(Receipt.Of(first.Image, duplicate: true, first.State, first.EventId));
            case Admission.IdTaken:
                throw new UploadRefusedException(StatusCodes.Status409Conflict, "image_id_conflict", "Image id in use",
                    $"The id '{image.Id}' belongs to another image of this camera. Give each image its own, and keep it when sending it again.");
            default:
                throw UploadRefusedException.Overloaded("More images are waiting than the pipeline takes on. Send this one again in a second.");
        }
    }

    /// <summary>
    /// The answer to an image that was taken, with how far it has come (<see cref="ImageStates"/>) and its event, if there is one. For a duplicate all of
    /// it is the first one's.
    /// </summary>
    private sealed record Receipt(
        string ImageId, string Sha256, string TraceId, bool Duplicate, string State,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? EventId)
    {
        public static Receipt Of(ReceivedImage image, bool duplicate, string state, long? eventId) =>
            new(image.Id, image.Sha256, image.Trace.TraceId.ToHexString(), duplicate, state, eventId);
    }
}
