namespace Throughline.Engine.Query;

/// <summary>Which values of the matches of a search are to be counted.</summary>
/// <param name="Keys">
/// What to count by, at most <see cref="MaxKeys"/>: service, name (or operation), kind, status, error, status.message, or the key of an attribute, as filter texts have it
/// (<c>span.KEY</c> and <c>resource.KEY</c> name one scope).
/// </param>
/// <param name="Values">Values wanted of each key, the commonest first.</param>
/// <param name="Contains">Only values that contain this text, in whatever case; empty: all.</param>
public sealed record FacetRequest(IReadOnlyList<string> Keys, int Values, string Contains)
{
    /// <summary>Keys that one request may count by.</summary>
    public const int MaxKeys = 20;

    /// <summary>Values of a key that one request may ask for.</summary>
    public const int MaxValues = 1000;

    /// <summary>Different values of a key that are counted; a key that has more is counted in part.</summary>
    public const int MaxDistinct = 20_000;
}

/// <summary>A value and the number of matching traces that have a matching span with it.</summary>
public readonly record struct FacetValue(string Text, long Traces);

/// <summary>The values of one key.</summary>
/// <param name="Key">As it was asked for.</param>
/// <param name="Values">The commonest first, ties by text.</param>
/// <param name="Distinct">Different values; where they are not exact, neither are the values and their counts, which then are at least so many.</param>
public sealed record Facet(string Key, IReadOnlyList<FacetValue> Values, Total Distinct);

/// <summary>The matches of a search, counted by value. Immutable.</summary>
/// <param name="Keys">In the order in which they were asked for.</param>
/// <param name="Total">The matches.</param>
/// <param name="Truncated">Why not all matches were counted; null when they were.</param>
public sealed record FacetCounts(IReadOnlyList<Facet> Keys, Total Total, Truncation? Truncated);

/// <summary>The keys of attributes that the store has. Immutable.</summary>
/// <param name="Keys">By key, spans' before resources'.</param>
/// <param name="Truncated">Why keys are missing; null when none are.</param>
public sealed record AttributeKeys(IReadOnlyList<AttributeKeyStat> Keys, Truncation? Truncated);

/// <summary>A key of attributes that the store has.</summary>
/// <param name="Key">The key.</param>
/// <param name="IsResource">Whether it is one of resources, else of spans.</param>
/// <param name="Types">The types of its values.</param>
/// <param name="Values">How many values of spans the segments have that reach into the range; null for resources.</param>
public sealed record AttributeKeyStat(string Key, bool IsResource, IReadOnlyList<Model.AttributeType> Types, long? Values);
