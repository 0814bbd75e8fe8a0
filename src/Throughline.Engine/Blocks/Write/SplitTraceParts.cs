using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The traces that lie in several of the blocks that are merged: holds their parts until the last one has come. Then the trace is whole, equal spans are one, and its memory is free for
/// others. Not thread safe.
/// </summary>
internal sealed class SplitTraceParts
{
    /// <summary>Rows of traces that have gone on, before those that are still needed are moved together.</summary>
    private const int MostDeadRows = 20_000;

    private readonly Dictionary<TraceId, Parts> _traces = [];
    private readonly List<BlockNumbers> _numbers = [];
    private readonly BlockTablesBuilder _tables;
    private readonly Func<int, int, int> _valuesOf;
    private readonly int[] _rowsOf;
    private HeldRows _held;
    private HeldRows _spare;
    private HeldRowOrder _order;
    private Column<int> _next = new(0);
    private Column<int> _spareNext = new(0);
    private Column<int> _rows = new(0);
    private int _deadRows;

    /// <summary>Parts that have not come yet, and the rows of the others, which are chained: a part's rows follow one another.</summary>
    private struct Parts
    {
        public int Left;
        public int FirstRow;
        public int LastRow;
    }

    /// <summary>Finds the traces that lie in several inputs. <paramref name="buffers"/> are two that nobody else uses meanwhile.</summary>
    public SplitTraceParts(IReadOnlyList<MergeInput> inputs, BlockTablesBuilder tables, HeldRows[] buffers)
    {
        (_tables, _held, _spare) = (tables, buffers[0], buffers[1]);
        _held.Clear();
        _rowsOf = new int[inputs.Count];
        foreach (var input in inputs) _numbers.Add(input.Numbers);
        _valuesOf = (input, shape) => _numbers[input].Members(shape).Length;
        _order = new HeldRowOrder(_held, _numbers, _tables);
        if (inputs.Count < 2) return;
        var seen = new HashSet<TraceId>();
        foreach (var input in inputs)
        {
            foreach (var id in input.TraceIds)
            {
                if (seen.Add(id)) continue;
                ref var parts = ref CollectionsMarshal.GetValueRefOrAddDefault(_traces, id, out var exists);
                if (exists) parts.Left++;
                else parts = new Parts { Left = 2, FirstRow = -1 };
            }
        }
    }

    /// <summary>True when the trace lies in several inputs, and not all of its parts have been passed.</summary>
    public bool Contains(TraceId id) => _traces.Count > 0 && _traces.ContainsKey(id);

    /// <summary>True when there is no such trace any more.</summary>
    public bool IsEmpty => _traces.Count == 0;

    /// <summary>Memory that the parts take.</summary>
    public long UsedBytes => _held.UsedBytes + _traces.Count * 48L;

    /// <summary>Rows of an input that are held for traces which are not whole yet.</summary>
    public int RowsOf(int input) => _rowsOf[input];

    /// <summary>The rows of the parts.</summary>
    public HeldRows Held => _held;

    /// <summary>The numbers of the inputs.</summary>
    public IReadOnlyList<BlockNumbers> Numbers => _numbers;

    /// <summary>Holds parts of traces that follow one another in an input, whose number is <paramref name="input"/>; answers their first row. Their turn comes with <see cref="Pass"/>.</summary>
    public int Hold(int input, RowGroupColumns from, RowRun run, OwnerValues values)
    {
        var first = _held.Count;
        _held.Add(input, from, run, values);
        for (var row = first + 1; row <= _held.Count; row++) _next.Add(row);
        _rowsOf[input] += run.Rows;
        return first;
    }

    /// <summary>Says which rows are the next part of a trace. When it is the last part, the answer is true, and <see cref="Complete"/> gives the trace.</summary>
    public bool Pass(TraceId id, int firstRow, int rows)
    {
        ref var parts = ref CollectionsMarshal.GetValueRefOrNullRef(_traces, id);
        if (parts.FirstRow < 0) parts.FirstRow = firstRow;
        else _next.Items[parts.LastRow] = firstRow;
        parts.LastRow = firstRow + rows - 1;
        _next.Items[parts.LastRow] = -1;
        return --parts.Left == 0;
    }

    /// <summary>The rows of a trace all of whose parts have come, in their order and each once; valid until the next call. They are held no longer than that.</summary>
    public ReadOnlySpan<int> Complete(TraceId id)
    {
        _traces.Remove(id, out var parts);
        _rows.Truncate(0);
        for (var row = parts.FirstRow; row >= 0; row = _next[row])
        {
            _rows.Add(row);
            _rowsOf[_held.Input[row]]--;
        }
        _deadRows += _rows.Count;
        return _order.Of(_rows.Span);
    }

    /// <summary>Gives back the memory of traces that are complete, when it is worth it. Rows have other numbers afterwards.</summary>
    public void Trim()
    {
        if (_deadRows < MostDeadRows || _deadRows < _held.Count / 2) return;
        var (from, next) = (_held, _next);
        (_held, _spare) = (_spare, _held);
        _held.Clear();
        (_next, _spareNext) = (_spareNext, _next);
        _next.Truncate(0);
        _order = new HeldRowOrder(_held, _numbers, _tables);
        foreach (var id in _traces.Keys)
        {
            ref var parts = ref CollectionsMarshal.GetValueRefOrNullRef(_traces, id);
            if (parts.FirstRow < 0) continue;
            var first = _held.Count;
            for (var row = parts.FirstRow; row >= 0; row = next[row]) _held.Add(from, row, _valuesOf);
            (parts.FirstRow, parts.LastRow) = (first, _held.Count - 1);
            for (var row = first + 1; row < _held.Count; row++) _next.Add(row);
            _next.Add(-1);
        }
        _deadRows = 0;
    }
}
