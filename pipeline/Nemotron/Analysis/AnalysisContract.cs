using System.Text.Json.Serialization;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>A batch to be judged: what one camera saw between two moments.</summary>
internal sealed record AnalysisRequest(
    string BatchId, string CameraId, string CameraName, DateTimeOffset OpenedAt, DateTimeOffset ClosedAt, string CloseReason,
    IReadOnlyList<AnalysisImage> Images)
{
    // Ten times the largest batch of the design; a prompt of more would not fit a small model's context either.
    private const int ImageLimit = 500;

    /// <summary>What is wrong with it, since JSON may leave anything out; null when nothing is.</summary>
    public string? Problem() => this switch
    {
        { BatchId: null or "" } or { CameraId: null or "" } => "A batch has a batchId and a cameraId.",
        { Images: null or { Count: 0 or > ImageLimit } } => $"A batch has 1 to {ImageLimit} images.",
        _ when Images.Any(image => image?.Detections is null || image.Detections.Any(found => found?.Class is null)) =>
            "Each image has a list of detections, and each detection a class.",
        _ => null,
    };
}

/// <summary>One image of the batch with what was detected on it.</summary>
internal sealed record AnalysisImage(DateTimeOffset ReceivedAt, IReadOnlyList<AnalysisObject> Detections);

/// <summary>One detection.</summary>
internal sealed record AnalysisObject([property: JsonPropertyName("class")] string Class, float Confidence);

/// <summary>The verdict on a batch, with the model that gave it and what it cost.</summary>
internal sealed record AnalysisResponse(
    string Model, int RiskScore, string RiskLevel, string Summary, string Reasoning, long? InputTokens, long? OutputTokens);
