using System.Diagnostics.CodeAnalysis;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>Puts the rows of a trace that come from several blocks in their order, and equal ones together. Keeps its buffers; one owner.</summary>
internal sealed class HeldRowOrder(HeldRows held, IReadOnlyList<BlockNumbers> inputs, BlockTablesBuilder tables) : IComparer<int>, IEqualityComparer<int>
{
    private HashSet<int>? _seen;
    private Column<int> _rows = new(0);

    /// <summary>Orders the rows of a trace by start, ties by span id and then by texts, and leaves one of those that say the same; valid until the next call.</summary>
    public ReadOnlySpan<int> Of(ReadOnlySpan<int> rows)
    {
        _seen?.Clear();
        _rows.Truncate(0);
        _rows.AddRange(rows);
        var ordered = _rows.Items.AsSpan(0, rows.Length);
        RowSort.Sort(ordered, this);
        var kept = 1;
        for (var i = 1; i < ordered.Length; i++)
        {
            if (!IsThere(ordered[..kept], ordered[i])) ordered[kept++] = ordered[i];
        }
        return ordered[..kept];
    }

    /// <summary>True when a row says the same as one of those before it that have its start and id.</summary>
    private bool IsThere(ReadOnlySpan<int> before, int row)
    {
        var last = before[^1];
        if (held.Starts[last] != held.Starts[row] || held.SpanIds[last] != held.SpanIds[row])
        {
            if (_seen?.Count > 0) _seen.Clear();
            return false;
        }
        _seen ??= new HashSet<int>(this);
        _seen.Add(last);
        return !_seen.Add(row);
    }

    /// <inheritdoc/>
    public int Compare(int x, int y)
    {
        var order = held.Starts[x].CompareTo(held.Starts[y]);
        if (order == 0) order = held.SpanIds[x].CompareTo(held.SpanIds[y]);
        if (order == 0) order = tables.CompareTexts(OperationOf(x), OperationOf(y));
        if (order == 0) order = Text(BlockColumn.StatusMessage, x, x).SequenceCompareTo(Text(BlockColumn.StatusMessage, y, y));
        return order != 0 ? order : x.CompareTo(y);
    }

    private int OperationOf(int row) => inputs[held.Input[row]].Operation((int)held[BlockColumn.Operation][row]);

    private int ResourceOf(int row) => inputs[held.Input[row]].Resource((int)held[BlockColumn.Resource][row]);

    private ReadOnlySpan<byte> Text(int column, int row, int index) => held[column][index] is > 0 and var number ? inputs[held.Input[row]].Text(column, number - 1) : [];

    /// <summary>True when two rows say the same, as <see cref="Model.SpanRows.HaveEqualContent"/> has it of rows of one batch.</summary>
    public bool Equals(int x, int y)
    {
        return held.SpanIds[x] == held.SpanIds[y] && held.ParentIds[x] == held.ParentIds[y] && held.Starts[x] == held.Starts[y]
            && SameNumber(BlockColumn.End, x, y) && OperationOf(x) == OperationOf(y) && ResourceOf(x) == ResourceOf(y)
            && SameNumber(BlockColumn.Status, x, y) && SameNumber(BlockColumn.Flags, x, y) && SameNumber(BlockColumn.DroppedAttributes, x, y)
            && SameNumber(BlockColumn.DroppedEvents, x, y) && SameNumber(BlockColumn.DroppedLinks, x, y)
            && SameNumber(BlockColumn.EventCount, x, y) && SameNumber(BlockColumn.LinkCount, x, y)
            && SameText(BlockColumn.StatusMessage, x, y, x, y) && SameText(BlockColumn.TraceState, x, y, x, y)
            && SameValues(AttributeOwner.Span, BlockColumn.Shape, x, y, x, y) && SameEvents(x, y) && SameLinks(x, y);
    }

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] int row)
    {
        // What makes spans of one id and start differ in earnest; the rest is compared.
        var hash = new HashCode();
        hash.Add(held.ParentIds[row]);
        hash.Add(held[BlockColumn.End][row]);
        hash.Add(OperationOf(row));
        hash.AddBytes(Text(BlockColumn.StatusMessage, row, row));
        var numbers = inputs[held.Input[row]];
        var members = numbers.Members((int)held[BlockColumn.Shape][row]);
        var values = held.ValuesOf(AttributeOwner.Span, row, members.Length);
        for (var i = 0; i < members.Length; i++)
        {
            if (numbers.ColumnFacts(members[i]).HasDictionary) hash.AddBytes(numbers.Text(members[i], values[i]));
            else hash.Add(values[i]);
        }
        return hash.ToHashCode();
    }

    private bool SameNumber(int column, int x, int y) => held[column][x] == held[column][y];

    private bool SameText(int column, int rowX, int rowY, int x, int y) => Text(column, rowX, x).SequenceEqual(Text(column, rowY, y));

    private bool SameValues(AttributeOwner owner, int shapeColumn, int rowX, int rowY, int x, int y)
    {
        var (a, b) = (inputs[held.Input[rowX]], inputs[held.Input[rowY]]);
        var (shapeX, shapeY) = ((int)held[shapeColumn][x], (int)held[shapeColumn][y]);
        if (a.Shape(shapeX) != b.Shape(shapeY)) return false;
        var membersX = a.Members(shapeX);
        var membersY = b.Members(shapeY);
        var valuesX = held.ValuesOf(owner, x, membersX.Length);
        var valuesY = held.ValuesOf(owner, y, membersY.Length);
        for (var i = 0; i < membersX.Length; i++)
        {
            var isSame = a.ColumnFacts(membersX[i]).HasDictionary ? a.Text(membersX[i], valuesX[i]).SequenceEqual(b.Text(membersY[i], valuesY[i])) : valuesX[i] == valuesY[i];
            if (!isSame) return false;
        }
        return true;
    }

    private bool SameEvents(int rowX, int rowY)
    {
        for (var i = 0; i < (int)held[BlockColumn.EventCount][rowX]; i++)
        {
            var (x, y) = (held.FirstEvent[rowX] + i, held.FirstEvent[rowY] + i);
            if (!SameNumber(BlockColumn.EventTime, x, y) || !SameNumber(BlockColumn.EventDroppedAttributes, x, y) || !SameText(BlockColumn.EventName, rowX, rowY, x, y)
                || !SameValues(AttributeOwner.Event, BlockColumn.EventShape, rowX, rowY, x, y)) return false;
        }
        return true;
    }

    private bool SameLinks(int rowX, int rowY)
    {
        for (var i = 0; i < (int)held[BlockColumn.LinkCount][rowX]; i++)
        {
            var (x, y) = (held.FirstLink[rowX] + i, held.FirstLink[rowY] + i);
            if (held.LinkTraceIds[x] != held.LinkTraceIds[y] || held.LinkSpanIds[x] != held.LinkSpanIds[y] || !SameNumber(BlockColumn.LinkFlags, x, y)
                || !SameNumber(BlockColumn.LinkDroppedAttributes, x, y) || !SameText(BlockColumn.LinkTraceState, rowX, rowY, x, y)
                || !SameValues(AttributeOwner.Link, BlockColumn.LinkShape, rowX, rowY, x, y)) return false;
        }
        return true;
    }
}
