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

    private const int ReadyRows = 2_000;

    private readonly Dictionary<TraceId, int> _left = [];
    private readonly HashSet<TraceId> _waiting = [];
    private readonly SourceNumbers _numbers;
    private readonly List<TraceId> _ready = [];
    private SpanTable _table = new();
    private SpanTable _spare = new();
    private SpanTableView _view = new SpanTable().Snapshot();
    private int _readyRows;
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

    /// <summary>True when there is no such trace.</summary>
    public bool IsEmpty => _left.Count == 0;

    /// <summary>Takes the parts of a row group that has just been decoded, all at once, as their texts are then looked up once. Their turn comes with <see cref="Pass"/>.</summary>
    public void Take(SpanBatch parts)
    {
        for (var row = 0; row < parts.RowCount; row++)
        {
            if (row == 0 || parts.TraceId[row] != parts.TraceId[row - 1]) _waiting.Add(parts.TraceId[row]);
        }
        _table.Add(parts);
    }

    /// <summary>Says that the turn of a part has come. When it was the last, the whole trace is ready.</summary>
    public void Pass(TraceId id, int rows)
    {
        ref var left = ref CollectionsMarshal.GetValueRefOrNullRef(_left, id);
        if (--left > 0) return;
        _waiting.Remove(id);
        _ready.Add(id);
        _readyRows += rows;
    }

    /// <summary>Memory that the parts take.</summary>
    public long UsedBytes => _table.UsedBytes;

    /// <summary>True when so many rows are ready that going over to them and back is worth it.</summary>
    public bool IsFull => _readyRows > ReadyRows;

    /// <summary>The traces that are ready, whose rows <see cref="RowsOf"/> gives; until <see cref="Clear"/>.</summary>
    public IReadOnlyList<TraceId> Ready()
    {
        _view = _table.Snapshot();
        _numbers.GoOn(_view.Spans);
        return _ready;
    }

    /// <summary>Rows of a trace that is ready, in their order; valid until the next call.</summary>
    public ReadOnlySpan<int> RowsOf(TraceId id)
    {
        _rows.Truncate(0);
        _view.AppendRowsOf(_view.FindTrace(id), ref _rows);
        new RowOrder(_view.Spans).Sort(_rows.Items.AsSpan(0, _rows.Count));
        _deadRows += _rows.Count;
        return _rows.Span;
    }

    /// <summary>The ready traces have been taken, and nothing refers to their rows any more.</summary>
    public void Clear()
    {
        _ready.Clear();
        _readyRows = 0;
        if (_deadRows > MostDeadRows && _deadRows > _table.Spans.RowCount / 2) Rebuild();
    }

    /// <summary>The numbers of the rows in the block that is written.</summary>
    public SourceNumbers Numbers => _numbers;

    private void Rebuild()
    {
        var view = _table.Snapshot();
        var table = _spare;
        foreach (var id in _waiting)
        {
            _rows.Truncate(0);
            view.AppendRowsOf(view.FindTrace(id), ref _rows);
            table.Add(view.Spans, _rows.Span);
        }
        _table.Clear();
        (_table, _spare) = (table, _table);
        _deadRows = 0;
        _numbers.From(table.Spans);
    }
}
