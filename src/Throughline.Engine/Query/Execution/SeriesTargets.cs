using System.Numerics;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Where the spans of one segment's services are counted by step. Not thread safe.</summary>
internal sealed class SeriesTargets(ISpanSegment segment, IReadOnlyCollection<string> services, SortedDictionary<string, ServiceSeries> series, int steps, QueryBounds bounds)
{
    private readonly Dictionary<int, ServiceSeries?> _byService = [];

    /// <summary>Counts spans and errors of a service, a number of the segment's strings.</summary>
    public void Add(int service, int step, long spans, long errors)
    {
        if (Of(service) is not { } target) return;
        target.Spans[step] += spans;
        target.Errors[step] += errors;
    }

    /// <summary>Counts rows, which all start in one of the steps.</summary>
    public void CountRows(in OpenPart part, ulong[] rows, ulong step, ulong first)
    {
        var (operations, starts, marks) = (part.Columns.Rows(RowColumn.Operation), part.Columns.Rows(RowColumn.Start), part.Columns.Rows(RowColumn.Marks));
        var table = segment.Operations;
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                Add(table.Service[(int)operations[row]], (int)(starts[row] / step - first), 1, (marks[row] & (ulong)SpanMarks.Error) != 0 ? 1 : 0);
            }
        }
    }

    private ServiceSeries? Of(int service)
    {
        if (_byService.TryGetValue(service, out var known)) return known;
        var name = Encoding.UTF8.GetString(segment.Tables.Strings[service]);
        if (services.Count > 0 && !services.Contains(name)) return _byService[service] = null;
        if (!series.TryGetValue(name, out var target))
        {
            bounds.Charge(16L * steps);
            series.Add(name, target = new ServiceSeries(name, new long[steps], new long[steps]));
        }
        return _byService[service] = target;
    }
}
