using System.Numerics;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Where the spans of one segment's services are counted by step. Not thread safe.</summary>
internal sealed class SeriesTargets(ISpanSegment segment, IReadOnlyCollection<string> services, SortedDictionary<string, ServiceSeries> series, SortedDictionary<string, WeightedCounts> counts, int steps, QueryBounds bounds)
{
    private readonly Dictionary<int, (ServiceSeries Series, WeightedCounts Counts)?> _byService = [];

    /// <summary>Counts spans and errors of a service, a number of the segment's strings.</summary>
    public void Add(int service, int step, long spans, long errors)
    {
        if (Of(service) is not { } target) return;
        target.Series.Spans[step] += spans;
        target.Series.Errors[step] += errors;
    }

    /// <summary>Counts rows, which all start in one of the steps.</summary>
    public void CountRows(in OpenPart part, ulong[] rows, ulong step, ulong first)
    {
        var (operations, starts, marks) = (part.Columns.Rows(RowColumn.Operation), part.Columns.Rows(RowColumn.Start), part.Columns.Rows(RowColumn.Marks));
        var table = segment.Operations;
        var weights = new RowWeights(segment.Weights, part.Columns);
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                if (Of(table.Service[(int)operations[row]]) is not { } target) continue;
                var (spans, errors) = target.Counts.Of(0, weights.Of(row), (marks[row] & (ulong)SpanMarks.Error) != 0);
                var at = (int)(starts[row] / step - first);
                target.Series.Spans[at] += spans;
                target.Series.Errors[at] += errors;
            }
        }
    }

    private (ServiceSeries Series, WeightedCounts Counts)? Of(int service)
    {
        if (_byService.TryGetValue(service, out var known)) return known;
        var name = Encoding.UTF8.GetString(segment.Tables.Strings[service]);
        if (services.Count > 0 && !services.Contains(name)) return _byService[service] = null;
        if (!series.TryGetValue(name, out var target))
        {
            bounds.Charge(16L * steps);
            series.Add(name, target = new ServiceSeries(name, new long[steps], new long[steps]));
            counts.Add(name, new WeightedCounts(1));
        }
        return _byService[service] = (target, counts[name]);
    }
}
