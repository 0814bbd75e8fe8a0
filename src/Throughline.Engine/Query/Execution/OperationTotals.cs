using System.Text;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>What is counted of one operation over all segments. Not thread safe.</summary>
internal sealed class OperationTotals
{
    /// <summary>Spans.</summary>
    public long Spans { get; set; }

    /// <summary>Errors.</summary>
    public long Errors { get; set; }

    /// <summary>Their durations.</summary>
    public DurationHistogram Durations { get; } = new();
}

/// <summary>The operations of all segments by service, name and kind; each segment numbers its own. One query's own; not thread safe.</summary>
internal sealed class OperationBook(IReadOnlyCollection<string> services)
{
    private readonly SortedDictionary<(string Service, string Name, int Kind), OperationTotals> _totals = new(Comparer<(string Service, string Name, int Kind)>.Create(Compare));

    /// <summary>The operations that were counted, in order.</summary>
    public IEnumerable<KeyValuePair<(string Service, string Name, int Kind), OperationTotals>> Counted => _totals.Where(t => t.Value.Spans > 0);

    /// <summary>The totals of a segment's operations by number; null for those of services that were not asked for.</summary>
    public OperationTotals?[] Of(ISpanSegment segment)
    {
        var (operations, strings) = (segment.Operations, segment.Tables.Strings);
        var totals = new OperationTotals?[operations.Count];
        for (var i = 0; i < totals.Length; i++)
        {
            var service = Encoding.UTF8.GetString(strings[operations.Service[i]]);
            if (services.Count > 0 && !services.Contains(service)) continue;
            var key = (service, Encoding.UTF8.GetString(strings[operations.Name[i]]), operations.Kind[i]);
            if (!_totals.TryGetValue(key, out var known)) _totals.Add(key, known = new OperationTotals());
            totals[i] = known;
        }
        return totals;
    }

    private static int Compare((string Service, string Name, int Kind) a, (string Service, string Name, int Kind) b)
    {
        var order = string.CompareOrdinal(a.Service, b.Service);
        if (order == 0) order = string.CompareOrdinal(a.Name, b.Name);
        return order != 0 ? order : a.Kind.CompareTo(b.Kind);
    }
}
