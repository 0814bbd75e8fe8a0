using System.IO.Hashing;

namespace Throughline.Engine.Metrics;

/// <summary>Counts series and points by metric: service, name, unit and kind. Keys of series come in runs of one metric, so that most are told by the one before. One owner; not thread safe.</summary>
internal sealed class MetricTallies(IReadOnlyCollection<string> services)
{
    /// <summary>Metrics that one list may have.</summary>
    private const int MaxMetrics = 20_000;

    private readonly HashSet<string> _services = services.ToHashSet(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Service, string Name, string Unit, MetricKind Kind, MetricTraits Traits), Tally> _found = [];

    // By their hashes: the keys themselves may be kilobytes each.
    private readonly HashSet<UInt128> _series = [];
    private byte[] _metric = [];
    private Tally? _tally;

    /// <summary>Why not all were counted; null when they were.</summary>
    public string? Truncated { get; private set; }

    /// <summary>Counts points of a series between two times, both among them.</summary>
    public void Count(ReadOnlySpan<byte> key, long points, ulong first, ulong last)
    {
        MetricIdentity.ReadKind(key, out var length);
        if (_metric.Length == 0 || !key[..length].SequenceEqual(_metric)) (_metric, _tally) = (key[..length].ToArray(), TallyOf(key));
        _tally?.Add(_series.Add(XxHash128.HashToUInt128(key)), points, first, last);
    }

    /// <summary>The metrics by service and name.</summary>
    public IReadOnlyList<MetricInfo> Read() => [.. _found.Select(static f => f.Value.Read(f.Key))];

    private Tally? TallyOf(ReadOnlySpan<byte> key)
    {
        var identity = MetricIdentity.Read(key);
        if (_services.Count > 0 && !_services.Contains(identity.Service)) return null;
        var place = (identity.Service, identity.Name, identity.Unit, identity.Kind, identity.Traits);
        if (!_found.TryGetValue(place, out var tally))
        {
            if (_found.Count == MaxMetrics)
            {
                Truncated ??= $"There are more than {MaxMetrics} metrics; ask for some services.";
                return null;
            }
            _found.Add(place, tally = new Tally());
        }
        if (identity.Description.Length > 0) tally.Description = identity.Description;
        return tally;
    }

    private sealed class Tally
    {
        private int _series;
        private long _points;
        private ulong _first = ulong.MaxValue, _last;

        public string Description { get; set; } = "";

        public void Add(bool isNewSeries, long points, ulong first, ulong last)
        {
            if (isNewSeries) _series++;
            _points += points;
            (_first, _last) = (Math.Min(_first, first), Math.Max(_last, last));
        }

        public MetricInfo Read((string Service, string Name, string Unit, MetricKind Kind, MetricTraits Traits) place) =>
            new(place.Service, place.Name, place.Unit, Description, place.Kind, place.Traits, _series, _points, _first, _last);
    }
}
