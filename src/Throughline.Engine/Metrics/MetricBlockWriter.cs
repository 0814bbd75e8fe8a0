using System.Buffers.Binary;
using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Writes the content of a block of metrics (docs/format/metrics.md): chunks of points by series, in the order of the series' keys, collected into pages; behind them the directory and the footer. One
/// owner; not thread safe.
/// </summary>
internal sealed class MetricBlockWriter : IDisposable
{
    /// <summary>Bytes of chunks after which a page ends: enough for the codec to find what repeats, little enough to be read for one series.</summary>
    private const int PageBytes = 64 << 10;

    /// <summary>Bytes of the footer.</summary>
    public const int FooterBytes = 48;

    /// <summary>"TLMETRIC".</summary>
    public const ulong Magic = 0x43495254454D4C54;

    /// <summary>The version that is written.</summary>
    public const uint Version = 1;

    private readonly PageWriter _pages = new();
    private readonly WireWriter _page = new(2 * PageBytes);
    private readonly WireWriter _directory = new();
    private readonly WireWriter _chunk = new();
    private readonly ChunkCodec _codec = new();
    private byte[] _lastKey = [];
    private int _series;
    private long _points;
    private ulong _first = ulong.MaxValue, _last;

    /// <summary>Begins a block in an empty file, which stays the caller's.</summary>
    public MetricBlockWriter(IWritableFile file)
    {
        _pages.Begin(file, true);
    }

    /// <summary>Points so far.</summary>
    public long Points => _points;

    /// <summary>Appends a series with its points in the order of their times; keys come in ascending order.</summary>
    public void Add(ReadOnlySpan<byte> key, SeriesPoints points)
    {
        if (points.Count == 0) return;
        var shared = key.CommonPrefixLength(_lastKey);
        _directory.Varint((ulong)shared);
        _directory.Varint((ulong)(key.Length - shared));
        _directory.Raw(key[shared..]);
        _lastKey = key.ToArray();
        _directory.Varint((ulong)((points.Count + ChunkCodec.MaxPoints - 1) / ChunkCodec.MaxPoints));
        for (var from = 0; from < points.Count; from += ChunkCodec.MaxPoints) Chunk(points, from, Math.Min(ChunkCodec.MaxPoints, points.Count - from));
        _series++;
        _points += points.Count;
        _first = Math.Min(_first, points.Time[0]);
        _last = Math.Max(_last, points.Time[points.Count - 1]);
    }

    private void Chunk(SeriesPoints points, int from, int count)
    {
        if (_page.Written.Length >= PageBytes) EndPage();
        if (_page.Written.IsEmpty) _codec.BeginPage();
        _chunk.TakeBack(_chunk.Written.Length);
        _codec.Write(_chunk, points, from, count);
        _directory.Varint((ulong)_pages.Entries.Length);
        _directory.Varint((ulong)_page.Written.Length);
        _directory.Varint((ulong)count);
        _directory.Varint(points.Time[from]);
        _directory.Varint(points.Time[from + count - 1] - points.Time[from]);
        _page.Varint((ulong)count);
        _page.Varint((ulong)_chunk.Written.Length);
        _page.Raw(_chunk.Written);
    }

    private void EndPage()
    {
        if (_page.Written.IsEmpty) return;
        _pages.Bytes(0, _page.Written, true);
        _page.TakeBack(_page.Written.Length);
    }

    /// <summary>Writes the directory and the footer. The caller syncs the file.</summary>
    public (long Points, ulong FirstUnixNano, ulong LastUnixNano) Finish()
    {
        EndPage();
        var entries = _pages.Entries.ToArray();
        using var directory = new WireWriter(_directory.Written.Length + (32 * entries.Length) + 64);
        directory.Varint((ulong)entries.Length);
        foreach (var entry in entries)
        {
            directory.Varint((ulong)entry.StoredLength);
            directory.Varint((ulong)entry.RawLength);
            directory.Varint((ulong)entry.Compression);
            BinaryPrimitives.WriteUInt32LittleEndian(directory.Allocate(4), entry.Checksum);
        }
        directory.Varint((ulong)_series);
        directory.Raw(_directory.Written);
        _pages.Bytes(0, directory.Written, true);
        var page = _pages.Entries[^1];

        var footer = new byte[FooterBytes];
        BinaryPrimitives.WriteInt64LittleEndian(footer, page.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(8), page.StoredLength);
        BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(12), page.RawLength);
        BinaryPrimitives.WriteUInt32LittleEndian(footer.AsSpan(16), page.Checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(footer.AsSpan(20), (uint)page.Compression);
        BinaryPrimitives.WriteUInt32LittleEndian(footer.AsSpan(24), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(footer.AsSpan(32), XxHash3.HashToUInt64(footer.AsSpan(0, 32)));
        BinaryPrimitives.WriteUInt64LittleEndian(footer.AsSpan(40), Magic);
        _pages.Plain(footer);
        _pages.Flush();
        return (_points, _points == 0 ? 0 : _first, _last);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pages.Dispose();
        _page.Dispose();
        _directory.Dispose();
        _chunk.Dispose();
    }
}
