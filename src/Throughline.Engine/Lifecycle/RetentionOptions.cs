namespace Throughline.Engine.Lifecycle;

/// <summary>How long, and how much, the store keeps. What is 0 has no limit. Pinned traces are kept beyond all of them.</summary>
public sealed record RetentionOptions
{
    /// <summary>Age at which spans go, from when they were received. Whole blocks go, so that a span may be there for as long again as its block took to come.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Traces that are kept, the latest ones by their start. A trace that lies in two blocks counts twice until they are merged.</summary>
    public long MaxTraces { get; init; }

    /// <summary>Bytes of blocks that are kept, counted by the share of their traces that is shown; the files follow when half of one is hidden.</summary>
    public long MaxBytes { get; init; }

    /// <summary>How often limits by number and bytes are looked at while spans come.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(10);
}
