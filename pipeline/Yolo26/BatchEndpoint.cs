using System.Diagnostics;
using System.Text.Json.Serialization;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Yolo26;

/// <summary>What became of one image of a batch: its result, or why there is none.</summary>
internal sealed record BatchItem(
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DetectionResult? Result,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] BatchProblem? Problem);

/// <summary>Why an image of a batch has no result, in the words of a refused single image.</summary>
internal sealed record BatchProblem(string ErrorType, string Detail);

/// <summary>
/// <c>POST /detect/batch</c>: several images as <c>multipart/form-data</c>, one a file part, and an answer for each in their order. They
/// go through the model one after the other, each under a span of its own; one that can't be looked at fails alone. Thread-safe.
/// </summary>
internal sealed class BatchEndpoint(Detector detector, DetectorOptions options, SpanSource spans)
{
    /// <summary>Images that one request may have: a batch that is larger than the line before the model could never be taken.</summary>
    public int Limit => Math.Min(options.BatchLimit, detector.Queue.Limit);

    public void Map(WebApplication app) => app.MapPost("/detect/batch", (Delegate)DetectAll).WithSpanName("detect_batch");

    private async Task<IResult> DetectAll(HttpContext context)
    {
        var span = Activity.Current;
        detector.Describe(span);
        try
        {
            if (!context.Request.HasFormContentType)
                return Refusal.Invalid(StatusCodes.Status415UnsupportedMediaType, "Not a form",
                    "Send the images as multipart/form-data, one a file part.").Answer(context, span, detector, 0);
            var files = (await context.Request.ReadFormAsync(context.RequestAborted)).Files;
            span?.SetTag("detection.batch_size", files.Count);
            if (files.Count == 0 || files.Count > Limit)
                return Refusal.Invalid(StatusCodes.Status400BadRequest, "Not a batch",
                    $"The form has {files.Count} file parts; a batch has 1 to {Limit} images (Model:BatchLimit).").Answer(context, span, detector, files.Count);
            using var places = detector.Queue.TryEnter(files.Count);
            if (places is null) return Refusal.QueueFull(detector, files.Count).Answer(context, span, detector, files.Count);

            var items = new List<BatchItem>();
            foreach (var file in files) items.Add(await Detect(file, context));
            span?.SetTag("detection.count", items.Sum(item => item.Result?.Detections.Count ?? 0));
            return Results.Ok(new { model = detector.Layout.Name, modelVersion = detector.Layout.Version, images = items });
        }
        catch (Exception problem) when (problem is InvalidDataException or (IOException and not BadHttpRequestException))
        {
            return Refusal.Invalid(StatusCodes.Status400BadRequest, "Not a form", $"The form can't be read: {problem.Message}").Answer(context, span, detector, 0);
        }
        catch (Exception problem) when (Refusal.Of(problem, context) is { } refusal)
        {
            return refusal.Answer(context, span, detector, 0);
        }
    }

    private async Task<BatchItem> Detect(IFormFile file, HttpContext context)
    {
        using var span = spans.Start("detect_objects");
        detector.Describe(span);
        try
        {
            using var body = new MemoryStream();
            await file.CopyToAsync(body, context.RequestAborted);
            var result = await detector.DetectAsync(body.ToArray(), context.RequestAborted);
            if (result is null) return Refused(Refusal.NotAnImage(body.Length));
            DetectEndpoint.Describe(span, result);
            detector.Metrics.Answered("ok");
            return new(file.FileName, result, null);
        }
        catch (Exception problem) when (Refusal.Of(problem, context) is { } refusal)
        {
            if (problem is ModelOutputException or ImageTooLargeException) return Refused(refusal);
            // It is the end of the whole request, and this image was not looked at.
            refusal.Mark(span);
            throw;
        }

        BatchItem Refused(Refusal refusal)
        {
            refusal.Mark(span);
            detector.Metrics.Answered(refusal.ErrorType);
            return new(file.FileName, null, new(refusal.ErrorType, refusal.Detail));
        }
    }
}
