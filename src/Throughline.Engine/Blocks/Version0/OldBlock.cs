using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>An open block file of format version 0, for reading it whole, row group by row group. One owner; not thread safe.</summary>
internal sealed class OldBlock : IDisposable
{
    private readonly IReadableFile _file;
    private readonly BlockFooter _footer;
    private readonly long _footerOffset;
    private readonly SpanBatch _tables;
    private readonly TracePages _traces;

    private OldBlock(string name, IReadableFile file)
    {
        Name = name;
        _file = file;
        (_footer, _footerOffset) = BlockFooter.Read(file, name);
        _tables = TablePages.Read(Pages(_footer.TablesOffset, _footer.TracesOffset));
        _traces = TracePages.Read(Pages(_footer.TracesOffset, _footer.DigestsOffset));
        var traces = _footer.RowGroups.Sum(g => (long)g.Traces);
        if (traces != _traces.Id.Length) throw new CorruptDataException(name, _footerOffset, $"row groups of {_traces.Id.Length} traces", $"{traces}");
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name { get; }

    /// <summary>Spans in the block.</summary>
    public long SpanCount => _footer.Spans;

    /// <summary>Start of its earliest span.</summary>
    public ulong MinStartUnixNano => _footer.MinStartUnixNano;

    /// <summary>Start of its latest span.</summary>
    public ulong MaxStartUnixNano => _footer.MaxStartUnixNano;

    /// <summary>Number of row groups.</summary>
    public int RowGroups => _footer.RowGroups.Length;

    /// <summary>The ids of all traces, in order.</summary>
    public ReadOnlySpan<TraceId> TraceIds => _traces.Id;

    /// <summary>Opens a block; footer, tables and the values of traces are read and checked.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block of version 0.</exception>
    public static OldBlock Open(IFileSystem files, string path, string name)
    {
        var file = files.OpenRead(path);
        try
        {
            return new OldBlock(name, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The requests that its spans came with.</summary>
    public RequestDigest[] ReadDigests() => MemoryMarshal.Cast<byte, RequestDigest>(Pages(_footer.DigestsOffset, _footerOffset).Bytes()).ToArray();

    /// <summary>The rows of a row group, which share the block's dictionaries and tables, and the number of rows of each of its traces.</summary>
    /// <exception cref="CorruptDataException">A page is not what was written.</exception>
    public SpanBatch ReadRowGroup(int rowGroup, out ReadOnlySpan<int> traceRows)
    {
        var entry = _footer.RowGroups[rowGroup];
        traceRows = _traces.Spans.AsSpan(entry.FirstTrace, entry.Traces);
        var (ids, starts) = (new TraceId[entry.Rows], new ulong[entry.Rows]);
        var row = 0;
        for (var i = 0; i < traceRows.Length; i++)
        {
            var count = traceRows[i];
            if (count < 0 || count > entry.Rows - row) throw new CorruptDataException(Name, entry.CoreOffset, $"traces of {entry.Rows} rows", $"one of {count} behind {row}");
            ids.AsSpan(row, count).Fill(_traces.Id[entry.FirstTrace + i]);
            starts.AsSpan(row, count).Fill(_traces.Start[entry.FirstTrace + i]);
            row += count;
        }
        if (row != entry.Rows) throw new CorruptDataException(Name, entry.CoreOffset, $"traces of {entry.Rows} rows", $"{row}");
        var rows = SpanGather.WithTablesOf(_tables);
        RowGroupPages.ReadCore(Pages(entry.CoreOffset, entry.RestOffset), ids, starts, rows);
        RowGroupPages.ReadRest(Pages(entry.RestOffset, entry.AttributesOffset), rows);
        (rows.Attributes, rows.AttributeOffset) = AttributePages.Read(Pages(entry.AttributesOffset, entry.EventsOffset));
        RowGroupPages.ReadEventsAndLinks(Pages(entry.EventsOffset, entry.EndOffset), rows);
        rows.Shape = Shapes(rows.Attributes, rows.AttributeOffset, rows.Shapes);
        rows.Events.Shape = Shapes(rows.Events.Attributes, rows.Events.AttributeOffset, rows.Shapes);
        rows.Links.Shape = Shapes(rows.Links.Attributes, rows.Links.AttributeOffset, rows.Shapes);
        return rows;
    }

    /// <summary>The shape of each owner's attributes, which the writer of the present version asks for.</summary>
    private static Column<int> Shapes(AttributeColumns attributes, Column<int> offsets, ShapeTable shapes)
    {
        var numbers = new int[offsets.Count - 1];
        var members = new List<int>();
        for (var owner = 0; owner < numbers.Length; owner++)
        {
            members.Clear();
            for (var i = offsets[owner]; i < offsets[owner + 1]; i++) members.Add(ShapeTable.MemberOf(attributes.Key[i], (AttributeType)attributes.Type[i]));
            numbers[owner] = shapes.GetOrAdd(CollectionsMarshal.AsSpan(members));
        }
        return new Column<int>(numbers);
    }

    private PageCursor Pages(long from, long to)
    {
        if (from < BlockFooter.HeaderBytes || to < from || to > _footerOffset || to - from > Array.MaxLength)
            throw new CorruptDataException(Name, _footerOffset, $"pages between the header and {_footerOffset}", $"pages from {from} to {to}");
        var bytes = new byte[to - from];
        _file.ReadExactly(from, bytes);
        return new PageCursor(Name, from, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
