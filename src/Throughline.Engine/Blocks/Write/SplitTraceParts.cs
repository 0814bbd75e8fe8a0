using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The traces that lie in several of the blocks that are merged: holds their parts until the last one has come. Then the trace is whole, equal spans are one, and its memory is free for
/// others. Not thread safe.
/// </summary>
internal sealed class SplitTraceParts
{
    /// <summary>Rows of traces that have gone on, before the table is made anew of those that are still needed.</summary>
    private const int MostDeadRows = 50_000;

    private readonly Dictionary<TraceId, int> _left = [];
    private readonly HashSet<TraceId> _waiting = [];
    private readonly SourceNumbers _numbers;
    private SpanTable _table = new();
    private int _deadRows;
    private Column<int> _rows = new(0);

    /// <summary>Finds the traces that lie in several inputs.</summary>
    public SplitTraceParts(IReadOnlyList<MergeInput> inputs, BlockTablesBuilder tables)
    {
        _numbers = new SourceNumbers(tables);
        if (inputs.Count < 2) return;
        var seen = new HashSet<TraceId>();
        foreach (var input in inputs)
        {
            foreach (var id in input.TraceIds)
            {
                if (seen.Add(id)) continue;
                ref var parts = ref CollectionsMarshal.GetValueRefOrAddDefault(_left, id, out var exists);
                parts = exists ? parts + 1 : 2;
            }
        }
    }

    /// <summary>True when the trace lies in several inputs.</summary>
    public bool Contains(TraceId id) => _left.Count > 0 && _left.ContainsKey(id);

    /// <summary>Takes a part; true when it was the last, and <see cref="Numbers"/> and <see cref="Rows"/> are the whole trace's.</summary>
    public bool Add(TraceId id, SpanBatch source, ReadOnlySpan<int> rows)
    {
        if (IsAboutToMove) Rebuild();
        _table.Add(source, rows);
        _waiting.Add(id);
        ref var left = ref CollectionsMarshal.GetValueRefOrNullRef(_left, id);
        if (--left > 0) return false;
        _waiting.Remove(id);
        var view = _table.Snapshot();
        _rows.Truncate(0);
        view.AppendRowsOf(view.FindTrace(id), ref _rows);
        new RowOrder(view.Spans).Sort(_rows.Items.AsSpan(0, _rows.Count));
        _deadRows += _rows.Count;
        _numbers.GoOn(view.Spans);
        return true;
    }

    /// <summary>The numbers of the whole trace's rows in the block that is written.</summary>
    public SourceNumbers Numbers => _numbers;

    /// <summary>Rows of the whole trace in their order.</summary>
    public ReadOnlySpan<int> Rows => _rows.Span;

    /// <summary>True when the next part may move the rows of traces that were handed out.</summary>
    public bool IsAboutToMove => _deadRows > MostDeadRows && _deadRows > _table.Spans.RowCount / 2;

    private void Rebuild()
    {
        var view = _table.Snapshot();
        var table = new SpanTable();
        foreach (var id in _waiting)
        {
            _rows.Truncate(0);
            view.AppendRowsOf(view.FindTrace(id), ref _rows);
            table.Add(view.Spans, _rows.Span);
        }
        _table = table;
        _deadRows = 0;
        _numbers.From(table.Spans);
    }
}
