using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Sampling;

namespace Throughline.Server.Process;

/// <summary>Decides about quiet traces by the operator's rules: the first that fits decides, the rest is kept by a share. Used by one thread at a time; what it learns of operations outlives a change of the rules.</summary>
public sealed class TailSampler : ITailSampler
{
    private readonly TailRules _rules;
    private readonly TailCondition[] _conditions;
    private readonly TailKnowledge _knowledge;
    private readonly ProcessCounters _counters;
    private readonly Action? _counted;

    /// <summary>Makes a sampler of rules that were checked. <paramref name="counted"/> is called when decisions were counted.</summary>
    public TailSampler(TailRules rules, TailKnowledge knowledge, ProcessCounters counters, Action? counted = null)
    {
        _counted = counted;
        _rules = rules;
        _knowledge = knowledge;
        _counters = counters;
        _conditions = [.. rules.Rules.Select(rule => new TailCondition(rule, knowledge))];
    }

    /// <inheritdoc/>
    public TimeSpan Quiet => TimeSpan.FromSeconds(_rules.QuietSeconds);

    /// <inheritdoc/>
    public void Observe(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        if (!Array.Exists(_conditions, static c => c.Kind == TailRuleKind.Slowest)) return;
        _knowledge.Begin(spans);
        _knowledge.ObserveDuration(rows);
    }

    /// <inheritdoc/>
    public TailDecision Decide(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        _knowledge.Begin(spans);
        var fits = -1;
        // Every rare rule sees every trace, or what it counts would depend on the rules before it.
        for (var i = 0; i < _conditions.Length; i++)
        {
            if ((fits < 0 || _conditions[i].Kind == TailRuleKind.Rare) && _conditions[i].Fits(spans, rows) && fits < 0) fits = i;
        }
        var rule = fits < 0 ? _conditions.Length : fits;
        var threshold = SamplingThreshold.Of(fits < 0 ? _rules.Rate : _conditions[fits].Rate);
        if (threshold == 0) return new TailDecision(rule, 0);
        return SamplingThreshold.RandomnessOf(spans.TraceId[rows[0]], StateOf(spans, rows)) < threshold ? TailDecision.Drop(rule) : new TailDecision(rule, threshold);
    }

    /// <summary>A trace state that names the trace's randomness, where a span has one: all of its spans are to be decided alike.</summary>
    private static ReadOnlySpan<byte> StateOf(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        var (before, found) = (-1, 0);
        foreach (var row in rows)
        {
            var state = spans.TraceState[row];
            if (state == before) continue;
            before = state;
            if (spans.Strings[state].IndexOf("rv:"u8) >= 0) return spans.Strings[state];
            found = state;
        }
        return spans.Strings[found];
    }

    /// <inheritdoc/>
    public void Decided(TailOutcome outcome)
    {
        var spans = outcome.Spans;
        var kept = new Dictionary<int, (long Traces, long Spans)>();
        var byService = new Dictionary<int, long>();
        var early = 0L;
        foreach (var trace in outcome.Traces)
        {
            if (trace.WasActive) early++;
            if (trace.Decision.IsKept)
            {
                var so = kept.GetValueOrDefault(trace.Decision.Rule);
                kept[trace.Decision.Rule] = (so.Traces + 1, so.Spans + trace.Rows.Length);
                continue;
            }
            byService.Clear();
            foreach (var row in trace.Rows) CollectionsMarshal.GetValueRefOrAddDefault(byService, spans.Resources.Service[spans.Resource[row]], out _)++;
            foreach (var (service, count) in byService) _counters.CountDropped(trace.Id, new ProcessCause(ProcessStage.Tail, NameOf(trace.Decision.Rule), spans.Text(service)), count);
        }
        foreach (var (rule, (traces, count)) in kept) _counters.CountTail(NameOf(rule), traces, count, 0);
        if (early > 0) _counters.CountTail("", 0, 0, early);
        _counted?.Invoke();
    }

    private string NameOf(int rule) => rule switch
    {
        TailDecision.Late => ProcessNames.Late,
        TailDecision.Pinned => ProcessNames.Pinned,
        _ when rule < _conditions.Length => _rules.Rules[rule].Name,
        _ => ProcessNames.Rest,
    };
}
