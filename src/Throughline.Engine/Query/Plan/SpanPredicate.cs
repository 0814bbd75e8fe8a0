namespace Throughline.Engine.Query.Plan;

/// <summary>A condition on one span: a closed family. Immutable.</summary>
public abstract record SpanPredicate
{
    private SpanPredicate()
    {
    }

    /// <summary>All hold.</summary>
    public sealed record And(IReadOnlyList<SpanPredicate> Terms) : SpanPredicate;

    /// <summary>At least one holds.</summary>
    public sealed record Or(IReadOnlyList<SpanPredicate> Terms) : SpanPredicate;

    /// <summary>The term does not hold.</summary>
    public sealed record Not(SpanPredicate Term) : SpanPredicate;

    /// <summary>The span starts in [From, To), Unix nanoseconds; null is open.</summary>
    public sealed record StartsIn(ulong? From, ulong? To) : SpanPredicate;

    /// <summary>The span's duration lies within both bounds (inclusive, nanoseconds; null is open).</summary>
    public sealed record DurationBetween(ulong? Minimum, ulong? Maximum) : SpanPredicate;

    /// <summary>The service, name or status message is one of the texts (exactly).</summary>
    public sealed record TextIs(SpanTextField Field, IReadOnlyList<string> Texts) : SpanPredicate;

    /// <summary>The service, name or status message contains the text (case-insensitive).</summary>
    public sealed record TextContains(SpanTextField Field, string Text) : SpanPredicate;

    /// <summary>The status code is one of these.</summary>
    public sealed record StatusIs(IReadOnlyList<Model.SpanStatusCode> Codes) : SpanPredicate;

    /// <summary>The kind is one of these.</summary>
    public sealed record KindIs(IReadOnlyList<Model.SpanKind> Kinds) : SpanPredicate;

    /// <summary>The span counts as an error: status ERROR, or an attribute <c>error</c> that is true or "true".</summary>
    public sealed record IsError : SpanPredicate;

    /// <summary>The span has a link to a span of this trace.</summary>
    public sealed record LinksTo(Model.TraceId TraceId) : SpanPredicate;

    /// <summary>The span has the attribute (in the given scope) and its value compares so. An array's elements count each.</summary>
    public sealed record Attribute(AttributeScope Scope, string Key, AttributeOperator Operator, AttributeLiteral Literal) : SpanPredicate;

    /// <summary>
    /// Case-insensitive substring of service, name, status message, string values (of span and resource), event names or string values of events.
    /// </summary>
    public sealed record FreeText(string Text) : SpanPredicate;
}

/// <summary>A text of the span itself.</summary>
public enum SpanTextField
{
    /// <summary>The resource's service.name.</summary>
    Service,
    /// <summary>The span's name.</summary>
    Name,
    /// <summary>The status message.</summary>
    StatusMessage,
}

/// <summary>Where an attribute is looked for.</summary>
public enum AttributeScope
{
    /// <summary>On the span or its resource.</summary>
    Any,
    /// <summary>On the span.</summary>
    Span,
    /// <summary>On its resource.</summary>
    Resource,
}

/// <summary>How an attribute's value is compared. Order comparisons hold between numbers, or between texts by ordinal order.</summary>
public enum AttributeOperator
{
    /// <summary>Some value equals.</summary>
    Equal,
    /// <summary>The attribute is there and no value of it equals.</summary>
    NotEqual,
    /// <summary>Some value is greater.</summary>
    Greater,
    /// <summary>Some value is greater or equal.</summary>
    GreaterOrEqual,
    /// <summary>Some value is less.</summary>
    Less,
    /// <summary>Some value is less or equal.</summary>
    LessOrEqual,
    /// <summary>Some value's text contains it, case-insensitive.</summary>
    Contains,
    /// <summary>The attribute is there; the literal plays no part.</summary>
    Exists,
}

/// <summary>A literal: untyped (<see cref="IsString"/> false; matches every type whose text equals it) or a string.</summary>
public readonly record struct AttributeLiteral(string Text, bool IsString);
