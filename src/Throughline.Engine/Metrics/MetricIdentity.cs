using System.Text;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Which series a point belongs to: equal in all of this is the same series. Kept as a key of bytes that begins with service and name, so that the series of one metric lie together in blocks
/// (docs/format/metrics.md). Immutable.
/// </summary>
/// <param name="Resource">Attributes of what sent it, by key.</param>
/// <param name="Attributes">Attributes of its points, by key.</param>
public sealed record MetricIdentity(string Service, string Name, string Unit, string Description, string Scope, MetricKind Kind, MetricTraits Traits,
    IReadOnlyList<KeyValuePair<string, string>> Resource, IReadOnlyList<KeyValuePair<string, string>> Attributes)
{
    /// <summary>Whether its points have buckets or quantiles beside a number.</summary>
    public bool HasDistributions => IsOfDistributions(Kind);

    /// <summary>Whether points of a kind have buckets or quantiles beside a number.</summary>
    internal static bool IsOfDistributions(MetricKind kind) => kind is MetricKind.Histogram or MetricKind.ExponentialHistogram or MetricKind.Summary;

    /// <summary>Reads a key.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    internal static MetricIdentity Read(ReadOnlySpan<byte> key)
    {
        var reader = new WireReader(key);
        var (service, name) = (Text(ref reader), Text(ref reader));
        var (unit, description, scope) = (Text(ref reader), Text(ref reader), Text(ref reader));
        var (kind, traits) = ((MetricKind)reader.ReadVarint(), (MetricTraits)reader.ReadVarint());
        var resource = Pairs(ref reader);
        var attributes = Pairs(ref reader);
        if (reader.HasMore || kind is < MetricKind.Gauge or > MetricKind.Summary) WireReader.Throw(reader.Position, $"a series key of kind {kind}");
        return new MetricIdentity(service, name, unit, description, scope, kind, traits, resource, attributes);
    }

    /// <summary>Reads the service and the name of a key and nothing more, as bytes.</summary>
    internal static void ReadNames(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> service, out ReadOnlySpan<byte> name)
    {
        var reader = new WireReader(key);
        service = reader.ReadBytes();
        name = reader.ReadBytes();
    }

    /// <summary>Reads the kind of a key and nothing more. What stands before <paramref name="length"/> tells the metric, what comes behind its series.</summary>
    /// <exception cref="MalformedInputException">It is no key.</exception>
    internal static MetricKind ReadKind(ReadOnlySpan<byte> key, out int length)
    {
        var reader = new WireReader(key);
        for (var text = 0; text < 5; text++) reader.ReadBytes();
        var kind = (MetricKind)reader.ReadVarint();
        reader.ReadVarint();
        length = reader.Position;
        return kind;
    }

    private static string Text(ref WireReader reader) => Encoding.UTF8.GetString(reader.ReadBytes());

    private static KeyValuePair<string, string>[] Pairs(ref WireReader reader)
    {
        var count = reader.ReadVarint();
        // Two lengths at least stand for each pair.
        if (count > (ulong)reader.Rest.Length / 2) WireReader.Throw(reader.Position, $"{count} attributes");
        var pairs = new KeyValuePair<string, string>[count];
        for (var i = 0; i < pairs.Length; i++)
        {
            var key = Text(ref reader);
            pairs[i] = new(key, Text(ref reader));
        }
        return pairs;
    }
}
