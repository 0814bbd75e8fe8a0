using System.Globalization;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Process;

/// <summary>One tail rule, ready to be asked about traces. Used by one thread at a time.</summary>
internal sealed class TailCondition(TailRule rule, TailKnowledge knowledge)
{
    private readonly byte[] _service = Encoding.UTF8.GetBytes(rule.Service ?? "");
    private readonly byte[] _key = Encoding.UTF8.GetBytes(rule.Key ?? "");
    private readonly HashSet<string> _values = [.. rule.Values];
    private ByteDictionary? _strings;
    private int _serviceId;
    private int _keyId;

    internal TailRuleKind Kind => rule.Kind;

    internal double Rate => rule.Rate;

    internal bool Fits(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        Bind(spans.Strings);
        if (rule.Service is not null && !HasService(spans, rows)) return false;
        return rule.Kind switch
        {
            TailRuleKind.Errors => HasError(spans, rows),
            TailRuleKind.Slow => TailKnowledge.DurationOf(spans, rows) >= rule.Number * 1e6,
            TailRuleKind.Slowest => knowledge.IsSlow(rows, rule.Number / 100),
            TailRuleKind.Rare => knowledge.IsRare(rows, rule.Number),
            _ => HasAttribute(spans, rows),
        };
    }

    private void Bind(ByteDictionary strings)
    {
        if (ReferenceEquals(_strings, strings)) return;
        _strings = strings;
        (_serviceId, _keyId) = (strings.Find(_service), strings.Find(_key));
    }

    private bool HasService(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows)
        {
            if (spans.Resources.Service[spans.Resource[row]] == _serviceId) return true;
        }
        return false;
    }

    private static bool HasError(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows)
        {
            if ((spans.Marks[row] & (byte)SpanMarks.Error) != 0) return true;
        }
        return false;
    }

    private bool HasAttribute(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        if (_keyId < 0) return false;
        var resource = -1;
        foreach (var row in rows)
        {
            if (Has(spans, spans.Attributes, spans.AttributeOffset[row], spans.AttributeOffset[row + 1])) return true;
            if (spans.Resource[row] == resource) continue;
            resource = spans.Resource[row];
            if (Has(spans, spans.Resources.Attributes, spans.Resources.AttributeOffset[resource], spans.Resources.AttributeOffset[resource + 1])) return true;
        }
        return false;
    }

    private bool Has(SpanBatch spans, AttributeColumns attributes, int from, int to)
    {
        var keys = attributes.Key.Span[from..to];
        for (var i = keys.IndexOf(_keyId); i >= 0; )
        {
            if (_values.Count == 0 || _values.Contains(TextOf(spans, (AttributeType)attributes.Type[from + i], attributes.Value[from + i]))) return true;
            var next = keys[(i + 1)..].IndexOf(_keyId);
            i = next < 0 ? -1 : i + 1 + next;
        }
        return false;
    }

    private static string TextOf(SpanBatch spans, AttributeType type, long value) => type switch
    {
        AttributeType.String => spans.Text((int)value),
        AttributeType.Bool => value == 0 ? "false" : "true",
        AttributeType.Int => value.ToString(CultureInfo.InvariantCulture),
        AttributeType.Double => BitConverter.Int64BitsToDouble(value).ToString("R", CultureInfo.InvariantCulture),
        _ => "",
    };
}
