namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// A saved event as the API tells it. <see cref="TraceId"/> is the trace that holds the analysis; every image has its own. With
/// <see cref="Fallback"/> nobody judged the event, and the summary says why. Immutable.
/// </summary>
internal sealed record SecurityEvent(
    long Id, string BatchId, string CameraId, string CameraName, string StartedAt, string EndedAt, string CloseReason,
    int? RiskScore, string RiskLevel, string Summary, string Reasoning, string Model, bool Fallback, string? FallbackReason,
    string TraceId, IReadOnlyList<EventImage> Images);

/// <summary>An image of an event with the trace in which it went through the pipeline. The id is empty in events of older releases.</summary>
internal sealed record EventImage(string ImageId, string ReceivedAt, string Sha256, string Detections, string TraceId);

/// <summary>Which events are asked for: newest first, those that meet all of what is given, older than the id <see cref="Before"/>.</summary>
internal sealed record EventQuery(int Limit)
{
    public string? Camera { get; init; }

    public string? RiskLevel { get; init; }

    /// <summary>Events of this trace: it holds the analysis, or one of the images went through the pipeline in it.</summary>
    public string? Trace { get; init; }

    public string? Batch { get; init; }

    /// <summary>Events that began at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Events that began before this time.</summary>
    public DateTimeOffset? To { get; init; }

    public long? Before { get; init; }
}

/// <summary>One page of events; <see cref="Next"/> is the <c>before</c> of the next page, null on the last.</summary>
internal sealed record EventPage(IReadOnlyList<SecurityEvent> Events, long? Next);

/// <summary>
/// How many events of each risk level began in each of some steps of equal length; <see cref="From"/> and <see cref="To"/> are the ends of all steps together, null when there is no event and no end was given.
/// <see cref="Cameras"/> are those that have events in that time, whatever camera was asked for.
/// </summary>
internal sealed record EventCounts(
    string? From, string? To, long Total, IReadOnlyDictionary<string, int[]> Levels, IReadOnlyList<CameraCount> Cameras);

/// <summary>A camera and how many events it has.</summary>
internal sealed record CameraCount(string Id, string Name, long Events);
