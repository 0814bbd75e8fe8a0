using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Logs;

/// <summary>
/// A question about log records: all conditions hold together on one record. Immutable. Records are ordered by their time (<see cref="LogEntry.AtUnixNano"/>), those of one time in the order of
/// their arrival.
/// </summary>
public sealed record LogPlan
{
    /// <summary>Only records of this trace.</summary>
    public TraceId? Trace { get; init; }

    /// <summary>Only records of this span.</summary>
    public SpanId? Span { get; init; }

    /// <summary>Only records with a trace id (true), or without one (false).</summary>
    public bool? HasTrace { get; init; }

    /// <summary>Only records of one of these services, exactly; empty: all.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Only records of one of these instrumentation scopes, by name, exactly; empty: all.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Only records with one of these event names, exactly; empty: all.</summary>
    public IReadOnlyList<string> EventNames { get; init; } = [];

    /// <summary>Unix nanoseconds, inclusive; null is open.</summary>
    public ulong? FromUnixNano { get; init; }

    /// <summary>Unix nanoseconds, exclusive; null is open.</summary>
    public ulong? ToUnixNano { get; init; }

    /// <summary>Only records of at least this severity; one of 1 or more leaves out records without a (known) severity.</summary>
    public int MinimumSeverity { get; init; }

    /// <summary>Only records of one of these levels; empty: all.</summary>
    public IReadOnlyList<LogLevel> Levels { get; init; } = [];

    /// <summary>Each is contained, in whatever case, in the body's text, the event name, or a string value of the record's own attributes.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>Conditions on attributes; all hold.</summary>
    public IReadOnlyList<LogCondition> Attributes { get; init; } = [];

    /// <summary>Only records that arrived later than the one with this <see cref="LogEntry.Sequence"/>: what is new, however old its time is.</summary>
    public ulong? ArrivedAfter { get; init; }

    /// <summary>True: newest first.</summary>
    public bool Descending { get; init; } = true;

    /// <summary>Records wanted; 0 asks for the total alone.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>
    /// Whether the total counts all matches. When it need not, the search ends as soon as nothing unseen can belong to the page, which is the same page; the total then is at least so many.
    /// </summary>
    public TotalWanted Total { get; init; } = TotalWanted.AtLeast;

    /// <summary>Where the previous page ended; null for the first page.</summary>
    public LogCursor? After { get; init; }
}

/// <summary>
/// The record has the attribute and its value compares so; an array's elements count each. In <paramref name="Scope"/>, <see cref="AttributeScope.Span"/> means the record's own attributes.
/// </summary>
public sealed record LogCondition(AttributeScope Scope, string Key, AttributeOperator Operator, AttributeLiteral Literal);

/// <summary>
/// Where a page ended: the last record's time and number. It means the same whatever arrives, is merged or dropped meanwhile: the next page begins with the record that follows in the order.
/// </summary>
public readonly record struct LogCursor(ulong AtUnixNano, ulong Sequence);
