using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>The entries of a dictionary of a row group, numbered from 0, in whatever form they are stored. Immutable; thread safe.</summary>
internal abstract class ColumnEntries
{
    /// <summary>Number of entries.</summary>
    public abstract int Count { get; }

    /// <summary>Memory held.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>An entry; valid until the buffer is used again.</summary>
    public abstract ReadOnlySpan<byte> Read(int id, ref byte[] buffer);

    /// <summary>Sets the bits of those entries for which a test holds.</summary>
    public abstract void Mark(EntryTest test, Span<ulong> chosen);
}

/// <summary>Entries as they are, one after another. Immutable; thread safe.</summary>
internal sealed class EntryTexts(byte[] bytes, int[] ends) : ColumnEntries
{
    /// <summary>No texts.</summary>
    public static EntryTexts None { get; } = new([], []);

    public override int Count => ends.Length;

    public override long MemoryBytes => bytes.LongLength + ends.LongLength * 4;

    /// <summary>All texts' bytes, one after another.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Where each ends.</summary>
    public ReadOnlySpan<int> Ends => ends;

    /// <summary>A text.</summary>
    public ReadOnlySpan<byte> this[long id]
    {
        get
        {
            var start = id == 0 ? 0 : ends[id - 1];
            return bytes.AsSpan(start, ends[id] - start);
        }
    }

    public override ReadOnlySpan<byte> Read(int id, ref byte[] buffer) => this[id];

    public override void Mark(EntryTest test, Span<ulong> chosen)
    {
        if (test.MayHoldIn(bytes)) test.Mark(bytes, ends, chosen, 0);
    }
}
