using System.Buffers.Binary;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Format;

/// <summary>Writes lists of numbers and dictionaries one after another. Not thread safe.</summary>
internal sealed class ListWriter
{
    private Column<byte> _bytes = new(4096);

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.Span;

    /// <summary>Begins anew.</summary>
    public void Clear() => _bytes.Truncate(0);

    /// <summary>A list of numbers.</summary>
    public void List(int count, Func<int, long> value)
    {
        Count(count);
        _bytes.Reserve(8 * count);
        var planes = _bytes.Items.AsSpan(_bytes.Count, 8 * count);
        for (var i = 0; i < count; i++)
        {
            var number = (ulong)value(i);
            for (var plane = 0; plane < 8; plane++) planes[plane * count + i] = (byte)(number >> (8 * plane));
        }
        _bytes.Count += 8 * count;
    }

    /// <summary>A dictionary.</summary>
    public void Dictionary(ByteDictionary entries)
    {
        Count(entries.Count);
        for (var plane = 0; plane < 4; plane++)
        {
            for (var id = 0; id < entries.Count; id++) _bytes.Add((byte)(entries[id].Length >> (8 * plane)));
        }
        _bytes.AddRange(entries.Entries);
    }

    private void Count(int count)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, count);
        _bytes.AddRange(bytes);
    }
}

/// <summary>Reads what a <see cref="ListWriter"/> wrote; lengths are checked against what is left before anything is allocated.</summary>
internal ref struct ListReader(ReadOnlySpan<byte> bytes, string file, long offset)
{
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>The next list.</summary>
    public long[] List()
    {
        var count = Count(8);
        var values = new long[count];
        for (var plane = 0; plane < 8; plane++)
        {
            var source = _left.Slice(plane * count, count);
            for (var i = 0; i < count; i++) values[i] |= (long)((ulong)source[i] << (8 * plane));
        }
        _left = _left[(8 * count)..];
        return values;
    }

    /// <summary>The next dictionary.</summary>
    public ByteDictionary Dictionary()
    {
        var count = Count(4);
        var ends = new int[count];
        var total = 0L;
        for (var i = 0; i < count; i++)
        {
            total += _left[i] | ((uint)_left[count + i] << 8) | ((uint)_left[2 * count + i] << 16) | ((uint)_left[3 * count + i] << 24);
            if (total > _left.Length) break;
            ends[i] = (int)total;
        }
        _left = _left[(4 * count)..];
        if (total > _left.Length) throw new CorruptDataException(file, offset, $"a dictionary of at most {_left.Length} bytes", $"{total}");
        var dictionary = new ByteDictionary();
        dictionary.Load(_left[..(int)total], ends);
        _left = _left[(int)total..];
        return dictionary;
    }

    /// <summary>Makes sure that nothing is left.</summary>
    public readonly void End()
    {
        if (!_left.IsEmpty) throw new CorruptDataException(file, offset, "the end of the lists", $"{_left.Length} bytes more");
    }

    private int Count(int bytesEach)
    {
        if (_left.Length < 4) throw new CorruptDataException(file, offset, "a list", $"{_left.Length} bytes");
        var count = BinaryPrimitives.ReadInt32LittleEndian(_left);
        _left = _left[4..];
        if (count < 0 || (long)count * bytesEach > _left.Length) throw new CorruptDataException(file, offset, $"a list in {_left.Length} bytes", $"{count} entries");
        return count;
    }
}
