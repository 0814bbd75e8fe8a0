using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// The columns of one row group of a block at a time, decoded: numbers are those of the block's tables and dictionaries. What is read is checked, so that who goes through the columns
/// need not: counts agree with each other, numbers of tables are in them. (Ids of dictionaries are checked when their entries are asked for.) Keeps its buffers; not thread safe.
/// </summary>
internal sealed class RowGroupColumns(PageReader pages, BlockDirectory directory, BlockTables tables, DecodeBuffers buffers)
{
    private static long[] _zeros = new long[1 << 14];

    private readonly Values[] _columns = new Values[BlockColumn.TraceIds];
    private readonly Values[] _attributes = new Values[tables.Columns.Length];
    private readonly List<int> _presentAttributes = [];
    private int _rowGroup;

    private struct Values
    {
        public long[]? Items;
        public int Count;
    }

    /// <summary>Ids of the spans.</summary>
    public Column<ulong> SpanIds = new(0);

    /// <summary>Ids of parents that are not in their trace here, in the order of the rows that have such a parent.</summary>
    public Column<ulong> ParentsElsewhere = new(0);

    /// <summary>Traces that links lead to.</summary>
    public Column<TraceId> LinkTraceIds = new(0);

    /// <summary>Spans that links lead to.</summary>
    public Column<ulong> LinkSpanIds = new(0);

    /// <summary>Starts of the spans, Unix nanoseconds.</summary>
    public Column<ulong> Starts = new(0);

    /// <summary>Starts of the traces, Unix nanoseconds.</summary>
    public Column<ulong> TraceStarts = new(0);

    /// <summary>Spans.</summary>
    public int Rows { get; private set; }

    /// <summary>Traces.</summary>
    public int Traces { get; private set; }

    /// <summary>Events of all spans.</summary>
    public int Events { get; private set; }

    /// <summary>Links of all spans.</summary>
    public int Links { get; private set; }

    /// <summary>The block's tables.</summary>
    public BlockTables Tables => tables;

    /// <summary>Where its buffers come from; others that work on the same rows may take some, too.</summary>
    public DecodeBuffers Buffers => buffers;

    /// <summary>Memory that the decoded columns take.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Decodes a row group in place of the one before.</summary>
    /// <exception cref="CorruptDataException">A page is not what was written.</exception>
    public void Read(int rowGroup)
    {
        Release();
        _rowGroup = rowGroup;
        (Rows, Traces) = (tables.RowGroups[rowGroup].Rows, tables.RowGroups[rowGroup].Traces);
        foreach (ref readonly var page in directory.Of(rowGroup)) Decode(page);
        CheckCounts();
        AddStarts();
        CheckParents();
        CheckBelow(BlockColumn.Operation, Rows, tables.Operations.Length);
        CheckBelow(BlockColumn.Resource, Rows, tables.Batch.Resources.Count);
        CheckBelow(BlockColumn.Shape, Rows, tables.ShapeOffsets.Length - 1);
        CheckBelow(BlockColumn.EventShape, Events, tables.ShapeOffsets.Length - 1);
        CheckBelow(BlockColumn.LinkShape, Links, tables.ShapeOffsets.Length - 1);
    }

    /// <summary>Gives the buffers back; reading may go on.</summary>
    public void Release()
    {
        buffers.Give(ref SpanIds);
        buffers.Give(ref ParentsElsewhere);
        buffers.Give(ref LinkSpanIds);
        buffers.Give(ref Starts);
        buffers.Give(ref TraceStarts);
        foreach (ref var column in _columns.AsSpan()) Release(ref column);
        foreach (var attribute in _presentAttributes) Release(ref _attributes[attribute]);
        _presentAttributes.Clear();
        LinkTraceIds.Truncate(0);
        HeldBytes = 0;
    }

    private void Release(ref Values values)
    {
        if (values.Items is not null) buffers.Numbers.Give(values.Items);
        values = default;
    }

    /// <summary>A part of a column of numbers; zeroes when its page was left out.</summary>
    public ReadOnlySpan<long> Column(int column, int first, int count)
    {
        ref readonly var values = ref _columns[column];
        return values.Items is null ? Zeros(count) : values.Items.AsSpan(first, count);
    }

    /// <summary>True when all values of a column are 0.</summary>
    public bool IsZero(int column) => _columns[column].Items is null;

    /// <summary>A part of a column of attributes; zeroes when its page was left out.</summary>
    public ReadOnlySpan<long> Attribute(int column, int first, int count)
    {
        ref readonly var values = ref _attributes[column];
        if (values.Items is null) return Zeros(count);
        if (first + count > values.Count) throw Corrupt(BlockColumn.FirstAttribute + column, $"{first + count} values at least", $"{values.Count}");
        return values.Items.AsSpan(first, count);
    }

    /// <summary>The whole column that a range is of; null when its page was left out, as all values are 0.</summary>
    public long[]? Attribute(ValueRange range)
    {
        Attribute(range.Column, range.First, range.Count);
        return _attributes[range.Column].Items;
    }

    /// <summary>Says how many values a column of attributes must have.</summary>
    /// <exception cref="CorruptDataException">It has others.</exception>
    public void RequireAttribute(int column, int count)
    {
        ref readonly var values = ref _attributes[column];
        if (values.Items is not null && values.Count != count) throw Corrupt(BlockColumn.FirstAttribute + column, $"{count} values", $"{values.Count}");
    }

    private static ReadOnlySpan<long> Zeros(int count)
    {
        var zeros = _zeros;
        if (zeros.Length < count) _zeros = zeros = new long[count];
        return zeros.AsSpan(0, count);
    }

    private void Decode(in PageEntry page)
    {
        switch (page.Column)
        {
            case BlockColumn.SpanId: AddIds(page, ref SpanIds); break;
            case BlockColumn.ParentElsewhere: AddIds(page, ref ParentsElsewhere); break;
            case BlockColumn.LinkTraceId: AddRaw(page, ref LinkTraceIds); break;
            case BlockColumn.LinkSpanId: AddIds(page, ref LinkSpanIds); break;
            case >= 0 and < BlockColumn.TraceIds: Decode(page, ref _columns[page.Column]); break;
            case >= BlockColumn.FirstAttribute when page.Column - BlockColumn.FirstAttribute < _attributes.Length:
                _presentAttributes.Add(page.Column - BlockColumn.FirstAttribute);
                Decode(page, ref _attributes[page.Column - BlockColumn.FirstAttribute]);
                break;
            default: throw Corrupt(page.Column, "a column of the format or of the table of columns", $"{page.Column}");
        }
    }

    private void Decode(in PageEntry page, ref Values values)
    {
        if (values.Items is not null) throw Corrupt(page.Column, "one page", "two");
        if (page.Count < 0) throw Corrupt(page.Column, "values", $"{page.Count} of them");
        var items = buffers.Numbers.Take(page.Count);
        (values.Items, values.Count) = (items, page.Count);
        HeldBytes += items.Length * 8L;
        pages.Read(page, (items, pages.Name), static (in PageEntry e, ReadOnlySpan<byte> body, (long[] Values, string Name) state) =>
        {
            NumberDecoder.Decode(e, body, 0, state.Values.AsSpan(0, e.Count), state.Name);
            return 0;
        });
    }

    private void AddIds(in PageEntry page, ref Column<ulong> target)
    {
        if (target.Count == 0) buffers.Take(page.Count, ref target);
        AddRaw(page, ref target);
    }

    private void AddRaw<TId>(in PageEntry page, ref Column<TId> target)
        where TId : unmanaged
    {
        if (target.Count > 0) throw Corrupt(page.Column, "one page", "two");
        target.Reserve(Math.Max(0, page.Count));
        var items = target.Items;
        pages.Read(page, (items, pages.Name), static (in PageEntry e, ReadOnlySpan<byte> body, (TId[] Items, string Name) state) =>
        {
            var values = MemoryMarshal.Cast<byte, TId>(body);
            if (values.Length != e.Count) throw new CorruptDataException(state.Name, e.Offset, $"{e.Count} raw values", $"{body.Length} bytes");
            values.CopyTo(state.Items);
            return 0;
        });
        target.Count = page.Count;
        HeldBytes += (long)page.Count * System.Runtime.CompilerServices.Unsafe.SizeOf<TId>();
    }

    private void CheckCounts()
    {
        Events = Sum(BlockColumn.EventCount);
        Links = Sum(BlockColumn.LinkCount);
        for (var column = 0; column < _columns.Length; column++)
        {
            var expected = column >= BlockColumn.TraceRows ? Traces : column > BlockColumn.LinkCount ? Links : column is > BlockColumn.EventCount and < BlockColumn.LinkCount ? Events : Rows;
            if (_columns[column].Items is not null && _columns[column].Count != expected) throw Corrupt(column, $"{expected} values", $"{_columns[column].Count}");
        }
        if (SpanIds.Count != Rows) throw Corrupt(BlockColumn.SpanId, $"{Rows} values", $"{SpanIds.Count}");
        if (LinkTraceIds.Count != Links) throw Corrupt(BlockColumn.LinkTraceId, $"{Links} values", $"{LinkTraceIds.Count}");
        if (LinkSpanIds.Count != Links) throw Corrupt(BlockColumn.LinkSpanId, $"{Links} values", $"{LinkSpanIds.Count}");
    }

    private int Sum(int column)
    {
        if (IsZero(column)) return 0;
        var sum = 0L;
        foreach (var count in _columns[column].Items.AsSpan(0, _columns[column].Count))
        {
            sum += count;
            if (count < 0 || sum > int.MaxValue) throw Corrupt(column, "counts that an index can hold", $"{count}, {sum} together");
        }
        return (int)sum;
    }

    /// <summary>Makes times of the distances.</summary>
    private void AddStarts()
    {
        var traceRows = Column(BlockColumn.TraceRows, 0, Traces);
        var traceStarts = Column(BlockColumn.TraceStart, 0, Traces);
        var distances = Column(BlockColumn.Start, 0, Rows);
        buffers.Take(Rows, ref Starts);
        buffers.Take(Traces, ref TraceStarts);
        var starts = Starts.Append(Rows);
        var into = TraceStarts.Append(Traces);
        var (row, traceStart) = (0, 0UL);
        for (var t = 0; t < Traces; t++)
        {
            traceStart += (ulong)traceStarts[t];
            into[t] = traceStart;
            if (traceRows[t] <= 0 || traceRows[t] > Rows - row) throw Corrupt(BlockColumn.TraceRows, $"1 to {Rows - row} rows of trace {t}", $"{traceRows[t]}");
            var start = traceStart;
            for (var end = row + (int)traceRows[t]; row < end; row++) starts[row] = start += (ulong)distances[row];
        }
        if (row != Rows) throw Corrupt(BlockColumn.TraceRows, $"{Rows} rows", $"{row}");
        HeldBytes += 8L * (Rows + Traces);
    }

    private void CheckParents()
    {
        var elsewhere = 0;
        var codes = Column(BlockColumn.Parent, 0, Rows);
        var traceRows = Column(BlockColumn.TraceRows, 0, Traces);
        var first = 0;
        foreach (var count in traceRows)
        {
            var end = first + (int)count;
            for (var row = first; row < end; row++)
            {
                var code = codes[row];
                if (code == 1) elsewhere++;
                if (code is 0 or 1) continue;
                var parent = ParentRow(row, code);
                if (parent < first || parent >= end) throw Corrupt(BlockColumn.Parent, $"one of the rows {first} to {end - 1}", $"{parent}");
            }
            first = end;
        }
        if (elsewhere != ParentsElsewhere.Count) throw Corrupt(BlockColumn.ParentElsewhere, $"{elsewhere} values", $"{ParentsElsewhere.Count}");
    }

    /// <summary>The row that a code of column 7 points to, if it is neither 0 nor 1.</summary>
    public static long ParentRow(int row, long code) => (code & 1) == 0 ? row - (code - 2) / 2 : row + (code - 3) / 2;

    private void CheckBelow(int column, int count, int limit)
    {
        foreach (var value in Column(column, 0, count))
        {
            if ((ulong)value >= (ulong)limit) throw Corrupt(column, $"a number below {limit}", $"{value}");
        }
    }

    private CorruptDataException Corrupt(int column, string expected, string found)
    {
        var page = directory.Of(_rowGroup, column);
        return new CorruptDataException(pages.Name, page.Length == 0 ? 0 : page[0].Offset, $"{expected} in column {column} of row group {_rowGroup}", found);
    }
}
