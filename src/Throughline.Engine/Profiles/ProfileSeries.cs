using Throughline.Engine.Model;

namespace Throughline.Engine.Profiles;

/// <summary>Whose windows these are and what they measure: a service, a type of profile with its unit, and labels in the order of their keys. Immutable.</summary>
public sealed record ProfileSeries(string Service, string Type, string Unit, IReadOnlyList<KeyValuePair<string, string>> Labels)
{
    /// <inheritdoc/>
    public bool Equals(ProfileSeries? other) =>
        other is not null && Service == other.Service && Type == other.Type && Unit == other.Unit && Labels.SequenceEqual(other.Labels);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Service);
        hash.Add(Type);
        hash.Add(Unit);
        foreach (var (key, value) in Labels)
        {
            hash.Add(key);
            hash.Add(value);
        }
        return hash.ToHashCode();
    }

    /// <summary>The order in which blocks have their series.</summary>
    internal static int Compare(ProfileSeries a, ProfileSeries b)
    {
        var order = string.CompareOrdinal(a.Service, b.Service);
        if (order == 0) order = string.CompareOrdinal(a.Type, b.Type);
        if (order == 0) order = string.CompareOrdinal(a.Unit, b.Unit);
        for (var i = 0; order == 0 && i < a.Labels.Count && i < b.Labels.Count; i++)
        {
            order = string.CompareOrdinal(a.Labels[i].Key, b.Labels[i].Key);
            if (order == 0) order = string.CompareOrdinal(a.Labels[i].Value, b.Labels[i].Value);
        }
        return order != 0 ? order : a.Labels.Count.CompareTo(b.Labels.Count);
    }
}

/// <summary>The span that a sample was taken in. The trace id is all zero where the sender labels its samples with span ids only.</summary>
public readonly record struct SampleLink(TraceId TraceId, ulong SpanId) : IComparable<SampleLink>
{
    /// <inheritdoc/>
    public int CompareTo(SampleLink other)
    {
        var order = TraceId.CompareTo(other.TraceId);
        return order != 0 ? order : SpanId.CompareTo(other.SpanId);
    }
}

/// <summary>What is known of a window without its samples. Times are Unix nanoseconds; <paramref name="Series"/> is a number in its source.</summary>
public readonly record struct WindowFacts(int Series, ulong StartUnixNano, ulong EndUnixNano, ulong ReceivedUnixNano, int Samples)
{
    /// <summary>Whether the window has a moment in [from, to).</summary>
    public bool Overlaps(ulong fromUnixNano, ulong toUnixNano) => StartUnixNano < toUnixNano && (EndUnixNano > fromUnixNano || StartUnixNano >= fromUnixNano);
}

/// <summary>
/// The samples of a window, each with a value that is above zero, by stack, ties by link: the node in the tables of the source, the number of the link there (-1 for none), the value. Immutable.
/// </summary>
public readonly record struct WindowSamples(ReadOnlyMemory<int> Stacks, ReadOnlyMemory<int> Links, ReadOnlyMemory<long> Values);
