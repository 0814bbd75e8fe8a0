using System.Text;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Metrics;

/// <summary>Picks the series that a query asks for by their keys, and gathers their points from wherever they lie. One owner; not thread safe.</summary>
internal sealed class SeriesSelection
{
    private readonly MetricRangeQuery _query;
    private readonly ByteDictionary _services = new();
    private readonly ByteDictionary _names = new();
    private readonly ByteDictionary _keys = new();
    private readonly List<(MetricIdentity Identity, SeriesPoints Points)> _series = [];

    public SeriesSelection(MetricRangeQuery query)
    {
        _query = query;
        foreach (var service in query.Services) _services.GetOrAdd(Encoding.UTF8.GetBytes(service));
        foreach (var name in query.Names) _names.GetOrAdd(Encoding.UTF8.GetBytes(name));
    }

    /// <summary>Whether there were more series than the query takes.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Points that were read so far, as their reader counts them.</summary>
    public long Points { get; set; }

    /// <summary>
    /// Where the points of a series go; null when it is not asked for, or is one too many. Of those nothing is kept, so that what a query holds is bounded by what it asks for.
    /// </summary>
    public SeriesPoints? Select(ReadOnlySpan<byte> key)
    {
        MetricIdentity.ReadNames(key, out var service, out var name);
        if (_names.Find(name) < 0 || (_services.Count > 0 && _services.Find(service) < 0)) return null;
        var id = _keys.Find(key);
        if (id >= 0) return _series[id].Points;
        var identity = MetricIdentity.Read(key);
        if (!_query.Where.All(w => identity.Attributes.Contains(w) || identity.Resource.Contains(w))) return null;
        if (_series.Count == _query.MaxSeries)
        {
            IsOver = true;
            return null;
        }
        _keys.GetOrAdd(key);
        _series.Add((identity, new SeriesPoints()));
        return _series[^1].Points;
    }

    /// <summary>The series in the order of their keys.</summary>
    public IEnumerable<(MetricIdentity Identity, SeriesPoints Points)> Series()
    {
        var order = Enumerable.Range(0, _series.Count).ToArray();
        Array.Sort(order, (a, b) => _keys[a].SequenceCompareTo(_keys[b]));
        return order.Select(id => _series[id]);
    }
}
