using System.Globalization;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Answers plans from plain spans: whole lists, one predicate at a time, as docs/api.md says it.</summary>
internal static class NaiveEvaluator
{
    public static List<NaiveTrace> Search(SearchPlan plan, IEnumerable<NaiveTrace> traces)
    {
        var found = traces.Where(t => (plan.Span is not { } span || t.Spans.Any(s => Holds(span, s))) && plan.Trace.All(c => Holds(c, t)));
        ulong KeyOf(NaiveTrace trace) => plan.IsSample ? SearchPlan.SampleKey(trace.Summary.TraceId) : trace.Value(plan.Order);
        var ordered = plan.Descending ? found.OrderByDescending(KeyOf) : found.OrderBy(KeyOf);
        return [.. ordered.ThenBy(t => t.Summary.TraceId.ToString(), StringComparer.Ordinal)];
    }

    private static bool Holds(TraceCondition condition, NaiveTrace trace)
    {
        var value = trace.Value(condition.Field);
        return !(value < condition.Minimum) && !(value > condition.Maximum);
    }

    public static bool Holds(SpanPredicate predicate, PlainSpan span) => predicate switch
    {
        SpanPredicate.And and => and.Terms.All(t => Holds(t, span)),
        SpanPredicate.Or or => or.Terms.Any(t => Holds(t, span)),
        SpanPredicate.Not not => !Holds(not.Term, span),
        SpanPredicate.StartsIn range => !(span.Start < range.From) && !(span.Start >= range.To),
        SpanPredicate.DurationBetween d => (span.End > span.Start ? span.End - span.Start : 0) is var duration && !(duration < d.Minimum) && !(duration > d.Maximum),
        SpanPredicate.TextIs text => text.Texts.Contains(Field(text.Field, span)),
        SpanPredicate.TextContains text => Contains(Field(text.Field, span), text.Text),
        SpanPredicate.StatusIs status => status.Codes.Any(c => (int)c == span.Status),
        SpanPredicate.KindIs kind => kind.Kinds.Any(k => (int)k == span.Kind),
        SpanPredicate.IsError => NaiveTrace.IsError(span),
        SpanPredicate.LinksTo link => span.Links.Any(l => l.TraceId == link.TraceId),
        SpanPredicate.Attribute attribute => Holds(attribute, span),
        SpanPredicate.FreeText free => Texts(span).Any(t => Contains(t, free.Text)),
        _ => throw new ArgumentOutOfRangeException(nameof(predicate)),
    };

    private static string Field(SpanTextField field, PlainSpan span) => field switch
    {
        SpanTextField.Service => span.Resource.Service,
        SpanTextField.Name => span.Name,
        _ => span.StatusMessage,
    };

    private static bool Holds(SpanPredicate.Attribute attribute, PlainSpan span)
    {
        PlainAttribute[] scope = attribute.Scope switch
        {
            AttributeScope.Span => span.Attributes,
            AttributeScope.Resource => span.Resource.Attributes,
            _ => [.. span.Attributes, .. span.Resource.Attributes],
        };
        PlainValue[] values = [.. scope.Where(a => a.Key == attribute.Key).Select(a => a.Value)];
        // Of an array, any element.
        PlainValue[] single = [.. values.SelectMany(v => v.Type == AttributeType.Array ? v.Items : [v])];
        return attribute.Operator switch
        {
            AttributeOperator.Exists => values.Length > 0,
            AttributeOperator.NotEqual => values.Length > 0 && !single.Any(v => IsEqual(v, attribute.Literal)),
            AttributeOperator.Equal => single.Any(v => IsEqual(v, attribute.Literal)),
            AttributeOperator.Contains => single.Any(v => (v.Type == AttributeType.String || !attribute.Literal.IsString) && TextOf(v) is { } text && Contains(text, attribute.Literal.Text)),
            _ => single.Any(v => Order(v, attribute.Literal) is { } order && Holds(attribute.Operator, order)),
        };
    }

    private static bool IsEqual(PlainValue value, AttributeLiteral literal) => value.Type switch
    {
        AttributeType.String => value.Text == literal.Text,
        _ when literal.IsString => false,
        AttributeType.Double when double.IsFinite(AsDouble(value)) => Number(literal.Text) == AsDouble(value),
        _ => TextOf(value) == literal.Text,
    };

    private static int? Order(PlainValue value, AttributeLiteral literal)
    {
        var number = literal.IsString ? null : Number(literal.Text);
        switch (value.Type)
        {
            case AttributeType.String: return number is null ? NaiveTrace.Compare(value.Text, literal.Text) : null;
            case AttributeType.Int when number is not null && decimal.TryParse(literal.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact): return ((decimal)value.Number).CompareTo(exact);
            case AttributeType.Int when number is { } n && !double.IsNaN(n): return ((double)value.Number).CompareTo(n);
            case AttributeType.Double when number is { } n && !double.IsNaN(n) && !double.IsNaN(AsDouble(value)): return AsDouble(value) == n ? 0 : AsDouble(value) < n ? -1 : 1;
            default: return null;
        }
    }

    private static bool Holds(AttributeOperator comparison, int order) => comparison switch
    {
        AttributeOperator.Greater => order > 0,
        AttributeOperator.GreaterOrEqual => order >= 0,
        AttributeOperator.Less => order < 0,
        AttributeOperator.LessOrEqual => order <= 0,
        _ => throw new ArgumentOutOfRangeException(nameof(comparison)),
    };

    private static string? TextOf(PlainValue value) => value.Type switch
    {
        AttributeType.String => value.Text,
        AttributeType.Bool => value.Number == 1 ? "true" : "false",
        AttributeType.Int => value.Number.ToString(CultureInfo.InvariantCulture),
        AttributeType.Double => AsDouble(value).ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static double AsDouble(PlainValue value) => BitConverter.Int64BitsToDouble(value.Number);

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IEnumerable<string> Texts(PlainSpan span) =>
    [
        span.Resource.Service, span.Name, span.StatusMessage, .. Values(span.Attributes), .. Values(span.Resource.Attributes),
        .. span.Events.SelectMany(e => (string[])[e.Name, .. Values(e.Attributes)]),
    ];

    private static IEnumerable<string> Values(PlainAttribute[] attributes) => attributes
        .SelectMany(a => a.Value.Type == AttributeType.Array ? a.Value.Items : [a.Value]).Where(v => v.Type == AttributeType.String).Select(v => v.Text);

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
