using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Sampling;

namespace Throughline.Server.Process;

/// <summary>
/// What happens to a request's spans between decoding and the log: sampling by service, the limit of spans a trace, redaction, limits of attributes. Remembers what it did with the last batch, for
/// <see cref="Count"/> or <see cref="GiveBack"/>. Not thread safe; one per worker.
/// </summary>
public sealed class SpanProcessor
{
    private readonly Redactor _redactor = new();
    private readonly AttributeRedactor _ruleRedactor = new();
    private readonly AttributeLimiter _limiter = new();
    private readonly List<int> _kept = [];
    private readonly List<ServiceSampler?> _samplers = [];
    private readonly Dictionary<(int TraceState, ulong Threshold), int> _states = [];
    private readonly Dictionary<(TraceId Trace, string Rule, int Service), long> _dropped = [];
    private readonly Dictionary<TraceId, int> _taken = [];
    private ProcessPolicy? _policy;
    private SpanBatch _source = new();

    /// <summary>Attribute values of the last batch that were redacted.</summary>
    public int RedactedValues { get; private set; }

    /// <summary>Whether the last batch does not say any more what the request said.</summary>
    public bool IsAltered { get; private set; }

    /// <summary>Processes a batch in place; answers what is to be stored: the batch, or of it the spans that are kept. Valid until the batch is cleared.</summary>
    public SpanBatch Apply(ProcessPolicy policy, SpanBatch batch)
    {
        (_policy, _source, RedactedValues, IsAltered) = (policy, batch, 0, false);
        _dropped.Clear();
        _taken.Clear();
        var kept = policy.SamplesHead || policy.Spans is not null ? Sample(policy, batch) : batch;
        if (kept.RowCount == 0) return kept;
        if (policy.RedactsSensitive) RedactedValues = _redactor.Redact(kept);
        if (!policy.Redaction.IsEmpty) RedactedValues += RedactByRules(policy, kept);
        IsAltered |= RedactedValues > 0 | _limiter.Cut(policy.Rules.Limits, kept);
        return kept;
    }

    /// <summary>Counts what was done with the last batch, which is stored now, or of which nothing was left.</summary>
    public void Count(ProcessCounters counters)
    {
        if (_policy is not { } policy) return;
        foreach (var ((trace, rule, service), spans) in _dropped)
            counters.CountDropped(trace, new ProcessCause(rule == ProcessNames.SpansPerTrace ? ProcessStage.Limit : ProcessStage.Head, rule, _source.Text(service)), spans);
        if (!policy.Redaction.IsEmpty)
        {
            for (var i = 0; i < _ruleRedactor.Values.Length; i++)
            {
                if (_ruleRedactor.Values[i] > 0) counters.CountRedacted(policy.Redaction.NameOf(i), _ruleRedactor.Values[i]);
            }
        }
        _limiter.Count(counters, _source);
    }

    /// <summary>Takes back what was taken of limits for the last batch: it was not stored.</summary>
    public void GiveBack()
    {
        if (_policy?.Spans is not { } spans) return;
        foreach (var (trace, count) in _taken) spans.GiveBack(trace, count);
    }

    private SpanBatch Sample(ProcessPolicy policy, SpanBatch batch)
    {
        _kept.Clear();
        _states.Clear();
        FindSamplers(policy, batch);
        for (var row = 0; row < batch.RowCount; row++)
        {
            if (Keeps(policy, batch, row)) _kept.Add(row);
        }
        if (_kept.Count == batch.RowCount) return batch;
        IsAltered = true;
        return batch.Select(CollectionsMarshal.AsSpan(_kept));
    }

    private void FindSamplers(ProcessPolicy policy, SpanBatch batch)
    {
        _samplers.Clear();
        for (var i = 0; i < batch.Resources.Count; i++)
        {
            var sampler = policy.SamplesHead ? policy.SamplerOf(batch.Text(batch.Resources.Service[i])) : null;
            _samplers.Add(sampler is { KeepsAll: false } ? sampler : null);
        }
    }

    private bool Keeps(ProcessPolicy policy, SpanBatch batch, int row)
    {
        var (trace, resource) = (batch.TraceId[row], batch.Resource[row]);
        if (_samplers[resource] is { } sampler)
        {
            var state = batch.TraceState[row];
            var decision = sampler.Decide(trace, batch.Strings[state], out var threshold);
            if (decision != HeadDecision.Kept) return Drop(trace, decision == HeadDecision.DroppedByRate ? ProcessNames.Rate : ProcessNames.TracesPerSecond, batch.Resources.Service[resource]);
            if (threshold > 0) Tell(batch, row, state, threshold);
        }
        if (policy.Spans is not { } spans) return true;
        var number = spans.Take(trace);
        if (number == 0) return Drop(trace, ProcessNames.SpansPerTrace, batch.Resources.Service[resource]);
        CollectionsMarshal.GetValueRefOrAddDefault(_taken, trace, out _)++;
        if (number < spans.Most) return true;
        batch.Marks.Items[row] |= (byte)SpanMarks.TraceFull;
        IsAltered = true;
        return true;
    }

    /// <summary>Writes into the span's trace state by which threshold it was sampled.</summary>
    private void Tell(SpanBatch batch, int row, int state, ulong threshold)
    {
        if (!_states.TryGetValue((state, threshold), out var told))
        {
            var text = batch.Strings[state];
            told = SamplingThreshold.Read(text) == threshold ? state : batch.Strings.GetOrAdd(SamplingThreshold.Write(text, threshold));
            _states.Add((state, threshold), told);
        }
        if (told == state) return;
        batch.TraceState.Items[row] = told;
        IsAltered = true;
    }

    private bool Drop(TraceId trace, string rule, int service)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_dropped, (trace, rule, service), out _)++;
        return false;
    }

    private int RedactByRules(ProcessPolicy policy, SpanBatch batch)
    {
        var redactor = _ruleRedactor;
        redactor.Begin(policy, batch.Strings, batch.Blobs);
        redactor.Redact(batch.Attributes, ref batch.AttributeOffset, row => Mark(batch, row));
        redactor.Redact(batch.Events.Attributes, ref batch.Events.AttributeOffset, item => Mark(batch, OwnerOf(batch.EventOffset.Span, item)));
        redactor.Redact(batch.Links.Attributes, ref batch.Links.AttributeOffset, item => Mark(batch, OwnerOf(batch.LinkOffset.Span, item)));
        redactor.Redact(batch.Resources.Attributes, ref batch.Resources.AttributeOffset, item => MarkAll(batch, batch.Resource.Span, item));
        redactor.Redact(batch.Scopes.Attributes, ref batch.Scopes.AttributeOffset, item => MarkAll(batch, batch.Scope.Span, item));
        for (var row = 0; row < batch.RowCount; row++)
        {
            var (name, message) = (batch.Name[row], batch.StatusMessage[row]);
            batch.Name.Items[row] = redactor.RedactText(name);
            batch.StatusMessage.Items[row] = redactor.RedactText(message);
            if (batch.Name[row] != name || batch.StatusMessage[row] != message) Mark(batch, row);
        }
        for (var item = 0; item < batch.Events.Count; item++)
        {
            var name = batch.Events.Name[item];
            batch.Events.Name.Items[item] = redactor.RedactText(name);
            if (batch.Events.Name[item] != name) Mark(batch, OwnerOf(batch.EventOffset.Span, item));
        }
        var values = 0L;
        foreach (var count in redactor.Values) values += count;
        return (int)Math.Min(int.MaxValue, values);
    }

    private static void Mark(SpanBatch batch, int row) => batch.Marks.Items[row] |= (byte)SpanMarks.Redacted;

    private static void MarkAll(SpanBatch batch, ReadOnlySpan<int> references, int target)
    {
        for (var row = 0; row < references.Length; row++)
        {
            if (references[row] == target) Mark(batch, row);
        }
    }

    /// <summary>The row whose part [offset, next offset) holds an item.</summary>
    internal static int OwnerOf(ReadOnlySpan<int> offsets, int item)
    {
        var (low, high) = (0, offsets.Length - 2);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (offsets[middle] <= item) low = middle;
            else high = middle - 1;
        }
        return low;
    }
}
