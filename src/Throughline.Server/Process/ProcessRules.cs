namespace Throughline.Server.Process;

/// <summary>What the operator wants done with spans before they are stored, as it stands in the settings: plain data that was checked. Immutable.</summary>
public sealed record ProcessRules
{
    /// <summary>Nothing is dropped, redacted or cut.</summary>
    public static ProcessRules None { get; } = new();

    /// <summary>Which share of the traces each service keeps.</summary>
    public SamplingRules Sampling { get; init; } = new();

    /// <summary>Which traces are kept when they are over.</summary>
    public TailRules Tail { get; init; } = new();

    /// <summary>Which values are not stored as they came, beside those that the server always redacts. The first rule that fits a value acts.</summary>
    public IReadOnlyList<RedactionRule> Redaction { get; init; } = [];

    /// <summary>How much of a span, and of a trace, is stored.</summary>
    public SpanLimits Limits { get; init; } = new();
}

/// <summary>Head sampling: decided when a span arrives, by its service and the id of its trace.</summary>
public sealed record SamplingRules
{
    /// <summary>What holds for a service without a rule of its own.</summary>
    public ServiceRate Default { get; init; } = new(1, null);

    /// <summary>Rules of services, each service once.</summary>
    public IReadOnlyList<ServiceRule> Services { get; init; } = [];

    /// <summary>What holds for a service.</summary>
    public ServiceRate KeepOf(string service) => Services.FirstOrDefault(rule => rule.Service == service)?.Keep ?? Default;
}

/// <summary>How much of a service's spans is kept.</summary>
/// <param name="Rate">The share of the traces, 0 to 1.</param>
/// <param name="TracesPerSecond">Traces a second that are kept at most, on the average; null: no limit.</param>
/// <param name="IsRemote">The share is its senders' to keep, which ask for it (remote sampling): it is not applied again to what arrives. A number of traces a second is: it holds for all senders together.</param>
public sealed record ServiceRate(double Rate, double? TracesPerSecond, bool IsRemote = false);

/// <summary>What holds for one service.</summary>
public sealed record ServiceRule(string Service, ServiceRate Keep);

/// <summary>Tail sampling: decided about a whole trace when it is quiet.</summary>
public sealed record TailRules
{
    /// <summary>Whether it is done.</summary>
    public bool Enabled { get; init; }

    /// <summary>Seconds without a span after which a trace counts as over.</summary>
    public double QuietSeconds { get; init; } = 10;

    /// <summary>The first rule that fits a trace decides about it.</summary>
    public IReadOnlyList<TailRule> Rules { get; init; } = [];

    /// <summary>The share that is kept of the traces that no rule fits.</summary>
    public double Rate { get; init; } = 1;
}

/// <summary>What a tail rule looks for.</summary>
public enum TailRuleKind
{
    /// <summary>A trace with a span that counts as an error.</summary>
    Errors,
    /// <summary>A trace that took at least so many milliseconds.</summary>
    Slow,
    /// <summary>A trace that took longer than that percentile of the traces with the same root.</summary>
    Slowest,
    /// <summary>A trace with an operation that few traces of the last hour had.</summary>
    Rare,
    /// <summary>A trace with a span that has an attribute, of one of some values where there are any.</summary>
    Attribute,
}

/// <summary>One tail rule.</summary>
/// <param name="Name">Names it among the counts.</param>
/// <param name="Kind">What it looks for.</param>
/// <param name="Service">Only traces with a span of this service; null: all.</param>
/// <param name="Number">Milliseconds (slow), percentile (slowest), traces an hour (rare).</param>
/// <param name="Key">The attribute's key (attribute).</param>
/// <param name="Values">Its values as text; empty: any (attribute).</param>
/// <param name="Rate">The share that is kept of the traces that it fits.</param>
public sealed record TailRule(string Name, TailRuleKind Kind, string? Service, double Number, string? Key, IReadOnlyList<string> Values, double Rate);

/// <summary>What is done with a value.</summary>
public enum RedactionAction
{
    /// <summary><c>[redacted]</c> stands in its place.</summary>
    Mask,
    /// <summary>A keyed hash stands in its place: equal values stay equal.</summary>
    Hash,
    /// <summary>The attribute goes.</summary>
    Remove,
}

/// <summary>One redaction rule.</summary>
/// <param name="Name">Names it among the counts.</param>
/// <param name="Key">The attribute's key, in any case, with * for any characters; null: all texts of a span.</param>
/// <param name="Pattern">A regular expression for the part of the text that is meant; null: the whole value.</param>
/// <param name="Action">What is done with it.</param>
public sealed record RedactionRule(string Name, string? Key, string? Pattern, RedactionAction Action);

/// <summary>Limits; null: none.</summary>
public sealed record SpanLimits
{
    /// <summary>Attributes of a span, an event or a link.</summary>
    public int? Attributes { get; init; }

    /// <summary>Bytes of an attribute's value.</summary>
    public int? ValueBytes { get; init; }

    /// <summary>Spans of a trace.</summary>
    public int? SpansPerTrace { get; init; }
}

/// <summary>What is wrong with rules: where (as in <c>tail.rules[1].rate</c>) and why.</summary>
public readonly record struct RuleProblem(string Path, string Message);
