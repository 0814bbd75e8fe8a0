using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>Where in its life a span was dropped or cut.</summary>
public enum ProcessStage
{
    /// <summary>When it arrived, by its service's rate or limit.</summary>
    Head,
    /// <summary>When its trace was quiet.</summary>
    Tail,
    /// <summary>By a limit on spans or traces.</summary>
    Limit,
}

/// <summary>Something that was dropped or cut: by which rule, and whose it was.</summary>
public readonly record struct ProcessCause(ProcessStage Stage, string Rule, string Service);

/// <summary>
/// What processing has dropped, cut, redacted and kept since the start, by rule and service, and of which traces it dropped something. Thread safe.
/// </summary>
public sealed class ProcessCounters(ulong startedUnixNano)
{
    /// <summary>Rules and services that are told apart; what comes beyond is counted for "(other services)".</summary>
    private const int MaxCauses = 5_000;

    /// <summary>Traces of which it is known what was dropped: about 5 MB.</summary>
    private const int MaxTraces = 20_000;

    /// <summary>Causes that are told apart in one trace.</summary>
    private const int MaxCausesOfTrace = 16;

    /// <summary>Stands for services beyond those that are told apart.</summary>
    public const string OtherServices = "(other services)";

    private readonly Lock _lock = new();
    private readonly Dictionary<ProcessCause, long> _dropped = [];
    private readonly Dictionary<ProcessCause, long> _cut = [];
    private readonly Dictionary<string, long> _redacted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Traces, long Spans)> _tail = new(StringComparer.Ordinal);
    private readonly RecentTraces<Dictionary<ProcessCause, long>> _traces = new(MaxTraces);
    private long _decidedEarly;

    /// <summary>Counts what was dropped of a trace.</summary>
    public void CountDropped(TraceId trace, ProcessCause cause, long spans)
    {
        lock (_lock)
        {
            Add(_dropped, cause, spans);
            if (!_traces.TryGet(trace, out var causes)) _traces.Set(trace, causes = []);
            if (causes.Count < MaxCausesOfTrace || causes.ContainsKey(cause)) causes[cause] = causes.GetValueOrDefault(cause) + spans;
        }
    }

    /// <summary>Counts spans of which something was cut.</summary>
    public void CountCut(ProcessCause cause, long spans)
    {
        lock (_lock) Add(_cut, cause, spans);
    }

    /// <summary>Counts values that a rule redacted.</summary>
    public void CountRedacted(string rule, long values)
    {
        lock (_lock) _redacted[rule] = _redacted.GetValueOrDefault(rule) + values;
    }

    /// <summary>Counts what a tail rule kept, and the traces that had to be decided while they were still active.</summary>
    public void CountTail(string rule, long traces, long spans, long decidedEarly)
    {
        lock (_lock)
        {
            var so = _tail.GetValueOrDefault(rule);
            if (traces > 0) _tail[rule] = (so.Traces + traces, so.Spans + spans);
            _decidedEarly += decidedEarly;
        }
    }

    /// <summary>What was dropped of a trace, as far as it is remembered.</summary>
    public IReadOnlyList<(ProcessCause Cause, long Spans)> DroppedOf(TraceId trace)
    {
        lock (_lock) return _traces.TryGet(trace, out var causes) ? Sorted(causes) : [];
    }

    /// <summary>The counts at one moment.</summary>
    public ProcessCounts Read()
    {
        lock (_lock)
        {
            return new ProcessCounts(startedUnixNano, Sorted(_dropped), Sorted(_cut),
                [.. _redacted.OrderBy(static r => r.Key, StringComparer.Ordinal).Select(static r => (r.Key, r.Value))],
                [.. _tail.OrderBy(static r => r.Key, StringComparer.Ordinal).Select(static r => (r.Key, r.Value.Traces, r.Value.Spans))], _decidedEarly);
        }
    }

    private static void Add(Dictionary<ProcessCause, long> counts, ProcessCause cause, long spans)
    {
        if (counts.Count >= MaxCauses && !counts.ContainsKey(cause)) cause = cause with { Service = OtherServices };
        counts[cause] = counts.GetValueOrDefault(cause) + spans;
    }

    private static List<(ProcessCause Cause, long Spans)> Sorted(Dictionary<ProcessCause, long> counts) =>
        [.. counts.Select(static c => (c.Key, c.Value)).OrderBy(static c => c.Key.Stage).ThenBy(static c => c.Key.Rule, StringComparer.Ordinal).ThenBy(static c => c.Key.Service, StringComparer.Ordinal)];
}

/// <summary>What <see cref="ProcessCounters"/> had counted at one moment. Immutable.</summary>
/// <param name="StartedUnixNano">When the counting began.</param>
/// <param name="Dropped">Spans that are not stored.</param>
/// <param name="Cut">Spans of which something is not stored.</param>
/// <param name="Redacted">Values by redaction rule.</param>
/// <param name="TailKept">Traces and spans that each tail rule kept.</param>
/// <param name="DecidedEarly">Traces that were decided while they were still active, since no more could wait.</param>
public sealed record ProcessCounts(ulong StartedUnixNano, IReadOnlyList<(ProcessCause Cause, long Spans)> Dropped, IReadOnlyList<(ProcessCause Cause, long Spans)> Cut,
    IReadOnlyList<(string Rule, long Values)> Redacted, IReadOnlyList<(string Rule, long Traces, long Spans)> TailKept, long DecidedEarly);
