using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks;

/// <summary>
/// What queries need of a head beside its rows: numbers of operations, durations, values by trace. It is worked out when a query asks, and only for the rows that came since the last one
/// asked, so that searching a head that grows does not cost all of it each time. One a head; thread safe.
/// </summary>
internal sealed class HeadDerived
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(int Service, int Name, int Kind, int Scope), int> _numbers = [];
    private Column<int> _service = new(0);
    private Column<int> _name = new(0);
    private Column<int> _kind = new(0);
    private Column<int> _scope = new(0);
    private Column<int> _operation = new(0);
    private Column<ulong> _duration = new(0);
    private Column<ulong> _traceStart = new(0);
    private Column<ulong> _traceEnd = new(0);
    private Column<int> _traceSpans = new(0);
    private Column<int> _traceErrors = new(0);
    private ulong[] _waiting = [];
    private readonly GrownTraces _waitingOfSpans = new();
    private int[] _parents = [];
    private readonly GrownTraces _parentsOfSpans = new();
    private ulong _maxStart;

    /// <summary>The derived columns for just the rows of a view of the head.</summary>
    public HeadValues Of(SpanTableView view)
    {
        lock (_gate)
        {
            // A view from before the last question: its traces have changed since.
            if (_operation.Count > view.Spans.RowCount) return new HeadDerived().Of(view);
            Extend(view);
            return new HeadValues(view, this, _operation, _duration, Operations(view.Spans), _traceStart.Span.ToArray(), Lengths(), _traceSpans.Span.ToArray(), _traceErrors.Span.ToArray(), _maxStart);
        }
    }

    /// <summary>Waiting times by trace; those of traces that have not grown since they were asked for last are remembered.</summary>
    public ulong[] WaitingOf(SpanTableView view, int[] traceSpans)
    {
        lock (_gate)
        {
            var analysis = new TraceAnalysis(view.Spans);
            if (_waiting.Length < traceSpans.Length) Array.Resize(ref _waiting, traceSpans.Length * 2);
            var waiting = _waiting;
            _waitingOfSpans.Refresh(view, traceSpans, (trace, rows) => waiting[trace] = analysis.Of(rows).WaitingNano);
            return waiting.AsSpan(0, traceSpans.Length).ToArray();
        }
    }

    /// <summary>Parents by row, as <see cref="ISegmentPart.ReadParents"/> says them; those in traces that have not grown are remembered.</summary>
    public int[] ParentsOf(SpanTableView view, int[] traceSpans)
    {
        lock (_gate)
        {
            var rule = new ParentRule(view.Spans);
            if (_parents.Length < view.Spans.RowCount) Array.Resize(ref _parents, view.Spans.RowCount * 2);
            var parents = _parents;
            _parentsOfSpans.Refresh(view, traceSpans, (_, rows) => rule.FindParents(rows, parents));
            return parents.AsSpan(0, view.Spans.RowCount).ToArray();
        }
    }

    private void Extend(SpanTableView view)
    {
        var spans = view.Spans;
        while (_traceStart.Count < view.TraceCount)
        {
            _traceStart.Add(ulong.MaxValue);
            _traceEnd.Add(0);
            _traceSpans.Add(0);
            _traceErrors.Add(0);
        }
        for (var row = _operation.Count; row < spans.RowCount; row++)
        {
            _operation.Add(NumberOf(spans, row));
            _duration.Add(spans.DurationNano(row));
            var start = spans.StartUnixNano[row];
            var t = view.TraceOrdinal[row];
            ref var traceStart = ref _traceStart.Items[t];
            traceStart = Math.Min(traceStart, start);
            ref var traceEnd = ref _traceEnd.Items[t];
            traceEnd = Math.Max(traceEnd, Math.Max(start, spans.EndUnixNano[row]));
            _traceSpans.Items[t]++;
            if ((spans.Marks[row] & (byte)SpanMarks.Error) != 0) _traceErrors.Items[t]++;
            _maxStart = Math.Max(_maxStart, start);
        }
    }

    private int NumberOf(SpanBatch spans, int row)
    {
        var key = (spans.Resources.Service[spans.Resource[row]], spans.Name[row], spans.Kind[row], spans.Scope[row]);
        if (_numbers.TryGetValue(key, out var number)) return number;
        number = _service.Count;
        _numbers.Add(key, number);
        _service.Add(key.Item1);
        _name.Add(key.Item2);
        _kind.Add(key.Item3);
        _scope.Add(key.Item4);
        return number;
    }

    private OperationTable Operations(SpanBatch spans)
    {
        var (counts, errors) = (new long[_service.Count], new long[_service.Count]);
        var marks = spans.Marks.Span;
        var operations = _operation.Span;
        for (var row = 0; row < operations.Length; row++)
        {
            counts[operations[row]]++;
            if ((marks[row] & (byte)SpanMarks.Error) != 0) errors[operations[row]]++;
        }
        return new OperationTable(_service.Span.ToArray(), _name.Span.ToArray(), _kind.Span.ToArray(), _scope.Span.ToArray(), counts, errors);
    }

    private ulong[] Lengths()
    {
        var lengths = new ulong[_traceStart.Count];
        for (var t = 0; t < lengths.Length; t++) lengths[t] = _traceEnd[t] - _traceStart[t];
        return lengths;
    }
}

/// <summary>Tells which traces of a head have more spans than when they were looked at last. Not thread safe.</summary>
internal sealed class GrownTraces
{
    private int[] _spans = [];

    /// <summary>Something to do with the rows of a trace.</summary>
    public delegate void Look(int trace, ReadOnlySpan<int> rows);

    /// <summary>Looks at the traces of a view that had another number of spans the last time.</summary>
    public void Refresh(SpanTableView view, int[] traceSpans, Look look)
    {
        if (_spans.Length < traceSpans.Length) Array.Resize(ref _spans, traceSpans.Length * 2);
        var rows = new Column<int>(16);
        for (var trace = 0; trace < traceSpans.Length; trace++)
        {
            if (_spans[trace] == traceSpans[trace]) continue;
            rows.Truncate(0);
            view.AppendRowsOf(trace, ref rows);
            look(trace, rows.Span);
            _spans[trace] = traceSpans[trace];
        }
    }
}

/// <summary>The derived columns of one view of a head. Immutable; thread safe.</summary>
internal sealed class HeadValues(
    SpanTableView view, HeadDerived derived, Column<int> operation, Column<ulong> duration, OperationTable operations,
    ulong[] traceStart, ulong[] traceDuration, int[] traceSpans, int[] traceErrors, ulong maxStart)
{
    private readonly Lazy<NumberVector> _waiting = new(() => NumberVector.Of(derived.WaitingOf(view, traceSpans), traceSpans.Length));
    private readonly Lazy<int[]> _parents = new(() => derived.ParentsOf(view, traceSpans));

    /// <summary>The operations, with their spans and errors.</summary>
    public OperationTable Operations { get; } = operations;

    /// <summary>The one part that a head is.</summary>
    public SegmentPart Part { get; } = new(
        view.Spans.RowCount, 0, traceStart.Length, Least(traceStart), maxStart, Most(traceStart), Most(traceDuration));

    /// <summary>By row: its parent's, or -1.</summary>
    public int[] Parents => _parents.Value;

    /// <summary>The numbers of all rows.</summary>
    public NumberVector Rows(RowColumn column)
    {
        var (spans, count) = (view.Spans, view.Spans.RowCount);
        return column switch
        {
            RowColumn.Operation => NumberVector.Of(operation.Items, count),
            RowColumn.Start => NumberVector.Of(spans.StartUnixNano.Items, count),
            RowColumn.Duration => NumberVector.Of(duration.Items, count),
            RowColumn.Status => NumberVector.Of(spans.Status.Items, count),
            RowColumn.Marks => NumberVector.Of(spans.Marks.Items, count),
            RowColumn.Resource => NumberVector.Of(spans.Resource.Items, count),
            RowColumn.TraceState => NumberVector.Of(spans.TraceState.Items, count),
            _ => throw new ArgumentOutOfRangeException(nameof(column), column, "A column that a head does not have."),
        };
    }

    /// <summary>The numbers of all traces.</summary>
    public NumberVector Traces(TraceColumn column) => column switch
    {
        TraceColumn.Start => NumberVector.Of(traceStart, traceStart.Length),
        TraceColumn.Duration => NumberVector.Of(traceDuration, traceStart.Length),
        TraceColumn.Spans => NumberVector.Of(traceSpans, traceStart.Length),
        TraceColumn.Errors => NumberVector.Of(traceErrors, traceStart.Length),
        TraceColumn.Waiting => _waiting.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "A column that a head does not have."),
    };

    private static ulong Least(ulong[] values)
    {
        var least = ulong.MaxValue;
        foreach (var value in values) least = Math.Min(least, value);
        return least;
    }

    private static ulong Most(ulong[] values)
    {
        var most = 0ul;
        foreach (var value in values) most = Math.Max(most, value);
        return most;
    }
}
