namespace Throughline.Engine.Model.Columns;

/// <summary>Span links, in the spans' order and each span's own order. Snapshot rules are those of <see cref="Column{T}"/>.</summary>
public sealed class LinkColumns
{
    /// <summary>The linked trace; all zero when the sender gave none of 16 bytes.</summary>
    public Column<TraceId> TraceId = new(0);

    /// <summary>The linked span.</summary>
    public Column<ulong> SpanId = new(0);

    /// <summary>Ids of the trace states in the batch's strings.</summary>
    public Column<int> TraceState = new(0);

    /// <summary>W3C trace flags and OTLP's flag bits.</summary>
    public Column<uint> Flags = new(0);

    /// <summary>OTLP's dropped_attributes_count.</summary>
    public Column<uint> DroppedAttributes = new(0);

    /// <summary>One more than there are links: link i has the attributes [offset i, offset i + 1).</summary>
    public Column<int> AttributeOffset = OffsetColumn.New();

    /// <summary>The links' attributes.</summary>
    public AttributeColumns Attributes = new();

    /// <summary>Rows in the batch's shapes; nothing, or one of each.</summary>
    public Column<int> Shape = new(0);

    /// <summary>Number of links.</summary>
    public int Count => SpanId.Count;

    /// <summary>Appends a link whose attributes have just been appended to <see cref="Attributes"/>.</summary>
    public void Add(TraceId traceId, ulong spanId, int traceState, uint flags, uint droppedAttributes)
    {
        TraceId.Add(traceId);
        SpanId.Add(spanId);
        TraceState.Add(traceState);
        Flags.Add(flags);
        DroppedAttributes.Add(droppedAttributes);
        AttributeOffset.Add(Attributes.Count);
    }

    /// <summary>Forgets the links behind the first <paramref name="count"/>, and attributes that no link took.</summary>
    public void Truncate(int count)
    {
        TraceId.Truncate(count);
        SpanId.Truncate(count);
        TraceState.Truncate(count);
        Flags.Truncate(count);
        DroppedAttributes.Truncate(count);
        Shape.Truncate(Math.Min(count, Shape.Count));
        AttributeOffset.Truncate(count + 1);
        Attributes.Truncate(AttributeOffset[count]);
    }

    internal LinkColumns Snapshot()
    {
        var copy = (LinkColumns)MemberwiseClone();
        copy.Attributes = Attributes.Snapshot();
        return copy;
    }

    internal long UsedBytes => Count * 44L + Attributes.UsedBytes;

    internal long MemoryBytes => SpanId.Items.LongLength * 44 + Attributes.MemoryBytes;
}
