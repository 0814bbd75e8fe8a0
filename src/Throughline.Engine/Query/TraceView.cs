using Throughline.Engine.Model;

namespace Throughline.Engine.Query;

/// <summary>
/// One trace as it is read: its spans, duplicates collapsed, in tree order (a parent before its children, siblings by start, roots by start), with
/// their place in the tree. Immutable.
/// </summary>
/// <param name="Spans">The spans; row i is the i-th in tree order.</param>
/// <param name="ParentRow">Row of the parent; <see cref="Root"/> or <see cref="Orphan"/>.</param>
/// <param name="Warnings">A <see cref="SpanWarnings"/> per row.</param>
/// <param name="IsError">Whether the row counts as an error (status ERROR, or an attribute error that is true or "true").</param>
/// <param name="Truncated">Why spans are missing that the source has; null when none are. Summary and tree are then those of the spans that are there.</param>
public sealed record TraceView(TraceId TraceId, TraceSummary Summary, SpanBatch Spans, int[] ParentRow, SpanWarnings[] Warnings, bool[] IsError, Truncation? Truncated)
{
    /// <summary>In <see cref="ParentRow"/>: the span names no parent.</summary>
    public const int Root = -1;

    /// <summary>In <see cref="ParentRow"/>: the span names a parent that is not there.</summary>
    public const int Orphan = -2;
}

/// <summary>What a reader should know about a span; the numbers are the API's.</summary>
[Flags]
public enum SpanWarnings
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The span ends before it starts; shown with duration 0.</summary>
    EndBeforeStart = 1,
    /// <summary>The parent is named but not there.</summary>
    ParentMissing = 2,
    /// <summary>Parents form a cycle, which was broken here.</summary>
    Cycle = 4,
    /// <summary>Another span has the same ids and other content.</summary>
    SharedId = 8,
    /// <summary>The span starts before its parent: clocks disagree, or the parent was started late.</summary>
    StartsBeforeParent = 16,
    /// <summary>A text was not valid UTF-8 and was mended.</summary>
    InvalidUtf8 = 32,
    /// <summary>Attributes were left out or shortened by a limit of the server.</summary>
    Cut = 64,
    /// <summary>With this span the trace had as many as it may have; later ones were dropped.</summary>
    TraceFull = 128,
}
