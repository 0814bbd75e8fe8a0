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
    private readonly List<(MetricIdentity Identity, SeriesPoints Points)?> _series = [];
    private int _selected;

    public SeriesSelection(MetricRangeQuery query)
    {
        _query = query;
        foreach (var service in query.Services) _services.GetOrAdd(Encoding.UTF8.GetBytes(service));
        foreach (var name in query.Names) _names.GetOrAdd(Encoding.UTF8.GetBytes(name));
    }

    /// <summary>Whether there were more series than the query takes.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Points so far.</summary>
    public long Points => _series.Sum(static s => (long)(s?.Points.Count ?? 0));

    /// <summary>Where the points of a series go; null when it is not asked for.</summary>
    public SeriesPoints? Select(ReadOnlySpan<byte> key)
    {
        MetricIdentity.ReadNames(key, out var service, out var name);
        if (_names.Find(name) < 0 || (_services.Count > 0 && _services.Find(service) < 0)) return null;
        var id = _keys.GetOrAdd(key, out var added);
        if (!added) return _series[id]?.Points;
        var identity = MetricIdentity.Read(key);
        var isWanted = _query.Where.All(w => identity.Attributes.Contains(w) || identity.Resource.Contains(w));
        if (isWanted && _selected == _query.MaxSeries)
        {
            IsOver = true;
            isWanted = false;
        }
        if (isWanted) _selected++;
        _series.Add(isWanted ? (identity, new SeriesPoints()) : null);
        return _series[id]?.Points;
    }

    /// <summary>The series in the order of their keys.</summary>
    public IEnumerable<(MetricIdentity Identity, SeriesPoints Points)> Series()
    {
        var order = Enumerable.Range(0, _series.Count).ToArray();
        Array.Sort(order, (a, b) => _keys[a].SequenceCompareTo(_keys[b]));
        foreach (var id in order)
        {
            if (_series[id] is { } series) yield return series;
        }
    }
}
