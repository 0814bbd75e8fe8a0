using System.Numerics;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks;

/// <summary>The rows of a view of the head. Its attributes lie row by row, so a key's values are gathered when they are asked for. One query's own.</summary>
internal sealed class HeadPart(SpanTableView view, HeadValues values) : ISegmentPart
{
    /// <summary>Values that are gathered at once for a search in all texts: enough to be quick, and no more memory than the processor's own cache.</summary>
    private const int GatheredAtOnce = 16_384;

    private readonly SpanBatch _spans = view.Spans;
    private readonly MemoryDictionary _strings = new(view.Spans.Strings);
    private readonly MemoryDictionary _blobs = new(view.Spans.Blobs);
    private readonly Dictionary<int, List<ValueColumn>> _attributes = [];

    /// <inheritdoc/>
    public NumberVector Rows(RowColumn column) => values.Rows(column);

    /// <inheritdoc/>
    public bool TryGetBounds(RowColumn column, out ulong smallest, out ulong largest)
    {
        (smallest, largest) = (0, 0);
        return false;
    }

    /// <inheritdoc/>
    public NumberVector Traces(TraceColumn column) => values.Traces(column);

    /// <inheritdoc/>
    public void MarkTraces(ReadOnlySpan<ulong> rows, Span<ulong> traces)
    {
        var ordinals = view.TraceOrdinal.Items;
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1) RowBits.Set(traces, ordinals[(word << 6) + BitOperations.TrailingZeroCount(left)]);
        }
    }

    /// <inheritdoc/>
    public int[] ReadTraces() => view.TraceOrdinal.Items;

    /// <inheritdoc/>
    public void ClearRowsOf(ReadOnlySpan<ulong> traces, Span<ulong> rows)
    {
        var ordinals = view.TraceOrdinal.Items;
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                if (RowBits.Has(traces, ordinals[(word << 6) + BitOperations.TrailingZeroCount(left)])) rows[word] &= ~(left & (0 - left));
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ValueColumn> Attribute(int key)
    {
        if (!_attributes.TryGetValue(key, out var columns)) _attributes.Add(key, columns = FindAttribute(key));
        return columns;
    }

    private List<ValueColumn> FindAttribute(int key)
    {
        // By type: the place of the key in each shape, where it has it.
        var places = new int[]?[(int)AttributeType.Bytes + 1];
        var chosen = new ulong[places.Length][];
        for (var shape = 0; shape < _spans.Shapes.Count; shape++)
        {
            var members = _spans.Shapes[shape];
            var found = false;
            for (var i = 0; i < members.Length; i++)
            {
                if (ShapeTable.KeyOf(members[i]) != key) continue;
                if (found) return FindRepeatedAttribute(key);
                found = true;
                var type = (int)ShapeTable.TypeOf(members[i]);
                (places[type] ??= new int[_spans.Shapes.Count])[shape] = i;
                RowBits.Set(chosen[type] ??= new ulong[RowBits.Words(_spans.Shapes.Count)], shape);
            }
        }
        var columns = new List<ValueColumn>();
        var shapes = NumberVector.Of(_spans.Shape.Items, _spans.RowCount);
        for (var type = 0; type < places.Length; type++)
        {
            if (places[type] is not { } placed) continue;
            var having = RowBits.All(_spans.RowCount);
            SetScan.And(shapes, chosen[type], having);
            if (!RowBits.IsEmpty(having)) columns.Add(new HeadShapeColumn(_spans, (AttributeType)type, DictionaryOf((AttributeType)type), having, placed));
        }
        return columns;
    }

    /// <summary>Of a key that some span has twice: all attributes are looked at.</summary>
    private List<ValueColumn> FindRepeatedAttribute(int key)
    {
        var keys = _spans.Attributes.Key.Span[.._spans.AttributeOffset[_spans.RowCount]];
        var columns = new ListColumn?[(int)AttributeType.Bytes + 1];
        var row = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            var next = keys[i..].IndexOf(key);
            if (next < 0) break;
            i += next;
            row = OwnerOf(i, row, _spans.AttributeOffset.Items, _spans.RowCount);
            var type = (AttributeType)_spans.Attributes.Type[i];
            (columns[(int)type] ??= new ListColumn(type, DictionaryOf(type))).Add(row, _spans.Attributes.Value[i]);
        }
        return [.. columns.OfType<ListColumn>()];
    }

    /// <inheritdoc/>
    public ValueColumn StatusMessages => new DenseColumn(NumberVector.Of(_spans.StatusMessage.Items, _spans.RowCount), _strings);

    /// <inheritdoc/>
    public IEnumerable<ValueColumn> Texts(TextOwner owner)
    {
        if (owner == TextOwner.Span) return Gather(_spans.Attributes, _spans.AttributeOffset.Items, _spans.RowCount);
        var events = new DenseColumn(NumberVector.Of(_spans.Events.Name.Items, EventCount), _strings);
        return Gather(_spans.Events.Attributes, _spans.Events.AttributeOffset.Items, EventCount).Prepend(events);
    }

    /// <inheritdoc/>
    public int EventCount => _spans.EventOffset[_spans.RowCount];

    /// <inheritdoc/>
    public void MarkRowsOfEvents(ReadOnlySpan<ulong> events, Span<ulong> rows)
    {
        var offsets = _spans.EventOffset.Items;
        var row = 0;
        for (var word = 0; word < events.Length; word++)
        {
            for (var left = events[word]; left != 0; left &= left - 1)
            {
                row = OwnerOf((word << 6) + BitOperations.TrailingZeroCount(left), row, offsets, _spans.RowCount);
                RowBits.Set(rows, row);
            }
        }
    }

    /// <inheritdoc/>
    public int[] ReadParents() => values.Parents;

    /// <summary>The first owner at or behind <paramref name="from"/> that has the item.</summary>
    private static int OwnerOf(int item, int from, int[] offsets, int owners)
    {
        while (from < owners && offsets[from + 1] <= item) from++;
        return from;
    }

    private EntryDictionary? DictionaryOf(AttributeType type) => type switch
    {
        AttributeType.String => _strings,
        AttributeType.Array or AttributeType.KvList or AttributeType.Bytes => _blobs,
        _ => null,
    };

    private IEnumerable<ValueColumn> Gather(AttributeColumns attributes, int[] offsets, int owners)
    {
        var (texts, arrays) = (new ListColumn(AttributeType.String, _strings), new ListColumn(AttributeType.Array, _blobs));
        for (var owner = 0; owner < owners; owner++)
        {
            for (var i = offsets[owner]; i < offsets[owner + 1]; i++)
            {
                var type = (AttributeType)attributes.Type[i];
                if (type == AttributeType.String) texts.Add(owner, attributes.Value[i]);
                else if (type == AttributeType.Array) arrays.Add(owner, attributes.Value[i]);
            }
            if (texts.Count < GatheredAtOnce) continue;
            yield return texts;
            texts.Clear();
        }
        yield return texts;
        yield return arrays;
    }
}
