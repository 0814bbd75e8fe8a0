using System.Diagnostics;
using System.Globalization;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Yolo26;

/// <summary>
/// Why an image, or a whole request, got no detections: said alike to the caller (problem details with <c>errorType</c>), on the span
/// and in the metrics. Immutable.
/// </summary>
internal sealed record Refusal(int Status, string ErrorType, string Title, string Detail, Exception? Cause = null)
{
    public static Refusal QueueFull(Detector detector, int images) => new(
        StatusCodes.Status503ServiceUnavailable, "queue_full", "The detector is busy", string.Create(CultureInfo.InvariantCulture,
            $"There is no place for {images} more {(images == 1 ? "image" : "images")}: of {detector.Queue.Limit} places (Model:Parallel and Model:Queue) too few "
            + $"are free. Try again in {WorkQueue.RetryAfterSeconds} s."));

    public static Refusal NotAnImage(long bytes) => Invalid(
        StatusCodes.Status400BadRequest, "Not an image", $"These {bytes} bytes are not an image that can be decoded whole; send a JPEG or PNG.");

    public static Refusal Invalid(int status, string title, string detail) => new(status, "validation_error", title, detail);

    /// <summary>What an exception means to the caller; null when it is none that was to be expected.</summary>
    public static Refusal? Of(Exception problem, HttpContext context) => problem switch
    {
        ModelOutputException => new(
            StatusCodes.Status500InternalServerError, ModelOutputException.ErrorType, "The model's output can't be used", problem.Message, problem),
        ImageTooLargeException => Invalid(StatusCodes.Status413PayloadTooLarge, "Too large", problem.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Invalid(
            StatusCodes.Status413PayloadTooLarge, "Too large", string.Create(CultureInfo.InvariantCulture,
                $"The body is larger than {DetectEndpoint.MaximumBodyBytes} bytes. Send a smaller image, or fewer.")),
        BadHttpRequestException bad => Invalid(bad.StatusCode, "Not a request", bad.Message),
        OperationCanceledException or IOException when context.RequestAborted.IsCancellationRequested => new(
            StatusCodes.Status499ClientClosedRequest, "client_closed_request", "The caller went away", "The caller went away before there was an answer.", problem),
        _ => null,
    };

    public IResult Answer(HttpContext context, Activity? span, Detector detector, int images = 1)
    {
        Mark(span);
        detector.Metrics.Answered(ErrorType, images);
        context.RequestServices.GetRequiredService<ILogger<DetectEndpoint>>().LogWarning("A request is refused ({Error}): {Problem}", ErrorType, Detail);
        if (Status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = WorkQueue.RetryAfterSeconds;
        return Results.Problem(statusCode: Status, title: Title, detail: Detail, extensions: new Dictionary<string, object?> { ["errorType"] = ErrorType });
    }

    /// <summary>Marks the span as failed, with the exception where there was one.</summary>
    public void Mark(Activity? span)
    {
        if (Cause is not null) span.Fail(Cause, ErrorType);
        else span.Fail(ErrorType, Detail);
    }
}
