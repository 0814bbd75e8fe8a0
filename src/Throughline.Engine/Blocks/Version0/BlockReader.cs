using System.Runtime.InteropServices;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// An open block file. Tables and per-trace values are read when they are first asked for, row groups through the store's cache. Thread safe;
/// disposed by the store when no snapshot needs it any more.
/// </summary>
internal sealed class BlockReader : IDisposable
{
    private readonly IReadableFile _file;
    private readonly BlockFooter _footer;
    private readonly RowGroupCache _cache;
    private readonly long _footerOffset;
    private readonly Lazy<(SpanBatch Tables, IReadOnlyList<OperationCount> Operations)> _tables;
    private readonly Lazy<TracePages> _traces;

    private BlockReader(string name, IReadableFile file, BlockFooter footer, long footerOffset, RowGroupCache cache)
    {
        Name = name;
        _file = file;
        _footer = footer;
        _footerOffset = footerOffset;
        _cache = cache;
        _tables = new(() => Readable(() => TablePages.Read(Pages(footer.TablesOffset, footer.TracesOffset))));
        _traces = new(() => Readable(() => TracePages.Read(Pages(footer.TracesOffset, footer.DigestsOffset))));
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name { get; }

    /// <summary>The file's length.</summary>
    public long FileBytes => _file.Length;

    /// <summary>Spans in the block.</summary>
    public long SpanCount => _footer.Spans;

    /// <summary>Traces in the block.</summary>
    public int TraceCount => _footer.Traces;

    /// <summary>Start of its earliest span.</summary>
    public ulong MinStartUnixNano => _footer.MinStartUnixNano;

    /// <summary>Start of its latest span.</summary>
    public ulong MaxStartUnixNano => _footer.MaxStartUnixNano;

    /// <summary>Opens a block. Only its footer is read and checked here.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block.</exception>
    public static BlockReader Open(IFileSystem files, string path, string name, RowGroupCache cache)
    {
        var file = files.OpenRead(path);
        try
        {
            var (footer, offset) = BlockFooter.Read(file, name);
            return new BlockReader(name, file, footer, offset, cache);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The requests that its spans came with.</summary>
    public RequestDigest[] ReadDigests() => Readable(() => MemoryMarshal.Cast<byte, RequestDigest>(Pages(_footer.DigestsOffset, _footerOffset).Bytes()).ToArray());

    /// <summary>Loads a row group. The answer is immutable and may be shared.</summary>
    public SegmentRows Load(int part, ColumnGroups groups) => Readable(() => LoadRows(part, groups));

    private static T Readable<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CorruptDataException or IOException)
        {
            throw new UnreadableSegmentException(e.Message, e);
        }
    }

    private SegmentRows LoadRows(int part, ColumnGroups groups)
    {
        groups |= ColumnGroups.Core;
        if (_cache.TryGet(this, part, RowGroupCache.NoKey, out var loaded, out var rows, out var traceOrdinal) && (loaded & groups) == groups) return new SegmentRows(rows, traceOrdinal);
        var entry = _footer.RowGroups[part];
        // A new batch with the columns that were decoded before: others may be reading the old one.
        rows = loaded == 0 ? SpanGather.WithTablesOf(_tables.Value.Tables) : rows.Snapshot();
        var missing = groups & ~loaded;
        if ((missing & ColumnGroups.Core) != 0)
        {
            traceOrdinal = TraceOrdinals(entry, out var ids, out var starts);
            RowGroupPages.ReadCore(Pages(entry, ColumnGroups.Core), ids, starts, rows);
        }
        if ((missing & ColumnGroups.Rest) != 0) RowGroupPages.ReadRest(Pages(entry, ColumnGroups.Rest), rows);
        if ((missing & ColumnGroups.Attributes) != 0) (rows.Attributes, rows.AttributeOffset) = AttributePages.Read(Pages(entry, ColumnGroups.Attributes));
        if ((missing & ColumnGroups.EventsAndLinks) != 0) RowGroupPages.ReadEventsAndLinks(Pages(entry, ColumnGroups.EventsAndLinks), rows);
        _cache.Put(this, part, RowGroupCache.NoKey, loaded | groups, rows, traceOrdinal);
        return new SegmentRows(rows, traceOrdinal);
    }

    private int[] TraceOrdinals(RowGroupEntry entry, out TraceId[] ids, out ulong[] starts)
    {
        var traces = _traces.Value;
        var ordinals = new int[entry.Rows];
        ids = new TraceId[entry.Rows];
        starts = new ulong[entry.Rows];
        var row = 0;
        for (var t = entry.FirstTrace; t < entry.FirstTrace + entry.Traces; t++)
        {
            var count = traces.Spans[t];
            ordinals.AsSpan(row, count).Fill(t);
            ids.AsSpan(row, count).Fill(traces.Id[t]);
            starts.AsSpan(row, count).Fill(traces.Start[t]);
            row += count;
        }
        return ordinals;
    }

    private PageCursor Pages(RowGroupEntry entry, ColumnGroups group)
    {
        var (offset, length) = entry.Range(group);
        return Pages(offset, offset + length);
    }

    private PageCursor Pages(long from, long to)
    {
        var bytes = new byte[to - from];
        _file.ReadExactly(from, bytes);
        return new PageCursor(Name, from, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
