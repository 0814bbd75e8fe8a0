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
    private readonly Dictionary<(string Service, string Name, int Kind), OperationTotals> _totals = [];

    /// <summary>The operations that were counted, in order.</summary>
    public IReadOnlyList<KeyValuePair<(string Service, string Name, int Kind), OperationTotals>> Counted()
    {
        var counted = new List<KeyValuePair<(string Service, string Name, int Kind), OperationTotals>>(_totals.Count);
        foreach (var operation in _totals)
        {
            if (operation.Value.Spans > 0) counted.Add(operation);
        }
        counted.Sort(static (a, b) => Compare(a.Key, b.Key));
        return counted;
    }

    /// <summary>The totals of a segment's operations by number; null for those of services that were not asked for.</summary>
    public OperationTotals?[] Of(ISpanSegment segment)
    {
        var operations = segment.Operations;
        var texts = operations.Texts(segment.Tables.Strings);
        var totals = new OperationTotals?[operations.Count];
        for (var i = 0; i < totals.Length; i++)
        {
            if (services.Count > 0 && !services.Contains(texts[i].Service)) continue;
            var key = (texts[i].Service, texts[i].Name, operations.Kind[i]);
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
