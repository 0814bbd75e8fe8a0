using System.Text.Json.Serialization;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>One object found: its class, how sure the model is, and its box in pixels of the image that came in.</summary>
internal sealed record Detected(
    [property: JsonPropertyName("class")] string Class, float Confidence, float Left, float Top, float Right, float Bottom);

/// <summary>The answer to an image: which model looked, at what size, and what it found, surest first.</summary>
internal sealed record DetectionResult(string Model, string ModelVersion, int Width, int Height, IReadOnlyList<Detected> Detections);
