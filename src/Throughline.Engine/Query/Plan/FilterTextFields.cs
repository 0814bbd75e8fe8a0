using System.Globalization;

namespace Throughline.Engine.Query.Plan;

/// <summary>Gives the terms of a filter text their meaning: the known fields, and attributes for every other key.</summary>
internal static class FilterTextFields
{
    /// <summary>Adds the term's condition to one of the lists. False when the field cannot be compared so.</summary>
    internal static bool TryCompile(FilterTextTerm term, List<SpanPredicate> spans, List<TraceCondition> traces, out FilterTextError error)
    {
        error = default;
        if (term.Operator is not { } comparison)
        {
            spans.Add(new SpanPredicate.FreeText(term.Value));
            return true;
        }

        var (span, trace, problem) = term.Key switch
        {
            "service" or "service.name" => Text(SpanTextField.Service, term, comparison),
            "name" or "operation" => Text(SpanTextField.Name, term, comparison),
            "status.message" => Text(SpanTextField.StatusMessage, term, comparison),
            "kind" => Named(term, comparison, KindNames, static i => new SpanPredicate.KindIs([(Model.SpanKind)i])),
            "status" => Named(term, comparison, StatusNames, Status),
            "error" => Named(term, comparison, ["true", "false"], static i => i == 0 ? IsError : new SpanPredicate.Not(IsError)),
            "span.duration" => SpanDuration(term, comparison),
            "duration" => TraceValue(TraceOrder.Duration, term, comparison),
            "waiting" => TraceValue(TraceOrder.Waiting, term, comparison),
            "spans" => TraceValue(TraceOrder.Spans, term, comparison),
            "errors" => TraceValue(TraceOrder.Errors, term, comparison),
            _ => Attribute(term, comparison),
        };
        if (problem is { } found)
        {
            error = found;
            return false;
        }
        if (span is not null) spans.Add(span);
        if (trace is not null) traces.Add(trace);
        return true;
    }

    /// <summary>The one name of a key that has several.</summary>
    internal static string NameOf(string key) => key switch
    {
        "service.name" => "service",
        "operation" => "name",
        _ => key,
    };

    /// <summary>The names of span kinds, by OTLP's number.</summary>
    private static readonly string[] KindNames = ["unspecified", "internal", "server", "client", "producer", "consumer"];

    /// <summary>The names of statuses, by OTLP's number.</summary>
    private static readonly string[] StatusNames = ["unset", "ok", "error"];

    private static readonly SpanPredicate IsError = new SpanPredicate.IsError();

    internal static SpanPredicate? StatusByName(string name)
    {
        var index = Array.IndexOf(StatusNames, name);
        return index < 0 ? null : Status(index);
    }

    private static SpanPredicate Status(int index) =>
        (Model.SpanStatusCode)index == Model.SpanStatusCode.Error ? IsError : new SpanPredicate.StatusIs([(Model.SpanStatusCode)index]);

    private static Compiled Text(SpanTextField field, FilterTextTerm term, AttributeOperator comparison) => comparison switch
    {
        AttributeOperator.Equal => new SpanPredicate.TextIs(field, [term.Value]),
        AttributeOperator.NotEqual => new SpanPredicate.Not(new SpanPredicate.TextIs(field, [term.Value])),
        AttributeOperator.Contains => new SpanPredicate.TextContains(field, term.Value),
        _ => Unfit(term, "=, != and ~"),
    };

    private static Compiled Named(FilterTextTerm term, AttributeOperator comparison, string[] names, Func<int, SpanPredicate> make)
    {
        if (comparison is not (AttributeOperator.Equal or AttributeOperator.NotEqual)) return Unfit(term, "= and !=");
        var index = Array.IndexOf(names, term.Value);
        if (index < 0)
            return new FilterTextError(term.ValuePosition, $"'{term.Key}' is {string.Join(", ", names[..^1])} or {names[^1]}, not '{term.Value}'.");
        var predicate = make(index);
        return comparison == AttributeOperator.Equal ? predicate : new SpanPredicate.Not(predicate);
    }

    private static Compiled SpanDuration(FilterTextTerm term, AttributeOperator comparison)
    {
        if (comparison == AttributeOperator.Contains) return Unfit(term, "=, !=, >, >=, < and <=");
        if (!FilterTextDuration.TryParse(term.Value, out var nano, out var problem)) return new FilterTextError(term.ValuePosition, problem);
        if (comparison == AttributeOperator.NotEqual) return new SpanPredicate.Not(new SpanPredicate.DurationBetween(nano, nano));
        var (minimum, maximum) = Bounds(nano, comparison);
        return new SpanPredicate.DurationBetween(minimum, maximum);
    }

    private static Compiled TraceValue(TraceOrder field, FilterTextTerm term, AttributeOperator comparison)
    {
        if (comparison is AttributeOperator.Contains or AttributeOperator.NotEqual) return Unfit(term, "=, >, >=, < and <=");
        ulong value;
        if (field is TraceOrder.Duration or TraceOrder.Waiting)
        {
            if (!FilterTextDuration.TryParse(term.Value, out value, out var problem)) return new FilterTextError(term.ValuePosition, problem);
        }
        else if (!ulong.TryParse(term.Value, NumberStyles.None, CultureInfo.InvariantCulture, out value))
        {
            return new FilterTextError(term.ValuePosition, $"'{term.Key}' is compared with a whole number, not with '{term.Value}'.");
        }
        var (minimum, maximum) = Bounds(value, comparison);
        return new TraceCondition(field, minimum, maximum);
    }

    /// <summary>Inclusive bounds of a comparison. What nothing can meet ("&lt; 0") becomes bounds that exclude each other.</summary>
    private static (ulong? Minimum, ulong? Maximum) Bounds(ulong value, AttributeOperator comparison) => comparison switch
    {
        AttributeOperator.Greater => value == ulong.MaxValue ? (ulong.MaxValue, 0) : (value + 1, null),
        AttributeOperator.GreaterOrEqual => (value, null),
        AttributeOperator.Less => value == 0 ? (ulong.MaxValue, 0) : (null, value - 1),
        AttributeOperator.LessOrEqual => (null, value),
        _ => (value, value),
    };

    private static Compiled Attribute(FilterTextTerm term, AttributeOperator comparison)
    {
        var (scope, key) = term.Key switch
        {
            _ when term.Key.StartsWith("span.", StringComparison.Ordinal) => (AttributeScope.Span, term.Key["span.".Length..]),
            _ when term.Key.StartsWith("resource.", StringComparison.Ordinal) => (AttributeScope.Resource, term.Key["resource.".Length..]),
            _ => (AttributeScope.Any, term.Key),
        };
        if (key.Length == 0) return new FilterTextError(term.Position, $"A key is missing after '{term.Key}'.");
        return new SpanPredicate.Attribute(scope, key, comparison, new AttributeLiteral(term.Value, term.IsQuoted));
    }

    private static FilterTextError Unfit(FilterTextTerm term, string fitting) =>
        new(term.Position + term.Key.Length, $"'{term.Key}' cannot be compared with '{term.OperatorText}', only with {fitting}.");

    /// <summary>What a term became: one of the three.</summary>
    private readonly record struct Compiled(SpanPredicate? Span, TraceCondition? Trace, FilterTextError? Error)
    {
        public static implicit operator Compiled(SpanPredicate span) => new(span, null, null);

        public static implicit operator Compiled(TraceCondition trace) => new(null, trace, null);

        public static implicit operator Compiled(FilterTextError error) => new(null, null, error);
    }
}
