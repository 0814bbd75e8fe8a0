using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>
/// What tail rules know of operations: how long traces take by their root, and how many traces of the last hour had an operation; older ones fade. Bounded: what has faded makes room, and operations beyond
/// are neither slow nor rare. Used by one thread at a time.
/// </summary>
public sealed class TailKnowledge(TimeProvider time)
{
    /// <summary>Roots whose durations are kept: 2 KB each.</summary>
    private const int MaxRoots = 2_000;

    private const int MaxOperations = 20_000;
    private const int BucketsPerDoubling = 8;

    /// <summary>With fewer traces nobody knows what is slow.</summary>
    private const double LeastTraces = 20;

    /// <summary>After this time something counts for a third of what it was.</summary>
    private const double FadeSeconds = 3600;

    /// <summary>With less than this it is as good as forgotten: a trace of three hours ago.</summary>
    private const double Gone = 0.05;

    private const double SweepSeconds = 60;

    private readonly Dictionary<(string Service, string Name), Durations> _roots = [];
    private readonly Dictionary<(string Service, string Name), Faded> _operations = [];
    private readonly Dictionary<(int Service, int Name), Durations?> _rootIds = [];
    private readonly Dictionary<(int Service, int Name), Faded?> _operationIds = [];
    private readonly HashSet<(int Service, int Name)> _own = [];
    private readonly long _began = time.GetTimestamp();
    private SpanBatch _spans = new();
    private double _sweptRoots = double.NegativeInfinity;
    private double _sweptOperations = double.NegativeInfinity;

    /// <summary>Says whose rows are meant. Texts have other numbers in another batch.</summary>
    internal void Begin(SpanBatch spans)
    {
        if (ReferenceEquals(_spans, spans)) return;
        _spans = spans;
        _rootIds.Clear();
        _operationIds.Clear();
    }

    /// <summary>Counts a trace's duration for its root.</summary>
    internal void ObserveDuration(ReadOnlySpan<int> rows)
    {
        if (RootOf(rows) is not { } durations) return;
        durations.Fade(Now);
        durations.Counts[BucketOf(DurationOf(_spans, rows))]++;
        durations.Total++;
    }

    /// <summary>Whether a share of the traces with its root took less time than this one.</summary>
    internal bool IsSlow(ReadOnlySpan<int> rows, double share)
    {
        if (RootOf(rows) is not { } durations || durations.Total < LeastTraces) return false;
        var bucket = BucketOf(DurationOf(_spans, rows));
        var below = 0.0;
        for (var i = 0; i < bucket; i++) below += durations.Counts[i];
        return below >= share * durations.Total;
    }

    /// <summary>Counts a trace for its operations; whether one of them has been in so few traces of the last hour, this one included.</summary>
    internal bool IsRare(ReadOnlySpan<int> rows, double perHour)
    {
        _own.Clear();
        var rare = false;
        foreach (var row in rows)
        {
            var id = (_spans.Resources.Service[_spans.Resource[row]], _spans.Name[row]);
            if (!_own.Add(id) || OperationOf(id) is not { } count) continue;
            count.Fade(Now);
            // Two rules about rare operations see the same trace: it is counted once.
            if (count.Last != _spans.TraceId[row])
            {
                count.Last = _spans.TraceId[row];
                count.Traces++;
            }
            rare |= count.Traces <= perHour;
        }
        return rare;
    }

    /// <summary>From a trace's first start to its last end, nanoseconds.</summary>
    internal static double DurationOf(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        var (start, end) = (ulong.MaxValue, 0UL);
        foreach (var row in rows)
        {
            start = Math.Min(start, spans.StartUnixNano[row]);
            end = Math.Max(end, Math.Max(spans.StartUnixNano[row], spans.EndUnixNano[row]));
        }
        return end - start;
    }

    private double Now => time.GetElapsedTime(_began).TotalSeconds;

    private Durations? RootOf(ReadOnlySpan<int> rows)
    {
        var root = rows[0];
        foreach (var row in rows)
        {
            if (_spans.ParentSpanId[row] == 0)
            {
                root = row;
                break;
            }
            if (_spans.StartUnixNano[row] < _spans.StartUnixNano[root]) root = row;
        }
        var id = (_spans.Resources.Service[_spans.Resource[root]], _spans.Name[root]);
        if (_rootIds.TryGetValue(id, out var known)) return known;
        var name = (_spans.Text(id.Item1), _spans.Text(id.Item2));
        if (!_roots.TryGetValue(name, out var durations) && HasRoom(_roots, MaxRoots, ref _sweptRoots, static (one, now) => one.LeftAt(now))) _roots.Add(name, durations = new Durations(Now));
        return _rootIds[id] = durations;
    }

    private Faded? OperationOf((int Service, int Name) id)
    {
        if (_operationIds.TryGetValue(id, out var known)) return known;
        var name = (_spans.Text(id.Service), _spans.Text(id.Name));
        if (!_operations.TryGetValue(name, out var count) && HasRoom(_operations, MaxOperations, ref _sweptOperations, static (one, now) => one.LeftAt(now))) _operations.Add(name, count = new Faded(Now));
        return _operationIds[id] = count;
    }

    /// <summary>Whether one more may be known; where all places are taken, what has faded goes, once in a while.</summary>
    private bool HasRoom<T>(Dictionary<(string Service, string Name), T> known, int most, ref double swept, Func<T, double, double> left)
    {
        if (known.Count < most) return true;
        var now = Now;
        if (now - swept < SweepSeconds) return false;
        swept = now;
        foreach (var (name, one) in known)
        {
            if (left(one, now) < Gone) known.Remove(name);
        }
        // They name what has gone.
        _rootIds.Clear();
        _operationIds.Clear();
        return known.Count < most;
    }

    private static int BucketOf(double nanoseconds) => nanoseconds < 1 ? 0 : Math.Min(Durations.Buckets - 1, (int)(Math.Log2(nanoseconds) * BucketsPerDoubling));

    private sealed class Durations(double now)
    {
        internal const int Buckets = 64 * BucketsPerDoubling;

        private double _at = now;

        internal float[] Counts { get; } = new float[Buckets];

        internal double Total { get; set; }

        /// <summary>Fades once in a while: what happened within a minute counts alike.</summary>
        internal void Fade(double now)
        {
            if (now - _at < 60) return;
            var left = (float)Math.Exp(-(now - _at) / FadeSeconds);
            for (var i = 0; i < Counts.Length; i++) Counts[i] *= left;
            Total *= left;
            _at = now;
        }

        internal double LeftAt(double now) => Total * Math.Exp(-(now - _at) / FadeSeconds);
    }

    private sealed class Faded(double now)
    {
        private double _at = now;

        internal double Traces { get; set; }

        internal TraceId Last { get; set; }

        internal void Fade(double now)
        {
            Traces *= Math.Exp(-(now - _at) / FadeSeconds);
            _at = now;
        }

        internal double LeftAt(double now) => Traces * Math.Exp(-(now - _at) / FadeSeconds);
    }
}
