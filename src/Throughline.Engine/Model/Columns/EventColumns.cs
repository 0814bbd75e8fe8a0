namespace Throughline.Engine.Model.Columns;

/// <summary>Span events, in the spans' order and each span's own order. Snapshot rules are those of <see cref="Column{T}"/>.</summary>
public sealed class EventColumns
{
    /// <summary>Unix nanoseconds.</summary>
    public Column<ulong> TimeUnixNano = new(0);

    /// <summary>Ids of the names in the batch's strings.</summary>
    public Column<int> Name = new(0);

    /// <summary>OTLP's dropped_attributes_count.</summary>
    public Column<uint> DroppedAttributes = new(0);

    /// <summary>One more than there are events: event i has the attributes [offset i, offset i + 1).</summary>
    public Column<int> AttributeOffset = OffsetColumn.New();

    /// <summary>The events' attributes.</summary>
    public AttributeColumns Attributes = new();

    /// <summary>Rows in the batch's shapes; nothing, or one of each.</summary>
    public Column<int> Shape = new(0);

    /// <summary>Number of events.</summary>
    public int Count => TimeUnixNano.Count;

    /// <summary>Appends an event whose attributes have just been appended to <see cref="Attributes"/>.</summary>
    public void Add(ulong timeUnixNano, int name, uint droppedAttributes)
    {
        TimeUnixNano.Add(timeUnixNano);
        Name.Add(name);
        DroppedAttributes.Add(droppedAttributes);
        AttributeOffset.Add(Attributes.Count);
    }

    /// <summary>Forgets the events behind the first <paramref name="count"/>, and attributes that no event took.</summary>
    public void Truncate(int count)
    {
        TimeUnixNano.Truncate(count);
        Name.Truncate(count);
        DroppedAttributes.Truncate(count);
        Shape.Truncate(Math.Min(count, Shape.Count));
        AttributeOffset.Truncate(count + 1);
        Attributes.Truncate(AttributeOffset[count]);
    }

    internal EventColumns Snapshot()
    {
        var copy = (EventColumns)MemberwiseClone();
        copy.Attributes = Attributes.Snapshot();
        return copy;
    }

    internal long UsedBytes => Count * 24L + Attributes.UsedBytes;

    internal long MemoryBytes => TimeUnixNano.Items.LongLength * 24 + Attributes.MemoryBytes;
}

/// <summary>Columns of running offsets, which begin with a 0.</summary>
internal static class OffsetColumn
{
    internal static Column<int> New()
    {
        var column = new Column<int>(1);
        column.Add(0);
        return column;
    }
}
