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
/// What processing has dropped, cut, redacted and kept, by rule and service, and of which traces it dropped something: since the start, and before it as far as <see cref="ProcessCountsFile"/> kept it. Thread
/// safe.
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
    private ulong _sinceUnixNano = startedUnixNano;
    private long _decidedEarly;
    private long _changes;

    /// <summary>Grows with everything that is counted.</summary>
    internal long Changes => Interlocked.Read(ref _changes);

    /// <summary>Counts what was dropped of a trace.</summary>
    public void CountDropped(TraceId trace, ProcessCause cause, long spans)
    {
        lock (_lock)
        {
            _changes++;
            Add(_dropped, cause, spans);
            AddOfTrace(trace, cause, spans);
        }
    }

    /// <summary>Counts spans of which something was cut.</summary>
    public void CountCut(ProcessCause cause, long spans)
    {
        lock (_lock)
        {
            _changes++;
            Add(_cut, cause, spans);
        }
    }

    /// <summary>Counts values that a rule redacted.</summary>
    public void CountRedacted(string rule, long values)
    {
        lock (_lock)
        {
            _changes++;
            _redacted[rule] = _redacted.GetValueOrDefault(rule) + values;
        }
    }

    /// <summary>Counts what a tail rule kept, and the traces that had to be decided while they were still active.</summary>
    public void CountTail(string rule, long traces, long spans, long decidedEarly)
    {
        lock (_lock)
        {
            _changes++;
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
            return new ProcessCounts(_sinceUnixNano, Sorted(_dropped), Sorted(_cut),
                [.. _redacted.OrderBy(static r => r.Key, StringComparer.Ordinal).Select(static r => (r.Key, r.Value))],
                [.. _tail.OrderBy(static r => r.Key, StringComparer.Ordinal).Select(static r => (r.Key, r.Value.Traces, r.Value.Spans))], _decidedEarly);
        }
    }

    /// <summary>Writes all that is counted; answers <see cref="Changes"/> at that moment.</summary>
    internal long Write(BinaryWriter to)
    {
        lock (_lock)
        {
            to.Write(_sinceUnixNano);
            to.Write(_decidedEarly);
            var numbers = new Dictionary<ProcessCause, int>();
            foreach (var cause in _dropped.Keys.Concat(_cut.Keys).Concat(_traces.InOrder().SelectMany(static t => t.Value.Keys))) numbers.TryAdd(cause, numbers.Count);
            WriteEach(to, numbers.Keys, static (w, cause) =>
            {
                w.Write((byte)cause.Stage);
                w.Write(cause.Rule);
                w.Write(cause.Service);
            });
            foreach (var counts in new[] { _dropped, _cut }) WriteCounts(to, counts, numbers);
            WriteEach(to, _redacted, static (w, one) =>
            {
                w.Write(one.Key);
                w.Write(one.Value);
            });
            WriteEach(to, _tail, static (w, one) =>
            {
                w.Write(one.Key);
                w.Write(one.Value.Traces);
                w.Write(one.Value.Spans);
            });
            Span<byte> id = stackalloc byte[TraceId.SizeBytes];
            to.Write7BitEncodedInt(_traces.Count);
            foreach (var (trace, counts) in _traces.InOrder())
            {
                trace.CopyTo(id);
                to.Write(id);
                WriteCounts(to, counts, numbers);
            }
            return _changes;
        }
    }

    /// <summary>Adds what another run wrote, whose bytes were checked.</summary>
    internal void Read(BinaryReader from)
    {
        lock (_lock)
        {
            _sinceUnixNano = Math.Min(_sinceUnixNano, from.ReadUInt64());
            _decidedEarly += from.ReadInt64();
            var causes = new ProcessCause[from.Read7BitEncodedInt()];
            for (var i = 0; i < causes.Length; i++) causes[i] = new ProcessCause((ProcessStage)from.ReadByte(), from.ReadString(), from.ReadString());
            ReadCounts(from, causes, (cause, spans) => Add(_dropped, cause, spans));
            ReadCounts(from, causes, (cause, spans) => Add(_cut, cause, spans));
            for (var left = from.Read7BitEncodedInt(); left > 0; left--)
            {
                var rule = from.ReadString();
                _redacted[rule] = _redacted.GetValueOrDefault(rule) + from.ReadInt64();
            }
            for (var left = from.Read7BitEncodedInt(); left > 0; left--)
            {
                var rule = from.ReadString();
                var so = _tail.GetValueOrDefault(rule);
                _tail[rule] = (so.Traces + from.ReadInt64(), so.Spans + from.ReadInt64());
            }
            for (var left = from.Read7BitEncodedInt(); left > 0; left--)
            {
                var trace = TraceId.FromBytes(from.ReadBytes(TraceId.SizeBytes));
                ReadCounts(from, causes, (cause, spans) => AddOfTrace(trace, cause, spans));
            }
        }
    }

    private static void WriteEach<T>(BinaryWriter to, IReadOnlyCollection<T> items, Action<BinaryWriter, T> write)
    {
        to.Write7BitEncodedInt(items.Count);
        foreach (var item in items) write(to, item);
    }

    private static void WriteCounts(BinaryWriter to, Dictionary<ProcessCause, long> counts, Dictionary<ProcessCause, int> numbers)
    {
        to.Write7BitEncodedInt(counts.Count);
        foreach (var (cause, spans) in counts)
        {
            to.Write7BitEncodedInt(numbers[cause]);
            to.Write7BitEncodedInt64(spans);
        }
    }

    private static void ReadCounts(BinaryReader from, ProcessCause[] causes, Action<ProcessCause, long> take)
    {
        for (var left = from.Read7BitEncodedInt(); left > 0; left--)
        {
            var cause = causes[from.Read7BitEncodedInt()];
            take(cause, from.Read7BitEncodedInt64());
        }
    }

    private void AddOfTrace(TraceId trace, ProcessCause cause, long spans)
    {
        if (!_traces.TryGet(trace, out var causes)) _traces.Set(trace, causes = []);
        if (causes.Count < MaxCausesOfTrace || causes.ContainsKey(cause)) causes[cause] = causes.GetValueOrDefault(cause) + spans;
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
