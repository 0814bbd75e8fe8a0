namespace Throughline.Engine.Query.Plan;

/// <summary>
/// A search for traces: span filter -> traces with such a span -> trace filter -> order -> limit. Immutable; every API compiles to it and
/// every <see cref="ISpanSource"/> gets it whole.
/// </summary>
public sealed record SearchPlan
{
    /// <summary>Holds on one span of the trace; null: any span.</summary>
    public SpanPredicate? Span { get; init; }

    /// <summary>Conditions on the whole trace; all hold.</summary>
    public IReadOnlyList<TraceCondition> Trace { get; init; } = [];

    /// <summary>What the traces are ordered by; ties by trace id.</summary>
    public TraceOrder Order { get; init; } = TraceOrder.Start;

    /// <summary>True: largest (newest) first.</summary>
    public bool Descending { get; init; } = true;

    /// <summary>
    /// The traces are ordered by <see cref="SampleKey"/> instead, which has nothing to do with what they are: the first of them are a fair sample of all matches, and the same one each time.
    /// </summary>
    public bool IsSample { get; init; }

    /// <summary>Traces wanted, at least 1.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>
    /// Whether the totals count all matches. When they need not, the search ends as soon as nothing unseen can belong to the page, which is the same page; the totals then are at least so many.
    /// </summary>
    public TotalWanted Total { get; init; } = TotalWanted.Exact;

    /// <summary>Whether the store keeps what it looked like for the next page. Few such are kept: one that nobody will ask for pushes another out.</summary>
    public bool KeepsSnapshot { get; init; } = true;

    /// <summary>Where the previous page ended; null for the first page.</summary>
    public SearchCursor? After { get; init; }

    /// <summary>A number made of a trace's id, as good as random; samples are ordered by it.</summary>
    public static ulong SampleKey(Model.TraceId id)
    {
        // The finalizer of MurmurHash3: ids need not be random, as those that a test or an importer counts up.
        var key = id.High ^ System.Numerics.BitOperations.RotateLeft(id.Low, 29);
        key = (key ^ (key >> 33)) * 0xFF51AFD7ED558CCD;
        key = (key ^ (key >> 33)) * 0xC4CEB9FE1A85EC53;
        return key ^ (key >> 33);
    }

    /// <summary>The search for what a filter text says (docs/api.md, "Filter text"); the newest traces come first.</summary>
    /// <exception cref="FormatException">The text cannot be understood; the message says what and where.</exception>
    public static SearchPlan Parse(string filterText) =>
        FilterText.TryParse(filterText, out var filter, out var error)
            ? new SearchPlan { Span = filter.Span, Trace = filter.Trace }
            : throw new FormatException($"{error.Message} (at character {error.Position})");
}

/// <summary>What the totals of a search are wanted to say.</summary>
public enum TotalWanted
{
    /// <summary>The number of all matches.</summary>
    Exact,
    /// <summary>A number that may be smaller.</summary>
    AtLeast,
}

/// <summary>A value of a trace by which a search can be ordered and filtered.</summary>
public enum TraceOrder
{
    /// <summary>Start of the earliest span.</summary>
    Start,
    /// <summary>From the earliest start to the latest end.</summary>
    Duration,
    /// <summary>Number of spans, duplicates collapsed.</summary>
    Spans,
    /// <summary>Number of spans that count as errors.</summary>
    Errors,
    /// <summary>Explicit waits and gaps, in nanoseconds.</summary>
    Waiting,
}

/// <summary>A condition on a value of the whole trace: minimum &lt;= value &lt;= maximum (both inclusive; null is open). Nanoseconds or counts.</summary>
public sealed record TraceCondition(TraceOrder Field, ulong? Minimum, ulong? Maximum);

/// <summary>
/// Where a page of results ended: the snapshot's sequence number, the last trace's order value and its id. What it belongs to is the plan it
/// came from; <see cref="PlanHash"/> tells a cursor of another search.
/// </summary>
public sealed record SearchCursor(ulong Snapshot, ulong LastKey, Model.TraceId LastTrace, uint PlanHash);
