using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Serialization;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Detection;

/// <summary>One object that the detector found.</summary>
internal sealed record Detected([property: JsonPropertyName("class")] string Class, float Confidence);

/// <summary>The detector's answer, as far as the backend reads it.</summary>
internal sealed record DetectionAnswer(string Model, string ModelVersion, IReadOnlyList<Detected> Detections)
{
    /// <summary>What is wrong with the answer in words; null when it can be believed.</summary>
    public string? Flaw()
    {
        if (Model.Length == 0) return "it names no model.";
        foreach (var found in Detections)
        {
            if (found is not { Class.Length: > 0 }) return "it has a detection without a class.";
            if (!(found.Confidence is >= 0 and <= 1))
                return $"a detection of '{found.Class}' has the confidence {found.Confidence}, which is not between 0 and 1.";
        }
        return null;
    }
}

/// <summary>Asks hsi-yolo26 what is on an image. Thread-safe.</summary>
internal sealed class DetectorClient(ServiceCaller detector, SpanSource spans, ILogger<DetectorClient> logger)
{
    /// <summary>Whatever goes wrong is on the span when it ends, also that the service had to stop first, and in the log while it is the current one.</summary>
    /// <exception cref="ServiceCallException">The detector could not be asked.</exception>
    /// <exception cref="OperationCanceledException">The service had to stop before the answer was there.</exception>
    public async Task<DetectionAnswer> DetectAsync(ReceivedImage image, CancellationToken cancellation)
    {
        using var span = spans.StartUnder(image.Trace, "detect_objects", ActivityKind.Client);
        image.Describe(span);
        span?.SetTag("peer.service", "hsi-yolo26");
        try
        {
            var answer = await detector.PostAsync<DetectionAnswer>("/detect", Content, cancellation);
            if (answer.Flaw() is { } flaw)
                throw new ServiceCallException("invalid_answer", $"hsi-yolo26's answer can't be: {flaw}", worthAnotherTry: false);
            span?.SetTag("model.name", answer.Model).SetTag("model.version", answer.ModelVersion)
                .SetTag("detection.count", answer.Detections.Count)
                .SetTag("detection.classes", answer.Detections.Select(found => found.Class).Distinct().ToArray());
            return answer;
        }
        catch (ServiceCallException problem)
        {
            span.Fail(problem, problem.ErrorType);
            logger.LogWarning("Image {Image} of {Camera} was not looked at: {Problem}", image.Id, image.Camera.Id, problem.Message);
            throw;
        }
        catch (OperationCanceledException problem)
        {
            span.Fail(problem, "shutdown");
            logger.LogWarning("Image {Image} of {Camera} was given up, since the service had to stop.", image.Id, image.Camera.Id);
            throw;
        }
        catch (Exception problem)
        {
            span.Fail(problem);
            throw;
        }

        HttpContent Content() => new ByteArrayContent(image.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } };
    }
}
