using System.Buffers;
using System.Globalization;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Process;

/// <summary>
/// Applies the operator's redaction rules to columns of attributes, whatever signal they belong to: bind it to a batch's dictionaries, then hand it each set of columns. Each distinct value is judged
/// once a batch. Not thread safe; reuse one per worker.
/// </summary>
public sealed class AttributeRedactor
{
    /// <summary>In place of a set of rules: all, each where its key is met within the JSON.</summary>
    private const int JsonSet = -1;

    private readonly Dictionary<int, int> _setOfKey = [];
    private readonly List<int[]> _sets = [];
    private readonly Dictionary<(int Set, AttributeType Type, long Value), Judgement> _known = [];
    private readonly List<int> _hits = [];
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly JsonRuleRedactor _json = new();
    private RedactionRules _rules = new([], []);
    private EncodedValueRedactor _nested = new(null);
    private ByteDictionary _strings = new();
    private ByteDictionary _blobs = new();
    private long[] _values = [];

    /// <summary>Values that each rule has changed or removed since <see cref="Begin"/>, by the rule's number.</summary>
    public ReadOnlySpan<long> Values => _values;

    /// <summary>Begins with another batch: its strings, and the dictionary of its encoded arrays, maps and bytes.</summary>
    public void Begin(ProcessPolicy policy, ByteDictionary strings, ByteDictionary blobs)
    {
        _rules = policy.Redaction;
        _nested = policy.NestedRedaction;
        _strings = strings;
        _blobs = blobs;
        if (_values.Length != _rules.Count) _values = new long[_rules.Count];
        Array.Clear(_values);
        _setOfKey.Clear();
        _sets.Clear();
        _known.Clear();
    }

    /// <summary>
    /// Redacts attributes; owner i has the attributes [offset i, offset i + 1), and <paramref name="changed"/> is called with the number of each owner of which something was changed or removed.
    /// </summary>
    public void Redact(AttributeColumns attributes, ref Column<int> offsets, Action<int> changed)
    {
        if (_rules.IsEmpty || attributes.Count == 0) return;
        var (kept, begin) = (0, 0);
        for (var owner = 0; owner + 1 < offsets.Count; owner++)
        {
            var (from, to) = (begin, offsets[owner + 1]);
            begin = to;
            var isChanged = false;
            for (var i = from; i < to; i++)
            {
                var set = SetOf(attributes.Key[i]);
                var (outcome, type, value, _) = Judge(set, (AttributeType)attributes.Type[i], attributes.Value[i]);
                isChanged |= outcome != RedactionOutcome.Same;
                if (outcome == RedactionOutcome.Removed) continue;
                attributes.Key.Items[kept] = attributes.Key[i];
                attributes.Type.Items[kept] = (byte)type;
                attributes.Value.Items[kept++] = value;
            }
            offsets.Items[owner + 1] = kept;
            if (isChanged) changed(owner);
        }
        attributes.Truncate(kept);
    }

    /// <summary>What stands for a text that is no attribute's value (a name, a message): the same id, or another.</summary>
    public int RedactText(int text)
    {
        if (_rules.IsEmpty) return text;
        var set = SetOf(-1);
        if (_sets[set].Length == 0) return text;
        var (outcome, _, value, _) = Judge(set, AttributeType.String, text);
        // A name cannot go.
        return outcome == RedactionOutcome.Removed ? _strings.GetOrAdd(Redactor.Replacement) : (int)value;
    }

    /// <summary>What stands for the JSON text of a map or a list: the same id, or that of JSON in which values are replaced or gone.</summary>
    public int RedactJson(int json)
    {
        if (_rules.IsEmpty) return json;
        var key = (JsonSet, AttributeType.KvList, (long)json);
        if (!_known.TryGetValue(key, out var judged))
        {
            _hits.Clear();
            _text.ResetWrittenCount();
            var values = _json.Redact(_rules, _strings[json], _text, _hits);
            judged = values == 0 ? new Judgement(RedactionOutcome.Same, AttributeType.KvList, json, []) : new Judgement(RedactionOutcome.Changed, AttributeType.KvList, _strings.GetOrAdd(_text.WrittenSpan), [.. _hits]);
            _known.Add(key, judged);
        }
        foreach (var rule in judged.Hits) _values[rule]++;
        return (int)judged.Value;
    }

    private int SetOf(int key)
    {
        if (_setOfKey.TryGetValue(key, out var set)) return set;
        var rules = _rules.For(key < 0 ? default : _strings[key]);
        set = _sets.FindIndex(known => known.AsSpan().SequenceEqual(rules));
        if (set < 0)
        {
            set = _sets.Count;
            _sets.Add(rules);
        }
        _setOfKey.Add(key, set);
        return set;
    }

    private Judgement Judge(int set, AttributeType type, long value)
    {
        if (_sets[set].Length == 0) return new Judgement(RedactionOutcome.Same, type, value, []);
        if (!_known.TryGetValue((set, type, value), out var judged))
        {
            _hits.Clear();
            _text.ResetWrittenCount();
            var (outcome, newType, newValue) = JudgeNew(_sets[set], type, value);
            judged = new Judgement(outcome, newType, newValue, [.. _hits]);
            _known.Add((set, type, value), judged);
        }
        foreach (var rule in judged.Hits) _values[rule]++;
        return judged;
    }

    private (RedactionOutcome, AttributeType, long) JudgeNew(int[] rules, AttributeType type, long value) => type switch
    {
        AttributeType.String when _strings[(int)value].SequenceEqual(Redactor.Replacement) => (RedactionOutcome.Same, type, value),
        AttributeType.String => AsText(_rules.Apply(rules, _strings[(int)value], _text, _hits), type, value),
        AttributeType.Array or AttributeType.KvList => Nested(rules, type, value),
        AttributeType.Bytes => AsText(_rules.Apply(_rules.OfWhole(rules), _blobs[(int)value], _text, _hits), type, value),
        _ => AsText(_rules.Apply(rules, Encoding.UTF8.GetBytes(TextOf(type, value)), _text, _hits), type, value),
    };

    private (RedactionOutcome, AttributeType, long) AsText(RedactionOutcome outcome, AttributeType type, long value) =>
        outcome == RedactionOutcome.Changed ? (outcome, AttributeType.String, _strings.GetOrAdd(_text.WrittenSpan)) : (outcome, type, value);

    private (RedactionOutcome, AttributeType, long) Nested(int[] rules, AttributeType type, long value)
    {
        var whole = _rules.Apply(_rules.OfWhole(rules), _blobs[(int)value], _text, _hits);
        if (whole != RedactionOutcome.Same) return AsText(whole, type, value);
        return _nested.Redact(_blobs[(int)value], type == AttributeType.KvList, rules, _text, _hits) == 0
            ? (RedactionOutcome.Same, type, value)
            : (RedactionOutcome.Changed, type, _blobs.GetOrAdd(_text.WrittenSpan));
    }

    private static string TextOf(AttributeType type, long value) => type switch
    {
        AttributeType.Bool => value == 0 ? "false" : "true",
        AttributeType.Int => value.ToString(CultureInfo.InvariantCulture),
        AttributeType.Double => BitConverter.Int64BitsToDouble(value).ToString("R", CultureInfo.InvariantCulture),
        _ => "",
    };

    /// <summary>What became of a value, and the rules that did it.</summary>
    private readonly record struct Judgement(RedactionOutcome Outcome, AttributeType Type, long Value, int[] Hits);
}
