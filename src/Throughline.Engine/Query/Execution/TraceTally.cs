using Throughline.Engine.Model;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Counts traces by column of time and row of duration. Each thread of a search counts into its own; they are added up in the end. Not thread safe.
/// </summary>
internal sealed class TraceTally
{
    private readonly TimeColumns _columns;
    private readonly int _bucketsPerRow;
    private readonly int _rowShift;
    private readonly int _rows;
    private readonly int _mostPoints;
    private readonly int[] _traces;
    private readonly int[] _errors;
    private readonly int[] _durations = new int[DurationBuckets.Count];
    private readonly int[] _waits = new int[DurationBuckets.Count];
    private List<DistributionPoint>? _points = [];
    private int _columnCells;
    private ulong _columnFirst;
    private ulong _columnLength;
    private UInt128 _durationSum;
    private UInt128 _waitingSum;

    /// <summary>An empty tally of these columns.</summary>
    public TraceTally(TimeColumns columns, DistributionRequest request)
    {
        _columns = columns;
        _bucketsPerRow = DurationBuckets.PerDoubling / request.RowsPerDoubling;
        _rows = DurationBuckets.Count / _bucketsPerRow;
        _rowShift = System.Numerics.BitOperations.Log2((uint)_bucketsPerRow);
        _mostPoints = request.Points;
        _traces = new int[columns.Count * _rows];
        _errors = new int[columns.Count * _rows];
    }

    /// <summary>Memory held at most, in bytes.</summary>
    public long MemoryBytes => (8L * _traces.Length) + (8L * DurationBuckets.Count) + (40L * _mostPoints);

    /// <summary>Counts a trace.</summary>
    public void Add(TraceId id, ulong start, ulong duration, ulong waiting, int errors)
    {
        var bucket = DurationBuckets.Of(duration);
        // Traces come in the order of their starts, or nearly so: mostly it is the column of the one before.
        if (start - _columnFirst >= _columnLength) FindColumn(start);
        var cell = _columnCells + (bucket >> _rowShift);
        _traces[cell]++;
        if (errors > 0) _errors[cell]++;
        _durations[bucket]++;
        _waits[DurationBuckets.Of(waiting)]++;
        _durationSum += duration;
        _waitingSum += waiting;
        if (_points is null) return;
        if (_points.Count < _mostPoints) _points.Add(new DistributionPoint(id, start, duration, errors));
        else _points = null;
    }

    private void FindColumn(ulong start)
    {
        var column = _columns.Of(start);
        _columnCells = column * _rows;
        // The first column reaches back to the beginning of time, and the last to its end: what lies there is looked up each time. So is the last
        // nanosecond of all, for a column may reach beyond the largest number, where the small ones would seem to follow.
        var first = _columns.First + ((ulong)column * _columns.Length);
        (_columnFirst, _columnLength) = start >= _columns.First ? (first, Math.Min(_columns.Length, ulong.MaxValue - first)) : (0, 0);
    }

    /// <summary>Adds what another of the same form has counted.</summary>
    public void Add(TraceTally other)
    {
        Sum(other._traces, _traces);
        Sum(other._errors, _errors);
        Sum(other._durations, _durations);
        Sum(other._waits, _waits);
        _durationSum += other._durationSum;
        _waitingSum += other._waitingSum;
        if (_points is null) return;
        if (other._points is { } more && _points.Count + more.Count <= _mostPoints) _points.AddRange(more);
        else _points = null;
    }

    /// <summary>What was counted.</summary>
    public TraceDistribution Result(bool exact, Truncation? truncated)
    {
        var points = _mostPoints == 0 ? null : _points;
        points?.Sort(static (a, b) => a.StartUnixNano != b.StartUnixNano ? b.StartUnixNano.CompareTo(a.StartUnixNano) : a.TraceId.CompareTo(b.TraceId));
        var (traces, errors) = (new long[_columns.Count], new long[_columns.Count]);
        var (firstRow, endRow) = Filled(Folded(_durations, _bucketsPerRow));
        var cells = new List<DistributionCell>();
        for (var column = 0; column < _columns.Count; column++)
        {
            for (var row = firstRow; row < endRow; row++)
            {
                var cell = (column * _rows) + row;
                if (_traces[cell] == 0) continue;
                cells.Add(new DistributionCell(column, row - firstRow, _traces[cell], _errors[cell]));
                traces[column] += _traces[cell];
                errors[column] += _errors[cell];
            }
        }
        var (p50, p95, p99) = Quantiles(points);
        return new TraceDistribution(
            _columns.First, _columns.Length, new Total(traces.Sum(), exact), new Total(errors.Sum(), exact), traces, errors, Edges(firstRow, endRow, _bucketsPerRow), cells,
            p50, p95, p99, Saturated(_durationSum), Saturated(_waitingSum), Histogram(_durations), Histogram(_waits), points, truncated);
    }

    private (ulong? P50, ulong? P95, ulong? P99) Quantiles(List<DistributionPoint>? points)
    {
        if (points is not null)
        {
            ulong[] durations = [.. points.Select(static p => p.DurationNano).Order()];
            return durations.Length == 0 ? (null, null, null) : (Ranked(50), Ranked(95), Ranked(99));
            ulong Ranked(int percent) => durations[(int)Rank(durations.Length, percent) - 1];
        }
        var total = _durations.Sum(static n => (long)n);
        return total == 0 ? (null, null, null) : (OfRank(Rank(total, 50)), OfRank(Rank(total, 95)), OfRank(Rank(total, 99)));
    }

    private ulong OfRank(long rank)
    {
        var bucket = 0;
        for (var before = 0L; (before += _durations[bucket]) < rank;) bucket++;
        return DurationBuckets.Middle(bucket);
    }

    private static long Rank(long count, int percent) => ((count * percent) + 99) / 100;

    private static TraceHistogram Histogram(int[] buckets)
    {
        var steps = Folded(buckets, DurationBuckets.PerDoubling / HistogramStepsPerDoubling);
        var (first, end) = Filled(steps);
        return new TraceHistogram(Edges(first, end, DurationBuckets.PerDoubling / HistogramStepsPerDoubling), steps[first..end]);
    }

    private const int HistogramStepsPerDoubling = 4;

    private static long[] Folded(int[] buckets, int perStep)
    {
        var steps = new long[buckets.Length / perStep];
        for (var i = 0; i < buckets.Length; i++) steps[i / perStep] += buckets[i];
        return steps;
    }

    /// <summary>The steps from the first to behind the last that are not 0; none when all are.</summary>
    private static (int First, int End) Filled(long[] steps)
    {
        var first = steps.AsSpan().IndexOfAnyExcept(0L);
        return first < 0 ? (0, 0) : (first, steps.AsSpan().LastIndexOfAnyExcept(0L) + 1);
    }

    private static ulong[] Edges(int first, int end, int bucketsPerStep)
    {
        if (first == end) return [];
        var edges = new ulong[end - first + 1];
        for (var i = 0; i < edges.Length; i++)
        {
            var bucket = (first + i) * bucketsPerStep;
            edges[i] = bucket >= DurationBuckets.Count ? ulong.MaxValue : DurationBuckets.Lower(bucket);
        }
        return edges;
    }

    private static ulong Saturated(UInt128 sum) => sum > ulong.MaxValue ? ulong.MaxValue : (ulong)sum;

    private static void Sum(int[] from, int[] into)
    {
        for (var i = 0; i < from.Length; i++) into[i] += from[i];
    }
}
