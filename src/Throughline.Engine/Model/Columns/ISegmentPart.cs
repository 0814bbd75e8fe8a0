using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Model.Columns;

/// <summary>A column that has a number for every row.</summary>
internal enum RowColumn
{
    /// <summary>Row of the segment's <see cref="ISpanSegment.Operations"/>: service, name, kind and scope.</summary>
    Operation,
    /// <summary>Start, Unix nanoseconds.</summary>
    Start,
    /// <summary>From start to end, nanoseconds; 0 for a span that ends before it starts.</summary>
    Duration,
    /// <summary>Status code, signed.</summary>
    Status,
    /// <summary>A <see cref="SpanMarks"/>.</summary>
    Marks,
    /// <summary>Row of the table of resources.</summary>
    Resource,
    /// <summary>The segment's number of its trace state, which <see cref="ISpanSegment.Weights"/> goes by.</summary>
    TraceState,
}

/// <summary>A column that has a number for every trace.</summary>
internal enum TraceColumn
{
    /// <summary>Start of its earliest span here, Unix nanoseconds.</summary>
    Start,
    /// <summary>From there to its latest end here, nanoseconds.</summary>
    Duration,
    /// <summary>Its spans here.</summary>
    Spans,
    /// <summary>Its errors here.</summary>
    Errors,
    /// <summary>Its waiting time as far as it is seen from here, nanoseconds.</summary>
    Waiting,
}

/// <summary>Who has attributes, or texts.</summary>
internal enum TextOwner
{
    /// <summary>The spans of a part.</summary>
    Span,
    /// <summary>The events of a part's spans, numbered in the order of the spans and of each span's own events.</summary>
    Event,
}

/// <summary>
/// Rows of a segment, column by column; each is read when it is asked for. Rows and traces are numbered within the part. One query's own and not thread safe, but what it gives out is
/// immutable. Members may throw an <see cref="UnreadableSegmentException"/>.
/// </summary>
internal interface ISegmentPart
{
    /// <summary>The numbers of all rows.</summary>
    NumberVector Rows(RowColumn column);

    /// <summary>Bounds, both inclusive, of a column's numbers, when they are known without reading it.</summary>
    bool TryGetBounds(RowColumn column, out ulong smallest, out ulong largest);

    /// <summary>The numbers of all traces.</summary>
    NumberVector Traces(TraceColumn column);

    /// <summary>Adds to <paramref name="traces"/> those that have a row in <paramref name="rows"/>.</summary>
    void MarkTraces(ReadOnlySpan<ulong> rows, Span<ulong> traces);

    /// <summary>By row: its trace. There may be more numbers than rows.</summary>
    int[] ReadTraces();

    /// <summary>Takes the rows of some traces out of a set of rows.</summary>
    void ClearRowsOf(ReadOnlySpan<ulong> traces, Span<ulong> rows);

    /// <summary>The spans' values of one attribute key (a number of the segment's strings): a column for each type that the part has.</summary>
    IReadOnlyList<ValueColumn> Attribute(int key);

    /// <summary>The spans' status messages.</summary>
    ValueColumn StatusMessages { get; }

    /// <summary>All string and array values of the attributes of spans or events, and names of events: in as many columns as the part finds convenient.</summary>
    IEnumerable<ValueColumn> Texts(TextOwner owner);

    /// <summary>Number of events.</summary>
    int EventCount { get; }

    /// <summary>Adds to <paramref name="rows"/> those that have an event in <paramref name="events"/>.</summary>
    void MarkRowsOfEvents(ReadOnlySpan<ulong> events, Span<ulong> rows);

    /// <summary>False when no span has a link; known without reading columns.</summary>
    bool HasLinks { get; }

    /// <summary>Adds to <paramref name="rows"/> those that have a link to a span of a trace. Reads the traces of all links, and nothing else of them.</summary>
    void MarkRowsLinkedTo(TraceId traceId, Span<ulong> rows);

    /// <summary>By row: the row of its parent, or -1 when it has none here. Where several spans have the parent's id, the earliest of them.</summary>
    int[] ReadParents();
}
