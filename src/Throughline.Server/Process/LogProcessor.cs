using Throughline.Engine.Logs;
using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>
/// What happens to a request's log records between decoding and the log: sensitive attributes and the operator's redaction rules, which also judge bodies that are text. Remembers what it did with the
/// last batch, for <see cref="Count"/>. Not thread safe; one per worker.
/// </summary>
public sealed class LogProcessor
{
    private readonly LogRedactor _redactor = new();
    private readonly AttributeRedactor _ruleRedactor = new();
    private ProcessPolicy? _policy;

    /// <summary>Values of the last batch that were redacted; it does not say any more what the request said when there are any.</summary>
    public int RedactedValues { get; private set; }

    /// <summary>Processes a batch in place.</summary>
    public void Apply(ProcessPolicy policy, LogBatch batch)
    {
        _policy = policy;
        RedactedValues = policy.RedactsSensitive ? _redactor.Redact(batch) : 0;
        if (!policy.Redaction.IsEmpty) RedactedValues += RedactByRules(policy, batch);
    }

    /// <summary>Counts what was done with the last batch, which is stored now.</summary>
    public void Count(ProcessCounters counters)
    {
        if (_policy is not { Redaction: { IsEmpty: false } rules }) return;
        for (var i = 0; i < _ruleRedactor.Values.Length; i++)
        {
            if (_ruleRedactor.Values[i] > 0) counters.CountRedacted(rules.NameOf(i), _ruleRedactor.Values[i]);
        }
    }

    private int RedactByRules(ProcessPolicy policy, LogBatch batch)
    {
        var redactor = _ruleRedactor;
        redactor.Begin(policy, batch.Strings, batch.Blobs);
        redactor.Redact(batch.Attributes, ref batch.AttributeOffset, row => Mark(batch, row));
        redactor.Redact(batch.Resources.Attributes, ref batch.Resources.AttributeOffset, item => MarkAll(batch, batch.Resource.Span, item));
        redactor.Redact(batch.Scopes.Attributes, ref batch.Scopes.AttributeOffset, item => MarkAll(batch, batch.Scope.Span, item));
        for (var row = 0; row < batch.RowCount; row++)
        {
            var body = batch.Body[row];
            batch.Body.Items[row] = redactor.RedactText(body);
            if (batch.Body[row] != body) Mark(batch, row);
        }
        var values = 0L;
        foreach (var count in redactor.Values) values += count;
        return (int)Math.Min(int.MaxValue, values);
    }

    private static void Mark(LogBatch batch, int row) => batch.Marks.Items[row] |= (byte)SpanMarks.Redacted;

    private static void MarkAll(LogBatch batch, ReadOnlySpan<int> references, int target)
    {
        for (var row = 0; row < references.Length; row++)
        {
            if (references[row] == target) Mark(batch, row);
        }
    }
}
