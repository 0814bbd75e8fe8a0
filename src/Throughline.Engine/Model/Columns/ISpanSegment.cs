namespace Throughline.Engine.Model.Columns;

/// <summary>
/// An immutable set of spans with per-trace values: a view of the head, or a block. The contract between storage and query execution. Thread safe.
/// Traces are numbered from 0; a trace may have more spans in other segments. Any member that looks at stored bytes may throw an
/// <see cref="UnreadableSegmentException"/>.
/// </summary>
internal interface ISpanSegment
{
    /// <summary>What stays the same from view to view: the block itself, or the head that this is a view of. A later view of a head has the same traces under the same numbers, and more.</summary>
    object Identity { get; }

    /// <summary>True for a block, which never changes; a head is soon replaced, and holding its view holds its memory.</summary>
    bool IsLasting { get; }

    /// <summary>The dictionaries of keys, services and names, and the resource and scope tables (its row columns may be empty).</summary>
    SpanBatch Tables { get; }

    /// <summary>The operations that the spans' <see cref="RowColumn.Operation"/> numbers.</summary>
    OperationTable Operations { get; }

    /// <summary>The operations by what they are called.</summary>
    OperationGroups OperationGroups { get; }

    /// <summary>The keys of the spans' attributes (numbers of the segment's strings), by type, with the number of their values.</summary>
    IReadOnlyList<(int Key, AttributeType Type, long Values)> SpanKeys { get; }

    /// <summary>The parts, in order. Their traces are numbered through the segment: those of a part follow on those of the part before.</summary>
    IReadOnlyList<SegmentPart> Parts { get; }

    /// <summary>A part to read from; reads nothing by itself.</summary>
    ISegmentPart Open(int part);

    /// <summary>Number of traces.</summary>
    int TraceCount { get; }

    /// <summary>By trace: its id.</summary>
    ReadOnlySpan<TraceId> TraceIds { get; }

    /// <summary>False when the trace is not here; true when it is, or may be. Never reads anything large.</summary>
    bool MayHold(TraceId id);

    /// <summary>The trace's number, or -1.</summary>
    int FindTrace(TraceId id);

    /// <summary>Of a block: the traces that had spans in other segments when it was written. Of a head: empty, it is asked trace by trace.</summary>
    ReadOnlySpan<TraceId> SplitTraceIds { get; }

    /// <summary>The facts of a trace from its spans here; texts are ids in <see cref="Tables"/>, but the error type, which is given as a text.</summary>
    TraceFacts Facts(int trace, out string? errorType);

    /// <summary>Adds the trace's spans here to a table, whose growth is charged; when a bound unwinds it, the table has the spans so far.</summary>
    void CopyTrace(int trace, SpanTable into, IReadBounds bounds);

    /// <summary>What its spans stand for, by their trace state; null where every span stands for itself alone.</summary>
    SpanWeights? Weights { get; }

    /// <summary>Aggregates over the whole segment that were made when it was written; null when there are none, and its spans have to be counted.</summary>
    SegmentSummaries? Summaries { get; }
}

/// <summary>A run of rows of a segment that is read at once, and what is known of it without reading.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="FirstTrace">Number of its first trace.</param>
/// <param name="Traces">Number of its traces.</param>
/// <param name="MinStartUnixNano">Start of its earliest span, which is that of its earliest trace.</param>
/// <param name="MaxStartUnixNano">Start of its latest span.</param>
/// <param name="MaxTraceStartUnixNano">Start of its latest trace.</param>
/// <param name="LongestTraceNano">From start to end of its longest trace.</param>
internal readonly record struct SegmentPart(
    int Rows, int FirstTrace, int Traces, ulong MinStartUnixNano, ulong MaxStartUnixNano, ulong MaxTraceStartUnixNano, ulong LongestTraceNano);

/// <summary>The operations of a segment, by number. Immutable. Service and name are ids in the segment's strings.</summary>
/// <param name="Spans">Spans of each in the whole segment.</param>
/// <param name="Errors">Errors of each in the whole segment.</param>
internal sealed record OperationTable(int[] Service, int[] Name, int[] Kind, int[] Scope, long[] Spans, long[] Errors)
{
    /// <summary>Number of operations.</summary>
    public int Count => Service.Length;
}
