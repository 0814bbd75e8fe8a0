using System.Diagnostics;
using System.Runtime.CompilerServices;
using Throughline.Telemetry.Profiling.NetTrace;

namespace Throughline.Telemetry.Profiling;

/// <summary>How often each pair of stack and span was sampled in a window. Used by one thread.</summary>
/// <param name="limit">The most pairs; samples of further ones are counted only.</param>
internal sealed class SampleTable(int limit)
{
    private readonly Dictionary<(ulong[] Stack, Activity? Span), SampleCount> _counts = new(new SameStackAndSpan());
    private readonly Dictionary<(ulong[] Stack, Activity? Span), SampleCount> _known = new(new SameObjects());
    private readonly HashSet<long> _round = [];
    private long _firstRound;
    private long _lastRound;

    public IReadOnlyCollection<SampleCount> Counts => _counts.Values;

    /// <summary>Samples of all threads, those above the limit included.</summary>
    public long Total { get; private set; }

    /// <summary>Those of them in managed code.</summary>
    public long Running { get; private set; }

    /// <summary>Samples that were left out since there were too many pairs.</summary>
    public long AboveLimit { get; private set; }

    /// <summary>How often the runtime looked at all its threads.</summary>
    public long Rounds { get; private set; }

    /// <summary>When the last round began, in ticks of the trace's clock; 0 when there was none.</summary>
    public long LastRound => _lastRound;

    /// <summary>The mean time between two rounds, in ticks of the trace's clock; 0 when there were not two.</summary>
    public double PeriodTicks => Rounds < 2 ? 0 : (double)(_lastRound - _firstRound) / (Rounds - 1);

    /// <param name="running">Whether the thread was in managed code, neither waiting nor in native code.</param>
    public void Add(long threadId, long time, ulong[] stack, Activity? span, bool running)
    {
        CountRound(threadId, time);
        Total++;
        if (running) Running++;
        // The reader gives equal stacks as one array, so that hundreds of addresses needn't be looked at for each sample.
        if (!_known.TryGetValue((stack, span), out var count))
        {
            if (!_counts.TryGetValue((stack, span), out count))
            {
                if (_counts.Count >= limit)
                {
                    AboveLimit++;
                    return;
                }
                _counts.Add((stack, span), count = new(stack, span));
            }
            if (_known.Count < 2 * (long)limit) _known.Add((stack, span), count);
        }
        if (running) count.Running++;
        else count.Elsewhere++;
    }

    /// <summary>The runtime samples every thread once a round, one round after the other.</summary>
    private void CountRound(long threadId, long time)
    {
        if (Rounds > 0 && _round.Add(threadId)) return;
        if (Rounds++ == 0) _firstRound = time;
        _lastRound = time;
        _round.Clear();
        _round.Add(threadId);
    }

    private sealed class SameStackAndSpan : IEqualityComparer<(ulong[] Stack, Activity? Span)>
    {
        private static readonly StackPool.SameAddresses s_addresses = new();

        public bool Equals((ulong[] Stack, Activity? Span) left, (ulong[] Stack, Activity? Span) right) =>
            ReferenceEquals(left.Span, right.Span) && left.Stack.AsSpan().SequenceEqual(right.Stack);

        public int GetHashCode((ulong[] Stack, Activity? Span) pair)
        {
            var stack = s_addresses.GetHashCode(pair.Stack);
            return HashCode.Combine(stack, pair.Span is null ? 0 : RuntimeHelpers.GetHashCode(pair.Span));
        }
    }

    private sealed class SameObjects : IEqualityComparer<(ulong[] Stack, Activity? Span)>
    {
        public bool Equals((ulong[] Stack, Activity? Span) left, (ulong[] Stack, Activity? Span) right) => ReferenceEquals(left.Stack, right.Stack) && ReferenceEquals(left.Span, right.Span);

        public int GetHashCode((ulong[] Stack, Activity? Span) pair) => (RuntimeHelpers.GetHashCode(pair.Stack) * -1640531527) ^ (pair.Span is null ? 0 : RuntimeHelpers.GetHashCode(pair.Span));
    }
}

/// <summary>One pair of stack and span, and its samples. Owned by its table.</summary>
internal sealed class SampleCount(ulong[] stack, Activity? span)
{
    /// <summary>Addresses, the innermost frame first.</summary>
    public ulong[] Stack => stack;

    public Activity? Span => span;

    /// <summary>Samples in managed code.</summary>
    public long Running { get; set; }

    /// <summary>Samples while the thread waited or ran native code.</summary>
    public long Elsewhere { get; set; }
}
