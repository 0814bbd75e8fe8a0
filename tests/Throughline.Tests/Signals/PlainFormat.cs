using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Tests.Signals;

/// <summary>One item: a time and a number. 16 bytes, little-endian, in the log and in blocks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PlainItem(ulong UnixNano, ulong Value);

/// <summary>The items of a request.</summary>
internal sealed class PlainBatch
{
    public List<PlainItem> Items { get; init; } = [];

    public byte[] Encode() => MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(Items)).ToArray();
}

/// <summary>Items in an array that is only appended to.</summary>
internal sealed class PlainHead
{
    private PlainItem[] _items = new PlainItem[4];
    private int _count;

    public ReadOnlyMemory<PlainItem> Items => _items.AsMemory(0, _count);

    public void Add(PlainItem item)
    {
        if (_count == _items.Length) Array.Resize(ref _items, 2 * _count);
        _items[_count++] = item;
    }
}

/// <summary>What a snapshot sees of a head.</summary>
internal sealed record PlainView(ReadOnlyMemory<PlainItem> Items);

/// <summary>An open block: the magic, the number of items, the items, and a checksum over all of that.</summary>
internal sealed class PlainBlock(IReadableFile file, string name, int count) : IDisposable
{
    public const int HeaderBytes = 16;

    public int Count => count;

    public bool IsClosed { get; private set; }

    public PlainItem[] Read()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        var bytes = new byte[HeaderBytes + count * 16 + 8];
        file.ReadExactly(0, bytes);
        var checksum = XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8));
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8)) != checksum) throw new CorruptDataException(name, 0, "items with the right checksum", $"{checksum:x16}");
        return MemoryMarshal.Cast<byte, PlainItem>(bytes.AsSpan(HeaderBytes, count * 16)).ToArray();
    }

    public void Dispose()
    {
        IsClosed = true;
        file.Dispose();
    }
}

/// <summary>The smallest format that a store can have: the machinery of signals is tested with it. Thread safe.</summary>
internal sealed class PlainFormat : ISignalFormat<PlainBatch, PlainHead, PlainView, PlainBlock>
{
    private const ulong Magic = 0x4E_4941_4C50;

    public string Name => "logs";

    public string Items => "items";

    public WalSignal Signal => WalSignal.Logs;

    /// <summary>Called before a head is written or blocks are merged; may throw, or wait.</summary>
    public Action? BeforeWrite { get; set; }

    public PlainBatch NewBatch() => new();

    public bool TryDecode(ReadOnlySpan<byte> payload, WalForm form, PlainBatch into, out string problem)
    {
        into.Items.Clear();
        problem = payload.Length % 16 == 0 ? "" : $"{payload.Length} bytes are no items of 16";
        if (problem.Length > 0) return false;
        into.Items.AddRange(MemoryMarshal.Cast<byte, PlainItem>(payload));
        return true;
    }

    public long Count(PlainBatch batch) => batch.Items.Count;

    public PlainHead NewHead() => new();

    public void Add(PlainHead head, PlainBatch batch, ulong receivedUnixNano)
    {
        foreach (var item in batch.Items) head.Add(item);
    }

    public SignalHeadSize Measure(PlainHead head)
    {
        var facts = Facts(head.Items.Span);
        return new SignalHeadSize(facts.Items, facts.Items * 16, facts.FirstUnixNano, facts.LastUnixNano);
    }

    public PlainView View(PlainHead head) => new(head.Items);

    public SignalBlockFacts Write(PlainHead head, IWritableFile file, CancellationToken stop)
    {
        BeforeWrite?.Invoke();
        stop.ThrowIfCancellationRequested();
        return Write(head.Items.Span, file);
    }

    public PlainBlock Open(IReadableFile file, string name, PageCache cache)
    {
        if (file.Length < PlainBlock.HeaderBytes) throw new CorruptDataException(name, 0, "a header", $"{file.Length} bytes");
        Span<byte> header = stackalloc byte[PlainBlock.HeaderBytes];
        file.ReadExactly(0, header);
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic) throw new CorruptDataException(name, 0, "the magic", "other bytes");
        var count = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        if (PlainBlock.HeaderBytes + count * 16 + 8 != file.Length) throw new CorruptDataException(name, 8, $"{count} items", $"{file.Length} bytes");
        return new PlainBlock(file, name, (int)count);
    }

    public SignalBlockFacts Merge(IReadOnlyList<PlainBlock> blocks, IWritableFile file, long maxMemoryBytes, CancellationToken stop)
    {
        BeforeWrite?.Invoke();
        var items = new List<PlainItem>();
        foreach (var block in blocks) items.AddRange(block.Read());
        if (items.Count * 16 > maxMemoryBytes) throw new MergeTooLargeException(items.Count * 16, maxMemoryBytes);
        stop.ThrowIfCancellationRequested();
        return Write(CollectionsMarshal.AsSpan(items), file);
    }

    public long Verify(PlainBlock block, CancellationToken stop) => block.Read().Length;

    private static SignalBlockFacts Write(ReadOnlySpan<PlainItem> items, IWritableFile file)
    {
        Assert.Equal(0, file.Length);
        var bytes = new byte[PlainBlock.HeaderBytes + items.Length * 16 + 8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), items.Length);
        MemoryMarshal.AsBytes(items).CopyTo(bytes.AsSpan(PlainBlock.HeaderBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8)));
        // In two appends, so that a disk may stop between them.
        file.Append([bytes.AsMemory(0, PlainBlock.HeaderBytes)]);
        file.Append([bytes.AsMemory(PlainBlock.HeaderBytes)]);
        return Facts(items);
    }

    private static SignalBlockFacts Facts(ReadOnlySpan<PlainItem> items)
    {
        var (first, last) = (ulong.MaxValue, 0ul);
        foreach (var item in items) (first, last) = (Math.Min(first, item.UnixNano), Math.Max(last, item.UnixNano));
        return new SignalBlockFacts(items.Length, first, last);
    }
}
