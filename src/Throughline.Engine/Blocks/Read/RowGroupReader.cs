using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// Reads whole row groups of a block as batches: what compaction and checks need. (Queries read single columns.) Keeps its buffers; not thread safe.
/// </summary>
/// <param name="pages">The file.</param>
/// <param name="directory">The block's directory.</param>
/// <param name="tables">The block's tables.</param>
/// <param name="traceIds">The ids of all traces of the block, in order.</param>
/// <param name="scratch">Buffers that several readers may share, one after another.</param>
internal sealed class RowGroupReader(PageReader pages, BlockDirectory directory, BlockTables tables, ReadOnlyMemory<TraceId> traceIds, RowGroupScratch scratch)
{
    private const long TextBytes = 24L << 20;

    /// <summary>Memory of texts that a batch keeps from row group to row group, which have about 5 MB of them.</summary>
    private const int KeptBytes = 16 << 20;

    private readonly DictionaryTexts _texts = new(pages, directory, TextBytes);
    private readonly Values[] _columns = new Values[tables.Columns.Length];
    private readonly int[] _shapes = new int[tables.ShapeOffsets.Length - 1];
    private readonly List<int> _members = [];

    /// <summary>
    /// Fills a batch, which is cleared before, with the rows of a row group in their order; answers the rows of each trace. The batch shares the block's tables of resources and scopes: nobody may append to it.
    /// </summary>
    /// <exception cref="CorruptDataException">A page is not what was written.</exception>
    public int[] Read(int rowGroup, SpanBatch into)
    {
        var facts = tables.RowGroups[rowGroup];
        scratch.Begin();
        Begin(into);
        var traceRows = Ints(rowGroup, BlockColumn.TraceRows, facts.Traces);
        ReadCore(rowGroup, facts, traceRows, into);
        ReadIds(rowGroup, facts.Rows, into);
        ReadRest(rowGroup, facts.Rows, into);
        ReadAttributes(rowGroup, AttributeOwner.Span, BlockColumn.Shape, facts.Rows, into, into.Attributes, ref into.AttributeOffset, ref into.Shape);
        ReadEvents(rowGroup, facts.Rows, into);
        ReadLinks(rowGroup, facts.Rows, into);
        return traceRows;
    }

    /// <summary>Gives back the memory of decoded texts; reading may go on.</summary>
    public void Trim() => _texts.Clear();

    private void Begin(SpanBatch into)
    {
        (into.Resources, into.Scopes) = (new ResourceTable(), new ScopeTable());
        into.Clear(KeptBytes);
        (into.Resources, into.Scopes) = (tables.Batch.Resources, tables.Batch.Scopes);
        // The block's strings and blobs come first, so that they keep their numbers.
        for (var id = 0; id < tables.Batch.Strings.Count; id++) into.Strings.GetOrAdd(tables.Batch.Strings[id]);
        for (var id = 0; id < tables.Batch.Blobs.Count; id++) into.Blobs.GetOrAdd(tables.Batch.Blobs[id]);
        for (var shape = 0; shape < _shapes.Length; shape++)
        {
            _members.Clear();
            foreach (var member in tables.ShapeMembers.AsSpan(tables.ShapeOffsets[shape]..tables.ShapeOffsets[shape + 1]))
            {
                var column = tables.Columns[member - BlockColumn.FirstAttribute];
                _members.Add(ShapeTable.MemberOf(column.Key, column.Type));
            }
            // Shapes of spans and of events may be one in a batch, as its shapes know keys and no columns.
            _shapes[shape] = into.Shapes.GetOrAdd(CollectionsMarshal.AsSpan(_members));
        }
    }

    private void ReadCore(int rowGroup, RowGroupFacts facts, int[] traceRows, SpanBatch into)
    {
        var rows = facts.Rows;
        var firstTrace = 0;
        for (var i = 0; i < rowGroup; i++) firstTrace += tables.RowGroups[i].Traces;
        var traceStarts = Longs(rowGroup, BlockColumn.TraceStart, facts.Traces);
        var starts = Longs(rowGroup, BlockColumn.Start, rows);
        var (row, traceStart) = (0, 0UL);
        for (var t = 0; t < traceRows.Length; t++)
        {
            traceStart += (ulong)traceStarts[t];
            var (start, id) = (traceStart, traceIds.Span[firstTrace + t]);
            for (var i = 0; i < traceRows[t]; i++)
            {
                start += (ulong)starts[row++];
                into.TraceId.Add(id);
                into.StartUnixNano.Add(start);
            }
        }
        if (row != rows) throw Corrupt(rowGroup, BlockColumn.TraceRows, $"{rows} rows", $"{row}");
        var ends = Longs(rowGroup, BlockColumn.End, rows);
        var operations = Longs(rowGroup, BlockColumn.Operation, rows);
        for (var i = 0; i < rows; i++)
        {
            into.EndUnixNano.Add(into.StartUnixNano[i] + (ulong)ends[i]);
            if ((ulong)operations[i] >= (ulong)tables.Operations.Length) throw Corrupt(rowGroup, BlockColumn.Operation, $"one of {tables.Operations.Length} operations", $"{operations[i]}");
            var operation = tables.Operations[operations[i]];
            into.Name.Add(operation.Name);
            into.Kind.Add(operation.Kind);
            into.Scope.Add(operation.Scope);
        }
        AddInts(rowGroup, BlockColumn.Status, rows, ref into.Status);
        AddInts(rowGroup, BlockColumn.Resource, rows, ref into.Resource);
        foreach (var marks in Longs(rowGroup, BlockColumn.Marks, rows)) into.Marks.Add((byte)marks);
    }

    private void ReadIds(int rowGroup, int rows, SpanBatch into)
    {
        AddRaw(rowGroup, BlockColumn.SpanId, rows, ref into.SpanId);
        var elsewhere = new Column<ulong>(0);
        var elsewherePages = directory.Of(rowGroup, BlockColumn.ParentElsewhere);
        if (elsewherePages.Length > 0) AddRaw(rowGroup, BlockColumn.ParentElsewhere, elsewherePages[0].Count, ref elsewhere);
        var codes = Longs(rowGroup, BlockColumn.Parent, rows);
        var next = 0;
        for (var i = 0; i < rows; i++)
        {
            var code = codes[i];
            if (code is 0 or 1)
            {
                if (code == 1 && next >= elsewhere.Count) throw Corrupt(rowGroup, BlockColumn.ParentElsewhere, "another parent", $"{next} in all");
                into.ParentSpanId.Add(code == 0 ? 0 : elsewhere[next++]);
                continue;
            }
            var at = (code & 1) == 0 ? i - (code - 2) / 2 : i + (code - 3) / 2;
            if ((ulong)at >= (ulong)rows) throw Corrupt(rowGroup, BlockColumn.Parent, $"a row below {rows}", $"{at}");
            into.ParentSpanId.Add(into.SpanId[(int)at]);
        }
    }

    private void ReadRest(int rowGroup, int rows, SpanBatch into)
    {
        AddTexts(rowGroup, BlockColumn.StatusMessage, rows, into, ref into.StatusMessage);
        AddTexts(rowGroup, BlockColumn.TraceState, rows, into, ref into.TraceState);
        AddUInts(rowGroup, BlockColumn.Flags, rows, ref into.Flags);
        AddUInts(rowGroup, BlockColumn.DroppedAttributes, rows, ref into.DroppedAttributes);
        AddUInts(rowGroup, BlockColumn.DroppedEvents, rows, ref into.DroppedEvents);
        AddUInts(rowGroup, BlockColumn.DroppedLinks, rows, ref into.DroppedLinks);
    }

    private void ReadEvents(int rowGroup, int rows, SpanBatch into)
    {
        var count = AddOffsets(rowGroup, BlockColumn.EventCount, rows, ref into.EventOffset);
        if (count == 0) return;
        var events = into.Events;
        var times = Longs(rowGroup, BlockColumn.EventTime, count);
        for (var row = 0; row < rows; row++)
        {
            for (var e = into.EventOffset[row]; e < into.EventOffset[row + 1]; e++) events.TimeUnixNano.Add(into.StartUnixNano[row] + (ulong)times[e]);
        }
        AddTexts(rowGroup, BlockColumn.EventName, count, into, ref events.Name);
        AddUInts(rowGroup, BlockColumn.EventDroppedAttributes, count, ref events.DroppedAttributes);
        ReadAttributes(rowGroup, AttributeOwner.Event, BlockColumn.EventShape, count, into, events.Attributes, ref events.AttributeOffset, ref events.Shape);
    }

    private void ReadLinks(int rowGroup, int rows, SpanBatch into)
    {
        var count = AddOffsets(rowGroup, BlockColumn.LinkCount, rows, ref into.LinkOffset);
        if (count == 0) return;
        var links = into.Links;
        AddRaw(rowGroup, BlockColumn.LinkTraceId, count, ref links.TraceId);
        AddRaw(rowGroup, BlockColumn.LinkSpanId, count, ref links.SpanId);
        AddTexts(rowGroup, BlockColumn.LinkTraceState, count, into, ref links.TraceState);
        AddUInts(rowGroup, BlockColumn.LinkFlags, count, ref links.Flags);
        AddUInts(rowGroup, BlockColumn.LinkDroppedAttributes, count, ref links.DroppedAttributes);
        ReadAttributes(rowGroup, AttributeOwner.Link, BlockColumn.LinkShape, count, into, links.Attributes, ref links.AttributeOffset, ref links.Shape);
    }

    private void ReadAttributes(int rowGroup, AttributeOwner owner, int shapeColumn, int owners, SpanBatch into, AttributeColumns attributes, ref Column<int> offsets, ref Column<int> shapeNumbers)
    {
        foreach (var page in directory.Of(rowGroup))
        {
            if (page.Column >= BlockColumn.FirstAttribute && tables.Columns[page.Column - BlockColumn.FirstAttribute].Owner == owner) ReadValues(page, into);
        }
        foreach (var shape in Longs(rowGroup, shapeColumn, owners))
        {
            if ((ulong)shape >= (ulong)(tables.ShapeOffsets.Length - 1)) throw Corrupt(rowGroup, shapeColumn, $"one of {tables.ShapeOffsets.Length - 1} shapes", $"{shape}");
            for (var m = tables.ShapeOffsets[shape]; m < tables.ShapeOffsets[shape + 1]; m++)
            {
                var column = tables.ShapeMembers[m] - BlockColumn.FirstAttribute;
                var facts = tables.Columns[column];
                ref var values = ref _columns[column];
                attributes.Add(facts.Key, facts.Type, values.Next < values.Count ? values.Items[values.Next] : ZeroOf(column, into));
                values.Next++;
            }
            offsets.Add(attributes.Count);
            shapeNumbers.Add(_shapes[(int)shape]);
        }
        for (var column = 0; column < _columns.Length; column++)
        {
            ref var values = ref _columns[column];
            if (tables.Columns[column].Owner != owner) continue;
            if (values.Count != 0 && values.Next != values.Count) throw Corrupt(rowGroup, BlockColumn.FirstAttribute + column, $"{values.Next} values", $"{values.Count}");
            (values.Count, values.Next) = (0, 0);
        }
    }

    /// <summary>Values of a column of attributes in the present row group; those of texts and blobs are numbers of the batch.</summary>
    private struct Values
    {
        public long[] Items;
        public int Count;
        public int Next;
    }

    private void ReadValues(in PageEntry page, SpanBatch into)
    {
        ref var values = ref _columns[page.Column - BlockColumn.FirstAttribute];
        values.Items = scratch.Take(page.Count);
        (values.Count, values.Next) = (page.Count, 0);
        Decode(page, values.Items);
        var decoded = values.Items.AsSpan(0, page.Count);
        if (TextsOf(page.Column - BlockColumn.FirstAttribute, into) is { } texts) ToNumbers(page.Column, 0, decoded, texts);
    }

    /// <summary>Where the texts or blobs of a column of attributes go; null for numbers.</summary>
    private ByteDictionary? TextsOf(int column, SpanBatch into) => tables.Columns[column].Type switch
    {
        AttributeType.String => into.Strings,
        AttributeType.Array or AttributeType.KvList or AttributeType.Bytes => into.Blobs,
        _ => null,
    };

    /// <summary>A value of a column whose page was left out, since all are 0.</summary>
    private long ZeroOf(int column, SpanBatch into) =>
        TextsOf(column, into) is { } texts ? texts.GetOrAdd(_texts.Entry(BlockColumn.FirstAttribute + column, 0)) : 0;

    /// <summary>Replaces ids of a column's dictionary, which begin at <paramref name="firstNumber"/>, by the batch's numbers of their entries. Each is looked up once.</summary>
    private void ToNumbers(int column, int firstNumber, Span<long> values, ByteDictionary into)
    {
        var (min, max) = (long.MaxValue, long.MinValue);
        foreach (var value in values)
        {
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }
        if (max - min > Math.Max(1024, 4L * values.Length))
        {
            ToNumbersFarApart(column, firstNumber, values, into);
            return;
        }
        if (values.IsEmpty) return;
        var range = (int)(max - min + 1);
        var numbers = scratch.Numbers(range);
        foreach (ref var value in values)
        {
            ref var number = ref numbers[(int)(value - min)];
            if (number < 0) number = NumberOf(column, firstNumber, value, into);
            value = number;
        }
    }

    private void ToNumbersFarApart(int column, int firstNumber, Span<long> values, ByteDictionary into)
    {
        scratch.Memo.Clear();
        foreach (ref var value in values)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(scratch.Memo, value, out var known);
            if (!known) number = NumberOf(column, firstNumber, value, into);
            value = number;
        }
    }

    private int NumberOf(int column, int firstNumber, long value, ByteDictionary into) =>
        into.GetOrAdd(value < firstNumber ? [] : _texts.Entry(column, value - firstNumber));

    private void AddTexts(int rowGroup, int column, int count, SpanBatch into, ref Column<int> texts)
    {
        var values = Longs(rowGroup, column, count);
        ToNumbers(column, 1, values, into.Strings);
        texts.Reserve(count);
        foreach (var value in values) texts.Add((int)value);
    }

    private int AddOffsets(int rowGroup, int column, int rows, ref Column<int> offsets)
    {
        var end = 0L;
        foreach (var count in Longs(rowGroup, column, rows)) offsets.Add((int)(end += count));
        if (end is < 0 or > int.MaxValue) throw Corrupt(rowGroup, column, "counts that an index can hold", $"{end}");
        return (int)end;
    }

    private void AddInts(int rowGroup, int column, int count, ref Column<int> target)
    {
        foreach (var value in Longs(rowGroup, column, count)) target.Add((int)value);
    }

    private void AddUInts(int rowGroup, int column, int count, ref Column<uint> target)
    {
        foreach (var value in Longs(rowGroup, column, count)) target.Add((uint)value);
    }

    private int[] Ints(int rowGroup, int column, int count)
    {
        var values = Longs(rowGroup, column, count);
        var ints = new int[count];
        for (var i = 0; i < ints.Length; i++) ints[i] = (int)values[i];
        return ints;
    }

    /// <summary>The values of a column; valid until the next row group is read.</summary>
    private Span<long> Longs(int rowGroup, int column, int count)
    {
        var values = scratch.Take(count);
        var found = directory.Of(rowGroup, column);
        if (found.Length == 0)
        {
            Array.Clear(values, 0, count);
        }
        else
        {
            if (found[0].Count != count) throw Corrupt(rowGroup, column, $"{count} values", $"{found[0].Count}");
            Decode(found[0], values);
        }
        return values.AsSpan(0, count);
    }

    private void Decode(in PageEntry page, long[] values) =>
        pages.Read(page, (values, pages.Name), static (in PageEntry e, ReadOnlySpan<byte> body, (long[] Values, string Name) state) =>
        {
            NumberDecoder.Decode(e, body, 0, state.Values.AsSpan(0, e.Count), state.Name);
            return 0;
        });

    private void AddRaw<T>(int rowGroup, int column, int count, ref Column<T> target)
        where T : unmanaged
    {
        var found = directory.Of(rowGroup, column);
        if ((found.Length == 0 ? 0 : found[0].Count) != count) throw Corrupt(rowGroup, column, $"{count} values", $"{(found.Length == 0 ? 0 : found[0].Count)}");
        if (count == 0) return;
        target.Reserve(count);
        var items = target.Items;
        var first = target.Count;
        pages.Read(found[0], (items, first, pages.Name), static (in PageEntry e, ReadOnlySpan<byte> body, (T[] Items, int First, string Name) state) =>
        {
            var values = MemoryMarshal.Cast<byte, T>(body);
            if (values.Length != e.Count) throw new CorruptDataException(state.Name, e.Offset, $"{e.Count} raw values", $"{body.Length} bytes");
            values.CopyTo(state.Items.AsSpan(state.First));
            return 0;
        });
        target.Count += count;
    }

    private CorruptDataException Corrupt(int rowGroup, int column, string expected, string found)
    {
        var page = directory.Of(rowGroup, column);
        return new CorruptDataException(pages.Name, page.Length == 0 ? 0 : page[0].Offset, $"{expected} in column {column} of row group {rowGroup}", found);
    }
}
