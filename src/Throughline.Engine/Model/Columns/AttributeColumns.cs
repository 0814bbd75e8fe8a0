namespace Throughline.Engine.Model.Columns;

/// <summary>
/// Attributes of one kind of owner (spans, events, links, resources or scopes), in the owners' order and each owner's own order.
/// <see cref="Key"/> is an id in the batch's strings. <see cref="Value"/> by <see cref="Type"/>: String: an id in the strings; Bool: 0 or 1; Int: the
/// number; Double: its bits; Array, KvList, Bytes: an id in the blobs (the encoded OTLP message, or the bytes); Empty: 0.
/// Snapshot rules are those of <see cref="Column{T}"/>.
/// </summary>
public sealed class AttributeColumns
{
    /// <summary>Ids of the keys.</summary>
    public Column<int> Key = new(0);

    /// <summary>An <see cref="AttributeType"/> each.</summary>
    public Column<byte> Type = new(0);

    /// <summary>The values.</summary>
    public Column<long> Value = new(0);

    /// <summary>Number of attributes.</summary>
    public int Count => Key.Count;

    /// <summary>Appends one attribute.</summary>
    public void Add(int key, AttributeType type, long value)
    {
        Key.Add(key);
        Type.Add((byte)type);
        Value.Add(value);
    }

    /// <summary>Appends <paramref name="count"/> attributes, which the caller writes to the spans it is given.</summary>
    internal void Append(int count, out Span<int> keys, out Span<byte> types, out Span<long> values)
    {
        keys = Key.Append(count);
        types = Type.Append(count);
        values = Value.Append(count);
    }

    /// <summary>Forgets the attributes behind the first <paramref name="count"/>.</summary>
    public void Truncate(int count)
    {
        Key.Truncate(count);
        Type.Truncate(count);
        Value.Truncate(count);
    }

    internal AttributeColumns Snapshot() => (AttributeColumns)MemberwiseClone();

    internal long UsedBytes => Count * 13L;

    internal long MemoryBytes => Key.Items.LongLength * 4 + Type.Items.LongLength + Value.Items.LongLength * 8;
}
