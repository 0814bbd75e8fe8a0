using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// Reads rows of a block's row groups as batches: what checks need, and compaction where traces must be put together. (Queries read single columns.) Keeps its buffers; not thread safe.
/// </summary>
/// <param name="columns">Decodes the row groups; the caller may read them, too.</param>
/// <param name="texts">The block's dictionaries.</param>
/// <param name="traceIds">The ids of all traces of the block, in order.</param>
internal sealed class RowGroupReader(RowGroupColumns columns, DictionaryTexts texts, ReadOnlyMemory<TraceId> traceIds)
{
    /// <summary>Memory of texts that a batch keeps from row group to row group, which have about 5 MB of them.</summary>
    private const int KeptBytes = 16 << 20;

    /// <summary>Memory of decoded dictionaries that a reader needs so as not to decode them twice.</summary>
    public const long TextBytes = 4L << 20;

    private readonly BlockTables _tables = columns.Tables;
    private readonly RowGroupCursor _cursor = new(columns);
    private readonly int[] _shapes = new int[columns.Tables.ShapeOffsets.Length - 1];
    private readonly ValueNumbers[] _values = new ValueNumbers[columns.Tables.Columns.Length];
    private readonly TextNumbers _numbers = new(texts);
    private readonly List<int> _members = [];

    /// <summary>Values of a column of attributes in the present rows; those of texts and blobs are numbers of the batch.</summary>
    private struct ValueNumbers
    {
        public long[]? Items;
        public int Next;
    }

    /// <summary>The columns of the row group that was read last.</summary>
    public RowGroupColumns Columns => columns;

    /// <summary>The block's dictionaries.</summary>
    public DictionaryTexts Texts => texts;

    /// <summary>A reader of one block for itself.</summary>
    public static RowGroupReader Of(BlockFile block, BlockTables tables, ReadOnlyMemory<TraceId> traceIds) =>
        Of(block, tables, traceIds, new DecodeBuffers());

    private static RowGroupReader Of(BlockFile block, BlockTables tables, ReadOnlyMemory<TraceId> traceIds, DecodeBuffers buffers) =>
        new(new RowGroupColumns(block.Pages, block.Directory, tables, buffers), new DictionaryTexts(block.Pages, block.Directory, TextBytes, buffers), traceIds);

    /// <summary>Fills a batch, which is begun, with the rows of a row group in their order; answers the rows of each trace.</summary>
    /// <exception cref="CorruptDataException">A page is not what was written.</exception>
    public int[] Read(int rowGroup, SpanBatch into)
    {
        columns.Read(rowGroup);
        Begin(into);
        _cursor.Begin();
        Append(rowGroup, _cursor.Take(columns.Traces), into);
        _cursor.End();
        var rows = new int[columns.Traces];
        var counts = columns.Column(BlockColumn.TraceRows, 0, rows.Length);
        for (var i = 0; i < rows.Length; i++) rows[i] = (int)counts[i];
        return rows;
    }

    /// <summary>Makes a batch ready for rows of the block. It shares the block's tables of resources and scopes: nobody else may append to it.</summary>
    public void Begin(SpanBatch into)
    {
        (into.Resources, into.Scopes) = (new ResourceTable(), new ScopeTable());
        into.Clear(KeptBytes);
        (into.Resources, into.Scopes) = (_tables.Batch.Resources, _tables.Batch.Scopes);
        // The block's strings and blobs come first, so that they keep their numbers.
        for (var id = 0; id < _tables.Batch.Strings.Count; id++) into.Strings.GetOrAdd(_tables.Batch.Strings[id]);
        for (var id = 0; id < _tables.Batch.Blobs.Count; id++) into.Blobs.GetOrAdd(_tables.Batch.Blobs[id]);
        for (var shape = 0; shape < _shapes.Length; shape++)
        {
            _members.Clear();
            foreach (var member in _tables.ShapeMembers.AsSpan(_tables.ShapeOffsets[shape].._tables.ShapeOffsets[shape + 1]))
            {
                var column = _tables.Columns[member - BlockColumn.FirstAttribute];
                _members.Add(ShapeTable.MemberOf(column.Key, column.Type));
            }
            // Shapes of spans and of events may be one in a batch, as its shapes know keys and no columns.
            _shapes[shape] = into.Shapes.GetOrAdd(CollectionsMarshal.AsSpan(_members));
        }
    }

    /// <summary>Appends the rows of traces of the row group that <paramref name="rowGroup"/> names and that is decoded.</summary>
    public void Append(int rowGroup, RowRun run, SpanBatch into)
    {
        var first = into.RowCount;
        AddCore(rowGroup, run, into);
        AddParents(run, first, into);
        AddTexts(BlockColumn.StatusMessage, run.FirstRow, run.Rows, into.Strings, ref into.StatusMessage);
        AddTexts(BlockColumn.TraceState, run.FirstRow, run.Rows, into.Strings, ref into.TraceState);
        Add(BlockColumn.Flags, run.FirstRow, run.Rows, ref into.Flags);
        Add(BlockColumn.DroppedAttributes, run.FirstRow, run.Rows, ref into.DroppedAttributes);
        Add(BlockColumn.DroppedEvents, run.FirstRow, run.Rows, ref into.DroppedEvents);
        Add(BlockColumn.DroppedLinks, run.FirstRow, run.Rows, ref into.DroppedLinks);
        foreach (var range in run.Values) TakeValues(range, into);
        AddAttributes(columns.Column(BlockColumn.Shape, run.FirstRow, run.Rows), into.Attributes, ref into.AttributeOffset, ref into.Shape);
        AddEvents(run, first, into);
        AddLinks(run, into);
        foreach (var range in run.Values) GiveValues(range);
    }

    private void AddCore(int rowGroup, RowRun run, SpanBatch into)
    {
        var firstTrace = run.FirstTrace;
        for (var i = 0; i < rowGroup; i++) firstTrace += _tables.RowGroups[i].Traces;
        foreach (var count in columns.Column(BlockColumn.TraceRows, run.FirstTrace, run.Traces)) into.TraceId.Append((int)count).Fill(traceIds.Span[firstTrace++]);
        var starts = columns.Starts.Span.Slice(run.FirstRow, run.Rows);
        into.SpanId.AddRange(columns.SpanIds.Span.Slice(run.FirstRow, run.Rows));
        into.StartUnixNano.AddRange(starts);
        var lengths = columns.Column(BlockColumn.End, run.FirstRow, run.Rows);
        var ends = into.EndUnixNano.Append(run.Rows);
        for (var i = 0; i < ends.Length; i++) ends[i] = starts[i] + (ulong)lengths[i];
        var names = into.Name.Append(run.Rows);
        var kinds = into.Kind.Append(run.Rows);
        var scopes = into.Scope.Append(run.Rows);
        var operations = columns.Column(BlockColumn.Operation, run.FirstRow, run.Rows);
        for (var i = 0; i < names.Length; i++)
        {
            ref readonly var operation = ref _tables.Operations[operations[i]];
            (names[i], kinds[i], scopes[i]) = (operation.Name, operation.Kind, operation.Scope);
        }
        Add(BlockColumn.Status, run.FirstRow, run.Rows, ref into.Status);
        Add(BlockColumn.Resource, run.FirstRow, run.Rows, ref into.Resource);
        Add(BlockColumn.Marks, run.FirstRow, run.Rows, ref into.Marks);
    }

    private void AddParents(RowRun run, int first, SpanBatch into)
    {
        var codes = columns.Column(BlockColumn.Parent, run.FirstRow, run.Rows);
        var parents = into.ParentSpanId.Append(run.Rows);
        var elsewhere = run.FirstElsewhere;
        for (var i = 0; i < codes.Length; i++)
        {
            parents[i] = codes[i] switch
            {
                0 => 0,
                1 => columns.ParentsElsewhere[elsewhere++],
                var code => into.SpanId[first + (int)RowGroupColumns.ParentRow(i, code)],
            };
        }
    }

    private void AddEvents(RowRun run, int first, SpanBatch into)
    {
        var firstEvent = into.Events.Count;
        AddOffsets(BlockColumn.EventCount, run, ref into.EventOffset);
        if (run.Events == 0) return;
        var events = into.Events;
        var times = columns.Column(BlockColumn.EventTime, run.FirstEvent, run.Events);
        for (var row = first; row < into.RowCount; row++)
        {
            for (var e = into.EventOffset[row]; e < into.EventOffset[row + 1]; e++) events.TimeUnixNano.Add(into.StartUnixNano[row] + (ulong)times[e - firstEvent]);
        }
        AddTexts(BlockColumn.EventName, run.FirstEvent, run.Events, into.Strings, ref events.Name);
        Add(BlockColumn.EventDroppedAttributes, run.FirstEvent, run.Events, ref events.DroppedAttributes);
        AddAttributes(columns.Column(BlockColumn.EventShape, run.FirstEvent, run.Events), events.Attributes, ref events.AttributeOffset, ref events.Shape);
    }

    private void AddLinks(RowRun run, SpanBatch into)
    {
        AddOffsets(BlockColumn.LinkCount, run, ref into.LinkOffset);
        if (run.Links == 0) return;
        var links = into.Links;
        links.TraceId.AddRange(columns.LinkTraceIds.Span.Slice(run.FirstLink, run.Links));
        links.SpanId.AddRange(columns.LinkSpanIds.Span.Slice(run.FirstLink, run.Links));
        AddTexts(BlockColumn.LinkTraceState, run.FirstLink, run.Links, into.Strings, ref links.TraceState);
        Add(BlockColumn.LinkFlags, run.FirstLink, run.Links, ref links.Flags);
        Add(BlockColumn.LinkDroppedAttributes, run.FirstLink, run.Links, ref links.DroppedAttributes);
        AddAttributes(columns.Column(BlockColumn.LinkShape, run.FirstLink, run.Links), links.Attributes, ref links.AttributeOffset, ref links.Shape);
    }

    private void AddAttributes(ReadOnlySpan<long> shapes, AttributeColumns attributes, ref Column<int> offsets, ref Column<int> shapeNumbers)
    {
        foreach (var shape in shapes)
        {
            var members = _tables.ShapeMembers.AsSpan(_tables.ShapeOffsets[shape].._tables.ShapeOffsets[shape + 1]);
            attributes.Append(members.Length, out var keys, out var types, out var values);
            for (var m = 0; m < members.Length; m++)
            {
                var column = members[m] - BlockColumn.FirstAttribute;
                ref var from = ref _values[column];
                keys[m] = _tables.Columns[column].Key;
                types[m] = (byte)_tables.Columns[column].Type;
                values[m] = from.Items![from.Next++];
            }
            offsets.Add(attributes.Count);
            shapeNumbers.Add(_shapes[(int)shape]);
        }
    }

    private void TakeValues(ValueRange range, SpanBatch into)
    {
        var items = columns.Buffers.Numbers.Take(range.Count);
        _values[range.Column] = new ValueNumbers { Items = items };
        var values = columns.Attribute(range.Column, range.First, range.Count);
        switch (_tables.Columns[range.Column].Type)
        {
            case AttributeType.String: _numbers.Of(BlockColumn.FirstAttribute + range.Column, 0, values, items, into.Strings); break;
            case AttributeType.Array or AttributeType.KvList or AttributeType.Bytes: _numbers.Of(BlockColumn.FirstAttribute + range.Column, 0, values, items, into.Blobs); break;
            default: values.CopyTo(items); break;
        }
    }

    private void GiveValues(ValueRange range)
    {
        columns.Buffers.Numbers.Give(_values[range.Column].Items!);
        _values[range.Column] = default;
    }

    private void AddTexts(int column, int first, int count, ByteDictionary into, ref Column<int> target)
    {
        var numbers = columns.Buffers.Numbers.Take(count);
        _numbers.Of(column, 1, columns.Column(column, first, count), numbers, into);
        var added = target.Append(count);
        for (var i = 0; i < added.Length; i++) added[i] = (int)numbers[i];
        columns.Buffers.Numbers.Give(numbers);
    }

    private void AddOffsets(int column, RowRun run, ref Column<int> offsets)
    {
        var end = offsets[offsets.Count - 1];
        foreach (var count in columns.Column(column, run.FirstRow, run.Rows)) offsets.Add(end += (int)count);
    }

    private void Add<T>(int column, int first, int count, ref Column<T> target)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        var from = columns.Column(column, first, count);
        var added = target.Append(count);
        for (var i = 0; i < added.Length; i++) added[i] = T.CreateTruncating(from[i]);
    }
}
