using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>
/// Spans as columns, with their strings in one dictionary: the form in which they leave the decoder, wait in the head, and come back from a
/// block. Row i of every column belongs to the same span. One owner appends and is not thread safe; <see cref="Snapshot"/> gives others
/// a view of the rows so far that stays valid while the owner goes on (but not past <see cref="Clear"/>).
/// </summary>
public sealed class SpanBatch
{
    /// <summary>Names, keys, string values, messages, trace states, schema URLs; valid UTF-8.</summary>
    public ByteDictionary Strings = new();

    /// <summary>Encoded OTLP ArrayValue and KeyValueList messages, and byte values.</summary>
    public ByteDictionary Blobs = new();

    /// <summary>The trace.</summary>
    public Column<TraceId> TraceId = new(0);

    /// <summary>The span's id (<see cref="Model.SpanId"/>).</summary>
    public Column<ulong> SpanId = new(0);

    /// <summary>The parent's id, 0 for none.</summary>
    public Column<ulong> ParentSpanId = new(0);

    /// <summary>Unix nanoseconds.</summary>
    public Column<ulong> StartUnixNano = new(0);

    /// <summary>Unix nanoseconds, raw: may lie before the start.</summary>
    public Column<ulong> EndUnixNano = new(0);

    /// <summary>Id in the strings.</summary>
    public Column<int> Name = new(0);

    /// <summary>A <see cref="SpanKind"/>, or an unknown number as it came.</summary>
    public Column<int> Kind = new(0);

    /// <summary>A <see cref="SpanStatusCode"/>, or an unknown number as it came.</summary>
    public Column<int> Status = new(0);

    /// <summary>Id in the strings.</summary>
    public Column<int> StatusMessage = new(0);

    /// <summary>Id in the strings.</summary>
    public Column<int> TraceState = new(0);

    /// <summary>W3C trace flags and OTLP's flag bits.</summary>
    public Column<uint> Flags = new(0);

    /// <summary>Row in <see cref="Resources"/>.</summary>
    public Column<int> Resource = new(0);

    /// <summary>Row in <see cref="Scopes"/>.</summary>
    public Column<int> Scope = new(0);

    /// <summary>OTLP's dropped_attributes_count.</summary>
    public Column<uint> DroppedAttributes = new(0);

    /// <summary>OTLP's dropped_events_count.</summary>
    public Column<uint> DroppedEvents = new(0);

    /// <summary>OTLP's dropped_links_count.</summary>
    public Column<uint> DroppedLinks = new(0);

    /// <summary>A <see cref="SpanMarks"/> each.</summary>
    public Column<byte> Marks = new(0);

    /// <summary>One more than there are rows: row i has the attributes [offset i, offset i + 1).</summary>
    public Column<int> AttributeOffset = OffsetColumn.New();

    /// <summary>The spans' attributes.</summary>
    public AttributeColumns Attributes = new();

    /// <summary>
    /// Row in <see cref="Shapes"/> of the span's attributes. Only a batch that a <see cref="SpanTable"/> owns (the head), and what is gathered from it, has shapes: elsewhere this column and those
    /// of events and links are empty.
    /// </summary>
    public Column<int> Shape = new(0);

    /// <summary>One more than there are rows: row i has the events [offset i, offset i + 1).</summary>
    public Column<int> EventOffset = OffsetColumn.New();

    /// <summary>The spans' events.</summary>
    public EventColumns Events = new();

    /// <summary>One more than there are rows: row i has the links [offset i, offset i + 1).</summary>
    public Column<int> LinkOffset = OffsetColumn.New();

    /// <summary>The spans' links.</summary>
    public LinkColumns Links = new();

    /// <summary>The resources that <see cref="Resource"/> numbers.</summary>
    public ResourceTable Resources = new();

    /// <summary>The scopes that <see cref="Scope"/> numbers.</summary>
    public ScopeTable Scopes = new();

    /// <summary>The shapes that <see cref="Shape"/>, <see cref="EventColumns.Shape"/> and <see cref="LinkColumns.Shape"/> number.</summary>
    public ShapeTable Shapes = new();

    /// <summary>Number of spans.</summary>
    public int RowCount => StartUnixNano.Count;

    /// <summary>The text that a number in the strings stands for. For reading single values; it makes a string each time.</summary>
    public string Text(int id) => System.Text.Encoding.UTF8.GetString(Strings[id]);

    /// <summary>Nanoseconds from start to end, 0 when the span ends before it starts.</summary>
    public ulong DurationNano(int row)
    {
        var start = StartUnixNano[row];
        var end = EndUnixNano[row];
        return end > start ? end - start : 0;
    }

    /// <summary>Closes the row whose columns, attributes, events and links have just been appended.</summary>
    internal void EndRow()
    {
        AttributeOffset.Add(Attributes.Count);
        EventOffset.Add(Events.Count);
        LinkOffset.Add(Links.Count);
    }

    /// <summary>Forgets attributes, events and links that were appended for a row that was not closed.</summary>
    internal void AbandonRow()
    {
        Attributes.Truncate(AttributeOffset[RowCount]);
        Events.Truncate(EventOffset[RowCount]);
        Links.Truncate(LinkOffset[RowCount]);
    }

    /// <summary>Takes the rows behind the first <paramref name="rows"/> away again; the owner only, and only when no snapshot holds them. Their strings stay in the dictionaries.</summary>
    internal void Truncate(int rows)
    {
        TraceId.Truncate(rows);
        SpanId.Truncate(rows);
        ParentSpanId.Truncate(rows);
        StartUnixNano.Truncate(rows);
        EndUnixNano.Truncate(rows);
        Name.Truncate(rows);
        Kind.Truncate(rows);
        Status.Truncate(rows);
        StatusMessage.Truncate(rows);
        TraceState.Truncate(rows);
        Flags.Truncate(rows);
        Resource.Truncate(rows);
        Scope.Truncate(rows);
        DroppedAttributes.Truncate(rows);
        DroppedEvents.Truncate(rows);
        DroppedLinks.Truncate(rows);
        Marks.Truncate(rows);
        Shape.Truncate(Math.Min(rows, Shape.Count));
        AttributeOffset.Truncate(rows + 1);
        EventOffset.Truncate(rows + 1);
        LinkOffset.Truncate(rows + 1);
        AbandonRow();
    }

    /// <summary>Memory held by the columns and dictionaries, in bytes, near enough for limits.</summary>
    public long MemoryBytes => SpanId.Items.LongLength * RowBytes + Strings.MemoryBytes + Blobs.MemoryBytes + Attributes.MemoryBytes
        + Events.MemoryBytes + Links.MemoryBytes + Resources.Attributes.MemoryBytes + Scopes.Attributes.MemoryBytes + Shapes.MemoryBytes;

    /// <summary>What of that is in use.</summary>
    internal long UsedBytes => (long)RowCount * RowBytes + Strings.UsedBytes + Blobs.UsedBytes + Attributes.UsedBytes
        + Events.UsedBytes + Links.UsedBytes + Resources.Attributes.UsedBytes + Scopes.Attributes.UsedBytes + Shapes.UsedBytes;

    private const int RowBytes = 105;

    /// <summary>A batch of some of its rows, which shares its dictionaries and tables: to be read until this one is cleared.</summary>
    public SpanBatch Select(ReadOnlySpan<int> rows) => SpanGather.Gather(this, rows, CancellationToken.None);

    /// <summary>A view of the rows so far, for readers, while this batch's owner goes on appending.</summary>
    public SpanBatch Snapshot()
    {
        var copy = (SpanBatch)MemberwiseClone();
        copy.Strings = Strings.Snapshot();
        copy.Blobs = Blobs.Snapshot();
        copy.Attributes = Attributes.Snapshot();
        copy.Events = Events.Snapshot();
        copy.Links = Links.Snapshot();
        copy.Resources = Resources.Snapshot();
        copy.Scopes = Scopes.Snapshot();
        copy.Shapes = Shapes.Snapshot();
        return copy;
    }

    /// <summary>Forgets everything, to be used anew; dictionaries of more than <paramref name="keepBytes"/> give their memory back. No snapshot of it may be in use.</summary>
    public void Clear(int keepBytes = 1 << 20)
    {
        Truncate(0);
        Resources.Clear();
        Scopes.Clear();
        Strings.Clear(keepBytes);
        Blobs.Clear(keepBytes);
        Shapes.Clear(keepBytes);
    }
}
