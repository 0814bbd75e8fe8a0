using System.Numerics;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Durations that segments have not summed up as they are asked for: by step of time, and by caller. Every span of the range is looked at. One thread; one count each.</summary>
internal sealed class LatencyExecution(StoreView view, ulong from, ulong? to, QueryBounds bounds)
{
    private readonly RangeWalk _walk = new(view, from, to, bounds);

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<string> Unreadable => _walk.Unreadable;

    /// <summary>The operations with these names, of some services (all when none is given), by step. The range is bounded on both sides.</summary>
    public OperationSeries Series(IReadOnlyCollection<string> services, IReadOnlyCollection<string> names, ulong step)
    {
        var end = to ?? ulong.MaxValue;
        var first = from / step;
        var steps = end > from ? (int)((end - 1) / step - first) + 1 : 0;
        var groups = new OperationGroups?[view.Segments.Count];
        _walk.Segments((number, segment) => groups[number] = segment.OperationGroups);
        var book = new OperationBook(groups, services);
        var wanted = book.Keys.Count(key => names.Contains(key.Name));
        if (!_walk.Charge(wanted * Cells.BytesOf(steps))) return new OperationSeries(first * step, step, steps, [], _walk.Truncated);
        var targets = Array.ConvertAll(book.Keys, key => names.Contains(key.Name) ? new Cells(steps) : null);
        _walk.Segments((number, segment) =>
        {
            if (book.PlacesOf(number) is not { } places) return;
            var targetOf = Array.ConvertAll(places, place => place < 0 ? null : targets[place]);
            if (!Array.TrueForAll(targetOf, static target => target is null)) _walk.Parts(number, (in OpenPart part, ulong[] rows) => CountSteps(targetOf, new RowWeights(segment.Weights, part.Columns), part, rows, step, first));
        });
        var operations = new List<OperationSteps>();
        for (var i = 0; i < targets.Length; i++)
        {
            if (targets[i] is { } cells && cells.Durations.Any(static d => d is not null)) operations.Add(cells.Result(book.Keys[i]));
        }
        return new OperationSeries(first * step, step, steps, operations, _walk.Truncated) { IsEstimated = targets.Any(static cells => cells is { IsEstimated: true }) };
    }

    private void CountSteps(Cells?[] targetOf, RowWeights weights, in OpenPart part, ulong[] rows, ulong step, ulong first)
    {
        var (operations, starts) = (part.Columns.Rows(RowColumn.Operation), part.Columns.Rows(RowColumn.Start));
        var (marks, durations) = (part.Columns.Rows(RowColumn.Marks), part.Columns.Rows(RowColumn.Duration));
        var grown = 0L;
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                if (targetOf[(int)operations[row]] is { } cells)
                    grown += cells.Count((int)(starts[row] / step - first), weights.Of(row), DurationBuckets.Of(durations[row]), (marks[row] & (ulong)SpanMarks.Error) != 0);
            }
        }
        bounds.Charge(grown);
    }

    /// <summary>Calls from service to service, with the durations of the called spans.</summary>
    public CallLatencies Calls()
    {
        var edges = new SortedDictionary<(string Parent, string Child), Cells>(Comparer<(string Parent, string Child)>.Create(static (a, b) =>
            string.CompareOrdinal(a.Parent, b.Parent) is var order and not 0 ? order : string.CompareOrdinal(a.Child, b.Child)));
        _walk.Segments((number, segment) =>
        {
            var known = new Dictionary<(int Parent, int Child), Cells>();
            _walk.Parts(number, (in OpenPart part, ulong[] rows) => CountCalls(segment, known, edges, part, rows));
        });
        return new CallLatencies([.. edges.Select(static edge => edge.Value.Edge(edge.Key.Parent, edge.Key.Child))], _walk.Truncated) { IsEstimated = edges.Values.Any(static cells => cells.IsEstimated) };
    }

    private void CountCalls(ISpanSegment segment, Dictionary<(int Parent, int Child), Cells> known, SortedDictionary<(string Parent, string Child), Cells> edges, in OpenPart part, ulong[] rows)
    {
        var (operations, marks, durations) = (part.Columns.Rows(RowColumn.Operation), part.Columns.Rows(RowColumn.Marks), part.Columns.Rows(RowColumn.Duration));
        var weights = new RowWeights(segment.Weights, part.Columns);
        var (services, parents, grown) = (segment.Operations.Service, part.Columns.ReadParents(), 0L);
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                if (parents[row] < 0) continue;
                var key = (services[(int)operations[parents[row]]], services[(int)operations[row]]);
                if (key.Item1 == key.Item2) continue;
                if (!known.TryGetValue(key, out var cells)) known.Add(key, cells = EdgeOf(segment, key, edges));
                grown += cells.Count(0, weights.Of(row), DurationBuckets.Of(durations[row]), (marks[row] & (ulong)SpanMarks.Error) != 0);
            }
        }
        bounds.Charge(grown);
    }

    /// <summary>The same services have other numbers in another segment: by their names they are one edge.</summary>
    private Cells EdgeOf(ISpanSegment segment, (int Parent, int Child) key, SortedDictionary<(string Parent, string Child), Cells> edges)
    {
        var names = (Encoding.UTF8.GetString(segment.Tables.Strings[key.Parent]), Encoding.UTF8.GetString(segment.Tables.Strings[key.Child]));
        if (edges.TryGetValue(names, out var cells)) return cells;
        bounds.Charge(Cells.BytesOf(1) + (2L * (names.Item1.Length + names.Item2.Length)));
        edges.Add(names, cells = new Cells(1));
        return cells;
    }

    /// <summary>Durations and errors by step.</summary>
    private sealed class Cells(int steps)
    {
        /// <summary>An object and the head of an array.</summary>
        private const long HistogramBytes = 64;

        private readonly long[] _errors = new long[steps];
        private readonly WeightedCounts _counts = new(steps);

        public bool IsEstimated => _counts.IsEstimated;

        public DurationHistogram?[] Durations { get; } = new DurationHistogram?[steps];

        /// <summary>Counts one span; answers how many bytes the memory grew by.</summary>
        public long Count(int step, double weight, int bucket, bool isError)
        {
            var (spans, errors) = _counts.Of(step, weight, isError);
            _errors[step] += errors;
            if (Durations[step] is { } known) return known.Add(bucket, spans);
            return HistogramBytes + (Durations[step] = new DurationHistogram()).Add(bucket, spans);
        }

        /// <summary>Memory of an operation without its histograms: errors and histograms by step, and the three columns of its result.</summary>
        public static long BytesOf(int steps) => 256 + (40L * steps);

        public OperationSteps Result(OperationKey key) => new(key.Service, key.Name, key.Kind,
            Array.ConvertAll(Durations, static d => d?.Total ?? 0), _errors, Array.ConvertAll(Durations, static d => d?.Ranked(0.5) ?? 0), Array.ConvertAll(Durations, static d => d?.Ranked(0.95) ?? 0));

        public CallLatency Edge(string parent, string child) => new(parent, child, Durations[0]?.Total ?? 0, _errors[0], Durations[0]?.Ranked(0.5) ?? 0, Durations[0]?.Ranked(0.95) ?? 0);
    }
}
