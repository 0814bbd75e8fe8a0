namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// A saved event as the API tells it. <see cref="TraceId"/> is the trace that holds the analysis; every image has its own. With
/// <see cref="Fallback"/> nobody judged the event, and the summary says why.
/// </summary>
internal sealed record SecurityEvent(
    long Id, string BatchId, string CameraId, string CameraName, string StartedAt, string EndedAt, string CloseReason,
    int? RiskScore, string RiskLevel, string Summary, string Reasoning, string Model, bool Fallback, string? FallbackReason,
    string TraceId, IReadOnlyList<EventImage> Images);

/// <summary>An image of an event with the trace in which it went through the pipeline.</summary>
internal sealed record EventImage(string ReceivedAt, string Sha256, string Detections, string TraceId);
