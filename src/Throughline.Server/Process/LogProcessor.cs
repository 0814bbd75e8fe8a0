using Throughline.Engine.Logs;
using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>
/// What happens to a request's log records between decoding and the log: sensitive attributes, the operator's redaction rules, which also judge bodies, event names and severity texts, and limits of attributes.
/// Remembers what it did with the last batch, for <see cref="Count"/>. Not thread safe; one per worker.
/// </summary>
public sealed class LogProcessor
{
    private readonly LogRedactor _redactor = new();
    private readonly AttributeRedactor _ruleRedactor = new();
    private readonly LogLimiter _limiter = new();
    private ProcessPolicy? _policy;
    private LogBatch _source = new();

    /// <summary>Values of the last batch that were redacted.</summary>
    public int RedactedValues { get; private set; }

    /// <summary>Whether the last batch does not say any more what the request said.</summary>
    public bool IsAltered { get; private set; }

    /// <summary>Processes a batch in place.</summary>
    public void Apply(ProcessPolicy policy, LogBatch batch)
    {
        (_policy, _source) = (policy, batch);
        RedactedValues = policy.RedactsSensitive ? _redactor.Redact(batch) : 0;
        if (!policy.Redaction.IsEmpty) RedactedValues += RedactByRules(policy, batch);
        IsAltered = RedactedValues > 0 | _limiter.Cut(policy.Rules.Limits, batch);
    }

    /// <summary>Counts what was done with the last batch, which is stored now.</summary>
    public void Count(ProcessCounters counters)
    {
        if (_policy is not { } policy) return;
        for (var i = 0; !policy.Redaction.IsEmpty && i < _ruleRedactor.Values.Length; i++)
        {
            if (_ruleRedactor.Values[i] > 0) counters.CountRedacted(policy.Redaction.NameOf(i), _ruleRedactor.Values[i]);
        }
        _limiter.Count(counters, _source);
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
            if (RedactBody(redactor, batch, row) | RedactName(redactor, ref batch.EventName.Items[row]) | RedactName(redactor, ref batch.SeverityText.Items[row])) Mark(batch, row);
        }
        var values = 0L;
        foreach (var count in redactor.Values) values += count;
        return (int)Math.Min(int.MaxValue, values);
    }

    private static bool RedactBody(AttributeRedactor redactor, LogBatch batch, int row)
    {
        var (body, type) = (batch.Body[row], (AttributeType)batch.BodyType[row]);
        if (type == AttributeType.Empty) return false;
        var isJson = type is AttributeType.KvList or AttributeType.Array;
        batch.Body.Items[row] = isJson ? redactor.RedactJson(body) : redactor.RedactText(body);
        if (batch.Body[row] == body) return false;
        // A number of which something was replaced is none any more.
        if (!isJson) batch.BodyType.Items[row] = (byte)AttributeType.String;
        return true;
    }

    private static bool RedactName(AttributeRedactor redactor, ref int name)
    {
        var before = name;
        name = redactor.RedactText(before);
        return name != before;
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
