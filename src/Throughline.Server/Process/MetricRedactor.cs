using System.Buffers;
using System.Text;

namespace Throughline.Server.Process;

/// <summary>
/// Applies the built-in sensitive keys and the operator's redaction rules to attributes of metrics, which are texts, while a request is decoded: what a series is told by is made of what may be kept. Each
/// distinct value is judged once a request. Not thread safe; one per worker.
/// </summary>
public sealed class MetricRedactor
{
    private readonly Dictionary<string, int[]> _rulesOfKey = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, string Value), (string? Result, int[] Hits)> _known = [];
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly List<int> _hits = [];
    private ProcessPolicy? _policy;
    private long[] _values = [];

    /// <summary>Begins with another request.</summary>
    public void Begin(ProcessPolicy policy)
    {
        _policy = policy;
        if (_values.Length != policy.Redaction.Count) _values = new long[policy.Redaction.Count];
        Array.Clear(_values);
        _rulesOfKey.Clear();
        _known.Clear();
    }

    /// <summary>Whether a key (UTF-8) is one of those whose values are never stored.</summary>
    public bool IsSensitive(ReadOnlySpan<byte> key) => _policy is { RedactsSensitive: true } && SensitiveKeys.Contains(key);

    /// <summary>What is kept of a value: itself, another text, or null: it goes with its key.</summary>
    public string? Redact(string key, string value)
    {
        if (_policy is not { Redaction: { IsEmpty: false } rules }) return value;
        if (!_rulesOfKey.TryGetValue(key, out var ofKey)) _rulesOfKey.Add(key, ofKey = rules.For(Encoding.UTF8.GetBytes(key)));
        if (ofKey.Length == 0) return value;
        if (!_known.TryGetValue((key, value), out var judged)) _known.Add((key, value), judged = Judge(rules, ofKey, value));
        foreach (var rule in judged.Hits) _values[rule]++;
        return judged.Hits.Length == 0 ? value : judged.Result;
    }

    /// <summary>Counts what was done with the last request, which is stored now.</summary>
    public void Count(ProcessCounters counters)
    {
        if (_policy is not { } policy) return;
        for (var rule = 0; rule < _values.Length; rule++)
        {
            if (_values[rule] > 0) counters.CountRedacted(policy.Redaction.NameOf(rule), _values[rule]);
        }
    }

    private (string? Result, int[] Hits) Judge(RedactionRules rules, int[] ofKey, string value)
    {
        _hits.Clear();
        _text.ResetWrittenCount();
        return rules.Apply(ofKey, Encoding.UTF8.GetBytes(value), _text, _hits) switch
        {
            RedactionOutcome.Removed => (null, [.. _hits]),
            RedactionOutcome.Changed => (Encoding.UTF8.GetString(_text.WrittenSpan), [.. _hits]),
            _ => (value, []),
        };
    }
}
