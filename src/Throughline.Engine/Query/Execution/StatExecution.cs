using System.Numerics;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Counts spans, errors, durations, steps of time and calls over the segments of a snapshot. One thread; one count each.</summary>
internal sealed class StatExecution(StoreView view, ulong? from, ulong? to, QueryBounds bounds)
{
    private const ulong MinuteNano = 60_000_000_000;

    private readonly RangeWalk _walk = new(view, from ?? 0, to, bounds);

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<string> Unreadable => _walk.Unreadable;

    /// <summary>Spans and errors of the operations of some services, all when none is given, by service, name and kind.</summary>
    public IReadOnlyList<OperationStat> Operations(IReadOnlyCollection<string> services)
    {
        var book = Book(services);
        var (spans, errors) = (new long[book.Keys.Length], new long[book.Keys.Length]);
        _walk.Segments((number, segment) =>
        {
            if (book.PlacesOf(number) is not { } places) return;
            var counted = CountByOperation(number, segment);
            Sum(places, counted.Spans, spans);
            Sum(places, counted.Errors, errors);
        });
        var stats = new List<OperationStat>(book.Keys.Length);
        for (var i = 0; i < spans.Length; i++)
        {
            var key = book.Keys[i];
            if (spans[i] > 0) stats.Add(new OperationStat(key.Service, key.Name, key.Kind, spans[i], errors[i]));
        }
        return stats;
    }

    /// <summary>Spans and errors of all services, by name.</summary>
    public IReadOnlyList<ServiceStat> Services()
    {
        var services = new SortedDictionary<string, (long Spans, long Errors)>(StringComparer.Ordinal);
        _walk.Segments((number, segment) =>
        {
            var (spans, errors) = CountByOperation(number, segment);
            var counts = new Dictionary<int, (long Spans, long Errors)>();
            for (var i = 0; i < spans.Length; i++)
            {
                if (spans[i] == 0) continue;
                var known = counts.GetValueOrDefault(segment.Operations.Service[i]);
                counts[segment.Operations.Service[i]] = (known.Spans + spans[i], known.Errors + errors[i]);
            }
            foreach (var (service, count) in counts)
            {
                var name = Encoding.UTF8.GetString(segment.Tables.Strings[service]);
                var known = services.GetValueOrDefault(name);
                services[name] = (known.Spans + count.Spans, known.Errors + count.Errors);
            }
        });
        return [.. services.Select(s => new ServiceStat(s.Key, s.Value.Spans, s.Value.Errors))];
    }

    /// <summary>The keys of attributes in the segments that have spans in the range, by key, spans' before resources'.</summary>
    public AttributeKeys Keys()
    {
        var keys = new SortedDictionary<(string Key, bool IsResource), (SortedSet<AttributeType> Types, long? Values)>(
            Comparer<(string Key, bool IsResource)>.Create(static (a, b) => string.CompareOrdinal(a.Key, b.Key) is not 0 and var order ? order : a.IsResource.CompareTo(b.IsResource)));
        _walk.Segments((_, segment) =>
        {
            if (!segment.Parts.Any(p => p.MaxStartUnixNano >= (from ?? 0) && !(p.MinStartUnixNano >= to))) return;
            foreach (var (key, type, values) in segment.SpanKeys) Add(segment, key, false, type, values);
            var (resources, attributes) = (segment.Tables.Resources, segment.Tables.Resources.Attributes);
            for (var i = 0; i < resources.AttributeOffset[resources.Count]; i++) Add(segment, attributes.Key[i], true, (AttributeType)attributes.Type[i], null);
        });
        return new AttributeKeys([.. keys.Select(k => new AttributeKeyStat(k.Key.Key, k.Key.IsResource, [.. k.Value.Types], k.Value.Values))], _walk.Truncated);

        void Add(ISpanSegment segment, int key, bool isResource, AttributeType type, long? values)
        {
            var name = (Encoding.UTF8.GetString(segment.Tables.Strings[key]), isResource);
            if (!keys.TryGetValue(name, out var known))
            {
                bounds.Charge(256 + (2L * name.Item1.Length));
                known = (Types: [], Values: null);
            }
            known.Types.Add(type);
            keys[name] = (known.Types, values is null ? known.Values : (known.Values ?? 0) + values);
        }
    }

    /// <summary>Spans and errors of a segment by the number of the operation.</summary>
    private (long[] Spans, long[] Errors) CountByOperation(int number, ISpanSegment segment)
    {
        var table = segment.Operations;
        if (_walk.IsWhole(number)) return (table.Spans, table.Errors);
        var (spans, errors) = (new long[table.Count], new long[table.Count]);
        _walk.Parts(number, (in OpenPart part, ulong[] rows) =>
        {
            var (operations, marks) = (part.Columns.Rows(RowColumn.Operation), part.Columns.Rows(RowColumn.Marks));
            for (var word = 0; word < rows.Length; word++)
            {
                for (var left = rows[word]; left != 0; left &= left - 1)
                {
                    var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                    spans[operations[row]]++;
                    if ((marks[row] & (ulong)SpanMarks.Error) != 0) errors[operations[row]]++;
                }
            }
        });
        return (spans, errors);
    }

    /// <summary>Spans, errors and quantiles of durations of the operations of some services.</summary>
    public RedOperations RedOperations(IReadOnlyCollection<string> services)
    {
        var book = Book(services);
        var (spans, errors) = (new long[book.Keys.Length], new long[book.Keys.Length]);
        var durations = new OperationDurations(book.Keys.Length, bounds);
        var counts = new WeightedCounts(book.Keys.Length);
        _walk.Segments((number, segment) =>
        {
            if (book.PlacesOf(number) is not { } places) return;
            var weights = segment.Weights;
            if (weights is null && segment.Summaries is { } summaries && _walk.IsWhole(number))
            {
                Sum(places, segment.Operations.Spans, spans);
                Sum(places, segment.Operations.Errors, errors);
                durations.Add(summaries, places);
                return;
            }
            _walk.Parts(number, (in OpenPart part, ulong[] rows) => CountRows(places, spans, errors, durations, new RowWeights(weights, part.Columns), counts, part, rows));
        });
        return new RedOperations(Quantiles(book.Keys, spans, errors, durations), _walk.Truncated) { IsEstimated = counts.IsEstimated };
    }

    private static List<RedOperation> Quantiles(OperationKey[] keys, long[] spans, long[] errors, OperationDurations durations)
    {
        var operations = new List<RedOperation>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (spans[i] == 0) continue;
            var (p50, p95, p99, total) = durations.Quantiles(i);
            operations.Add(new RedOperation(keys[i].Service, keys[i].Name, keys[i].Kind, spans[i], errors[i], p50, p95, p99, total));
        }
        return operations;
    }

    /// <summary>The operations of all segments that can be read.</summary>
    private OperationBook Book(IReadOnlyCollection<string> services)
    {
        var groups = new OperationGroups?[view.Segments.Count];
        _walk.Segments((number, segment) => groups[number] = segment.OperationGroups);
        return new OperationBook(groups, services);
    }

    private static void Sum(int[] places, long[] counts, long[] sums)
    {
        for (var i = 0; i < places.Length; i++)
        {
            if (places[i] is var place and >= 0) sums[place] += counts[i];
        }
    }

    /// <summary>Spans and errors by service and step. The range is bounded on both sides.</summary>
    public RedSeries Series(IReadOnlyCollection<string> services, ulong step)
    {
        var (begin, end) = (from ?? 0, to ?? ulong.MaxValue);
        var first = begin / step;
        var steps = end > begin ? (int)((end - 1) / step - first) + 1 : 0;
        var series = new SortedDictionary<string, ServiceSeries>(StringComparer.Ordinal);
        var counts = new SortedDictionary<string, WeightedCounts>(StringComparer.Ordinal);
        _walk.Segments((number, segment) =>
        {
            var targets = new SeriesTargets(segment, services, series, counts, steps, bounds);
            if (step % MinuteNano != 0 || segment.Weights is not null || segment.Summaries is not { } summaries || !_walk.ShowsAll(number))
            {
                _walk.Parts(number, (in OpenPart part, ulong[] rows) => targets.CountRows(part, rows, step, first));
                return;
            }
            // Whole minutes are summed up; the spans of the cut ones at both ends are looked at.
            var (firstMinute, endMinute) = ((begin + MinuteNano - 1) / MinuteNano, end / MinuteNano);
            if (firstMinute >= endMinute)
            {
                _walk.Parts(number, (in OpenPart part, ulong[] rows) => targets.CountRows(part, rows, step, first));
                return;
            }
            foreach (var (minute, service, spans, errors) in summaries.Minutes)
            {
                if (minute >= firstMinute && minute < endMinute) targets.Add(service, (int)(minute * MinuteNano / step - first), spans, errors);
            }
            if (begin < firstMinute * MinuteNano) _walk.Parts(number, begin, firstMinute * MinuteNano - 1, (in OpenPart part, ulong[] rows) => targets.CountRows(part, rows, step, first));
            if (endMinute * MinuteNano < end) _walk.Parts(number, endMinute * MinuteNano, end - 1, (in OpenPart part, ulong[] rows) => targets.CountRows(part, rows, step, first));
        });
        return new RedSeries(first * step, step, steps, [.. series.Values], _walk.Truncated) { IsEstimated = counts.Values.Any(static c => c.IsEstimated) };
    }

    /// <summary>Calls from service to service.</summary>
    public Dependencies Dependencies()
    {
        var edges = new Dictionary<(string Parent, string Child), (long Calls, long Errors)>();
        var isEstimated = false;
        _walk.Segments((number, segment) =>
        {
            var counts = new Dictionary<(int Parent, int Child), (long Calls, long Errors)>();
            var weights = segment.Weights;
            if (weights is null && segment.Summaries is { } summaries && _walk.IsWhole(number))
            {
                foreach (var (parent, child, calls, errors) in summaries.Edges) AddCall(counts, parent, child, calls, errors);
            }
            else
            {
                var carried = new Dictionary<(int Parent, int Child), WeightedCounts>();
                _walk.Parts(number, (in OpenPart part, ulong[] rows) => CountCalls(counts, carried, segment.Operations, new RowWeights(weights, part.Columns), part, rows));
                isEstimated |= carried.Values.Any(static c => c.IsEstimated);
            }
            foreach (var ((parent, child), (calls, errors)) in counts)
            {
                var key = (Encoding.UTF8.GetString(segment.Tables.Strings[parent]), Encoding.UTF8.GetString(segment.Tables.Strings[child]));
                var known = edges.GetValueOrDefault(key);
                edges[key] = (known.Calls + calls, known.Errors + errors);
            }
        });
        return new Dependencies(
            [
                .. edges.Select(e => new DependencyEdge(e.Key.Parent, e.Key.Child, e.Value.Calls, e.Value.Errors))
                    .OrderBy(e => e.Parent, StringComparer.Ordinal).ThenBy(e => e.Child, StringComparer.Ordinal),
            ],
            _walk.Truncated) { IsEstimated = isEstimated };
    }

    private void CountRows(int[] places, long[] spans, long[] errors, OperationDurations histograms, RowWeights weights, WeightedCounts counts, in OpenPart part, ulong[] rows)
    {
        var (operations, marks, durations) = (part.Columns.Rows(RowColumn.Operation), part.Columns.Rows(RowColumn.Marks), part.Columns.Rows(RowColumn.Duration));
        var grown = 0L;
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                var place = places[(int)operations[row]];
                if (place < 0) continue;
                var (counted, failed) = counts.Of(place, weights.Of(row), (marks[row] & (ulong)SpanMarks.Error) != 0);
                spans[place] += counted;
                errors[place] += failed;
                grown += histograms.Count(place, DurationBuckets.Of(durations[row]), counted);
            }
        }
        bounds.Charge(grown);
    }

    private static void CountCalls(Dictionary<(int Parent, int Child), (long Calls, long Errors)> counts, Dictionary<(int Parent, int Child), WeightedCounts> carried,
        OperationTable table, RowWeights weights, in OpenPart part, ulong[] rows)
    {
        var (operations, marks) = (part.Columns.Rows(RowColumn.Operation), part.Columns.Rows(RowColumn.Marks));
        var parents = part.Columns.ReadParents();
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                if (parents[row] < 0) continue;
                var (parent, child) = (table.Service[(int)operations[parents[row]]], table.Service[(int)operations[row]]);
                if (parent == child) continue;
                if (!carried.TryGetValue((parent, child), out var carry)) carried.Add((parent, child), carry = new WeightedCounts(1));
                var (calls, errors) = carry.Of(0, weights.Of(row), (marks[row] & (ulong)SpanMarks.Error) != 0);
                AddCall(counts, parent, child, calls, errors);
            }
        }
    }

    private static void AddCall(Dictionary<(int Parent, int Child), (long Calls, long Errors)> counts, int parent, int child, long calls, long errors)
    {
        var known = counts.GetValueOrDefault((parent, child));
        counts[(parent, child)] = (known.Calls + calls, known.Errors + errors);
    }
}
