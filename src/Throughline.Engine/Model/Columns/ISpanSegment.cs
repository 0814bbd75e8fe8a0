namespace Throughline.Engine.Model.Columns;

/// <summary>Groups of columns that are read together; a search asks only for those that its conditions look at.</summary>
[Flags]
internal enum ColumnGroups
{
    /// <summary>Trace, start, end, name, kind, status, resource, marks: what every search scans.</summary>
    Core = 1,
    /// <summary>Span and parent ids, status message, trace state, flags, scope, dropped counts.</summary>
    Rest = 2,
    /// <summary>The spans' attributes.</summary>
    Attributes = 4,
    /// <summary>Events and links with their attributes.</summary>
    EventsAndLinks = 8,
    /// <summary>Everything.</summary>
    All = Core | Rest | Attributes | EventsAndLinks,
}

/// <summary>A run of rows of a segment that is loaded at once.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="MinStartUnixNano">Start of its earliest span.</param>
/// <param name="MaxStartUnixNano">Start of its latest span.</param>
internal readonly record struct SegmentPart(int Rows, ulong MinStartUnixNano, ulong MaxStartUnixNano);

/// <summary>Loaded rows of a part: the asked column groups are filled, and <paramref name="TraceOrdinal"/> gives each row's trace in the segment.</summary>
internal readonly record struct SegmentRows(SpanBatch Spans, ReadOnlyMemory<int> TraceOrdinal);

/// <summary>
/// An immutable set of spans with per-trace values: a view of the head, or a block. The contract between storage and query execution. Thread safe.
/// Traces are numbered from 0; a trace may have more spans in other segments. Any member that looks at stored bytes may throw an
/// <see cref="UnreadableSegmentException"/>.
/// </summary>
internal interface ISpanSegment
{
    /// <summary>True for a block, which lives as long as the store; a view of the head is soon replaced, and holding it holds its memory.</summary>
    bool IsLasting { get; }

    /// <summary>The dictionaries and the resource and scope tables that all parts share (its row columns may be empty).</summary>
    SpanBatch Tables { get; }

    /// <summary>By trace: its id.</summary>
    ReadOnlySpan<TraceId> TraceIds { get; }

    /// <summary>By trace: start of its earliest span here, Unix nanoseconds.</summary>
    ReadOnlySpan<ulong> TraceStart { get; }

    /// <summary>By trace: its latest end here, Unix nanoseconds.</summary>
    ReadOnlySpan<ulong> TraceEnd { get; }

    /// <summary>By trace: its number of spans here.</summary>
    ReadOnlySpan<int> TraceSpans { get; }

    /// <summary>By trace: its number of errors here.</summary>
    ReadOnlySpan<int> TraceErrors { get; }

    /// <summary>By trace: its waiting time as far as it is seen from here, nanoseconds.</summary>
    ReadOnlySpan<ulong> TraceWaiting { get; }

    /// <summary>The trace's number, or -1.</summary>
    int FindTrace(TraceId id);

    /// <summary>The facts of a trace from its spans here; texts are ids in <see cref="Tables"/>.</summary>
    TraceFacts Facts(int ordinal);

    /// <summary>Adds the trace's spans here to a table.</summary>
    void CopyTrace(int ordinal, SpanTable into);

    /// <summary>The parts, in order.</summary>
    IReadOnlyList<SegmentPart> Parts { get; }

    /// <summary>Loads a part. The answer is immutable and may be shared.</summary>
    SegmentRows Load(int part, ColumnGroups groups);

    /// <summary>
    /// Loads what tells a part's values of one attribute key (a number of <see cref="Tables"/>' strings): the spans' resources, and their attributes, of which those of other keys
    /// may be missing. No other column need be there, nor the traces of the rows.
    /// </summary>
    SegmentRows LoadAttribute(int part, int key);

    /// <summary>Spans and errors by service, name and kind over the whole segment; texts are ids in <see cref="Tables"/>.</summary>
    IReadOnlyList<OperationCount> Operations { get; }
}

/// <summary>Spans and errors of one operation. Service and name are ids in the segment's strings.</summary>
internal readonly record struct OperationCount(int Service, int Name, int Kind, long Spans, long Errors);
