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
internal sealed record DetectionAnswer(string Model, string ModelVersion, IReadOnlyList<Detected> Detections);

/// <summary>Asks hsi-yolo26 what is on an image. Thread-safe.</summary>
internal sealed class DetectorClient(ServiceCaller detector, SpanSource spans)
{
    /// <exception cref="ServiceCallException">The detector could not be asked; the span says so.</exception>
    public async Task<DetectionAnswer> DetectAsync(ReceivedImage image, CancellationToken cancellation)
    {
        using var span = spans.StartUnder(image.Trace, "detect_objects", ActivityKind.Client);
        image.Describe(span);
        span?.SetTag("peer.service", "hsi-yolo26");
        try
        {
            var answer = await detector.PostAsync<DetectionAnswer>("/detect", Content, cancellation);
            span?.SetTag("model.name", answer.Model).SetTag("model.version", answer.ModelVersion)
                .SetTag("detection.count", answer.Detections.Count)
                .SetTag("detection.classes", answer.Detections.Select(found => found.Class).Distinct().ToArray());
            return answer;
        }
        catch (ServiceCallException problem)
        {
            span.Fail(problem, problem.ErrorType);
            throw;
        }

        HttpContent Content() => new ByteArrayContent(image.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } };
    }
}
