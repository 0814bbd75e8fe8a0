using Throughline.Engine.Model;

namespace Throughline.Engine.Query;

/// <summary>Who worked, who waited and where nothing was seen in a trace, from its start to its end. Immutable.</summary>
/// <param name="Spans">Its spans, duplicates collapsed; where <see cref="Segments"/> is null, at most so many.</param>
/// <param name="Segments">One after the other without a gap, at most <see cref="MaxSegments"/>; empty for a trace that takes no time, null for one of more spans than were asked for.</param>
public sealed record TraceShape(TraceId TraceId, long Spans, IReadOnlyList<ShapeSegment>? Segments)
{
    /// <summary>Segments that one shape may have; short ones are joined until there are no more.</summary>
    public const int MaxSegments = 64;
}

/// <summary>A stretch of time in which the same is going on. Of the spans that run and have no running child, the latest that does not wait decides, else the latest.</summary>
/// <param name="StartNano">Nanoseconds after the trace's start.</param>
/// <param name="LengthNano">At least 1.</param>
/// <param name="Service">The service of the span that decides; null where no span runs.</param>
/// <param name="Wait">The <c>wait.kind</c> of the span that decides; null when it is no wait.</param>
/// <param name="IsError">Whether that span failed.</param>
public sealed record ShapeSegment(ulong StartNano, ulong LengthNano, string? Service, string? Wait, bool IsError);

/// <summary>Shapes of some traces; those that are not there are left out.</summary>
/// <param name="Truncated">Why some are missing or not whole; null when none is.</param>
public sealed record TraceShapes(IReadOnlyList<TraceShape> Shapes, Truncation? Truncated);
