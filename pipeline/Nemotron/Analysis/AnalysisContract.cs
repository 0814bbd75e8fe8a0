using System.Text.Json.Serialization;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>A batch to be judged: what one camera saw between two moments.</summary>
internal sealed record AnalysisRequest(
    string BatchId, string CameraId, string CameraName, DateTimeOffset OpenedAt, DateTimeOffset ClosedAt, string CloseReason,
    IReadOnlyList<AnalysisImage> Images);

/// <summary>One image of the batch with what was detected on it.</summary>
internal sealed record AnalysisImage(DateTimeOffset ReceivedAt, IReadOnlyList<AnalysisObject> Detections);

/// <summary>One detection.</summary>
internal sealed record AnalysisObject([property: JsonPropertyName("class")] string Class, float Confidence);

/// <summary>The verdict on a batch, with the model that gave it and what it cost.</summary>
internal sealed record AnalysisResponse(
    string Model, int RiskScore, string RiskLevel, string Summary, string Reasoning, long? InputTokens, long? OutputTokens);
