using System.Runtime.InteropServices;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>Writes a sequence of pages into a growing buffer. Not thread safe.</summary>
internal sealed class OldPageWriter : IDisposable
{
    private readonly PageCodec _codec = new();
    private Column<byte> _output = new(1 << 16);
    private long[] _numbers = [];

    /// <summary>Bytes written since <see cref="Reset"/>.</summary>
    public int Length => _output.Count;

    /// <summary>What was written since <see cref="Reset"/>; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _output.Items.AsMemory(0, _output.Count);

    /// <summary>Forgets what was written.</summary>
    public void Reset() => _output.Truncate(0);

    /// <summary>A page of numbers.</summary>
    public void Numbers(ReadOnlySpan<long> values) => _codec.WriteNumbers(values, ref _output);

    /// <summary>A page of numbers.</summary>
    public void Numbers(ReadOnlySpan<int> values)
    {
        var buffer = Buffer(values.Length);
        for (var i = 0; i < values.Length; i++) buffer[i] = values[i];
        Numbers(buffer);
    }

    /// <summary>A page of numbers.</summary>
    public void Numbers(ReadOnlySpan<uint> values)
    {
        var buffer = Buffer(values.Length);
        for (var i = 0; i < values.Length; i++) buffer[i] = values[i];
        Numbers(buffer);
    }

    /// <summary>A page of numbers.</summary>
    public void Numbers(ReadOnlySpan<byte> values)
    {
        var buffer = Buffer(values.Length);
        for (var i = 0; i < values.Length; i++) buffer[i] = values[i];
        Numbers(buffer);
    }

    /// <summary>A page of numbers.</summary>
    public void Numbers(ReadOnlySpan<ulong> values) => Numbers(MemoryMarshal.Cast<ulong, long>(values));

    /// <summary>A page of bytes. Random ones (ids) are not worth compressing.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes, bool compress = true) => _codec.WriteBytes(bytes, compress, ref _output);

    /// <summary>The lengths between running offsets, as a page of numbers.</summary>
    public void Lengths(ReadOnlySpan<int> offsets)
    {
        var buffer = Buffer(offsets.Length - 1);
        for (var i = 0; i < buffer.Length; i++) buffer[i] = offsets[i + 1] - offsets[i];
        Numbers(buffer);
    }

    /// <summary>A dictionary: lengths and bytes of its entries.</summary>
    public void Dictionary(ByteDictionary dictionary)
    {
        var lengths = new long[dictionary.Count];
        for (var id = 0; id < lengths.Length; id++) lengths[id] = dictionary[id].Length;
        Numbers(lengths);
        Bytes(dictionary.Entries);
    }

    private Span<long> Buffer(int length)
    {
        if (_numbers.Length < length) _numbers = new long[Math.Max(length, _numbers.Length * 2)];
        return _numbers.AsSpan(0, length);
    }

    /// <inheritdoc/>
    public void Dispose() => _codec.Dispose();
}
