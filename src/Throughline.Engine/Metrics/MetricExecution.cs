using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Signals;

namespace Throughline.Engine.Metrics;

/// <summary>Answers questions at one snapshot of the store of metrics. One question each; not thread safe.</summary>
internal sealed class MetricExecution(SignalSnapshot<MetricBatch, MetricBlock> snapshot, CancellationToken cancellationToken)
{
    /// <summary>How far before a range the point is looked for that its first one has grown from. Senders report every minute or more often.</summary>
    private const ulong LookBackNano = 300_000_000_000;

    /// <summary>Metrics that one list may have.</summary>
    private const int MaxMetrics = 20_000;

    private string? _truncated;

    /// <summary>The metrics of some services (all when empty) with points in [from, to), by service and name.</summary>
    public MetricList List(IReadOnlyCollection<string> services, ulong from, ulong to)
    {
        var wanted = services.ToHashSet(StringComparer.Ordinal);
        var found = new SortedDictionary<(string Service, string Name, string Unit, MetricKind Kind, MetricTraits Traits), Tally>();
        var seen = new ByteDictionary();
        void Count(MetricIdentity identity, ReadOnlySpan<byte> key, long points, ulong first, ulong last)
        {
            if (wanted.Count > 0 && !wanted.Contains(identity.Service)) return;
            var place = (identity.Service, identity.Name, identity.Unit, identity.Kind, identity.Traits);
            if (!found.TryGetValue(place, out var tally))
            {
                if (found.Count == MaxMetrics)
                {
                    _truncated ??= $"There are more than {MaxMetrics} metrics; ask for some services.";
                    return;
                }
                found.Add(place, tally = new Tally());
            }
            seen.GetOrAdd(key, out var isNew);
            tally.Add(identity.Description, isNew, points, first, last);
        }
        ForEachBlock(from, to, cursor =>
        {
            var directory = cursor.Directory;
            for (var series = 0; series < directory.Keys.Length; series++)
            {
                var chunks = directory.Chunks.AsSpan(directory.FirstChunk[series]..directory.FirstChunk[series + 1]);
                if (chunks[0].FirstUnixNano >= to || chunks[^1].LastUnixNano < from) continue;
                var points = 0L;
                foreach (var chunk in chunks) points += chunk.Count;
                Count(directory.Identity(series), directory.Keys[series], points, chunks[0].FirstUnixNano, chunks[^1].LastUnixNano);
            }
        });
        foreach (var head in snapshot.Heads)
        {
            var points = new (int Count, ulong First, ulong Last)[head.Keys.Count];
            for (var row = 0; row < head.RowCount; row++)
            {
                ref var known = ref points[head.Series[row]];
                var time = head.Time[row];
                if (time < from || time >= to) continue;
                known = known.Count == 0 ? (1, time, time) : (known.Count + 1, Math.Min(known.First, time), Math.Max(known.Last, time));
            }
            for (var series = 0; series < points.Length; series++)
            {
                if (points[series].Count > 0) Count(MetricIdentity.Read(head.Keys[series]), head.Keys[series], points[series].Count, points[series].First, points[series].Last);
            }
        }
        return new MetricList([.. found.Select(static f => f.Value.Read(f.Key))], _truncated);
    }

    /// <summary>The values that a query asks for.</summary>
    public MetricRange Range(MetricRangeQuery query)
    {
        var from = query.FromUnixNano > LookBackNano ? query.FromUnixNano - LookBackNano : 0;
        var steps = query.StepNano == 0 || query.ToUnixNano <= query.FromUnixNano ? 0 : (query.ToUnixNano - query.FromUnixNano + query.StepNano - 1) / query.StepNano;
        if (steps > MetricRangeQuery.MaxSteps) throw new ArgumentOutOfRangeException(nameof(query), steps, $"A range has at most {MetricRangeQuery.MaxSteps} steps.");
        var selection = new SeriesSelection(query);
        ForEachBlock(from, query.ToUnixNano, cursor =>
        {
            for (var series = 0; series < cursor.Directory.Keys.Length; series++)
            {
                if (selection.Select(cursor.Directory.Keys[series]) is { } points && HasRoom(selection, query)) cursor.Read(series, from, query.ToUnixNano, points);
            }
        });
        foreach (var head in snapshot.Heads) ReadHead(head, selection, from, query);

        var evaluation = new SeriesEvaluation(query);
        var answers = new List<MetricValues>();
        foreach (var (identity, points) in selection.Series())
        {
            cancellationToken.ThrowIfCancellationRequested();
            points.Sort();
            if (evaluation.Evaluate(identity, points) is { } values) answers.Add(values);
        }
        if (selection.IsOver) _truncated ??= $"There are more than {query.MaxSeries} such series; the others are left out. Ask for one service, or for an attribute.";
        return new MetricRange(query.FromUnixNano, query.StepNano, (int)steps, answers, _truncated);
    }

    private void ReadHead(MetricBatch head, SeriesSelection selection, ulong from, MetricRangeQuery query)
    {
        var wanted = new SeriesPoints?[head.Keys.Count];
        var hasDistributions = new bool[wanted.Length];
        var isAny = false;
        for (var series = 0; series < wanted.Length; series++)
        {
            wanted[series] = selection.Select(head.Keys[series]);
            if (wanted[series] is null) continue;
            hasDistributions[series] = MetricIdentity.Read(head.Keys[series]).HasDistributions;
            isAny = true;
        }
        for (var row = 0; isAny && row < head.RowCount; row++)
        {
            if (wanted[head.Series[row]] is not { } points || head.Time[row] < from || head.Time[row] > query.ToUnixNano) continue;
            if ((row & 0xFFFF) == 0) cancellationToken.ThrowIfCancellationRequested();
            points.Add(head.Time[row], head.Start[row], head.Value[row], hasDistributions[head.Series[row]] ? head.DistributionMemory(row) : (ReadOnlyMemory<byte>?)null);
        }
    }

    private bool HasRoom(SeriesSelection selection, MetricRangeQuery query)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (selection.Points <= query.MaxPoints) return true;
        _truncated ??= $"More than {query.MaxPoints} points lie in this range; not all were read. Take a shorter range, or ask for fewer series.";
        return false;
    }

    /// <summary>What cannot be read of a block is told to the store and in the answer; the rest counts.</summary>
    private void ForEachBlock(ulong from, ulong to, Action<MetricBlock.Cursor> read)
    {
        foreach (var block in snapshot.Blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (block.Facts.FirstUnixNano >= to || block.Facts.LastUnixNano < from) continue;
            try
            {
                read(block.Reader.Read());
            }
            catch (Exception e) when (e is CorruptDataException or IOException)
            {
                snapshot.Report(e);
                _truncated ??= $"Some of the metrics cannot be read: {e.Message}";
            }
        }
    }

    private sealed class Tally
    {
        private string _description = "";
        private int _series;
        private long _points;
        private ulong _first = ulong.MaxValue, _last;

        public void Add(string description, bool isNewSeries, long points, ulong first, ulong last)
        {
            if (description.Length > 0) _description = description;
            if (isNewSeries) _series++;
            _points += points;
            (_first, _last) = (Math.Min(_first, first), Math.Max(_last, last));
        }

        public MetricInfo Read((string Service, string Name, string Unit, MetricKind Kind, MetricTraits Traits) place) =>
            new(place.Service, place.Name, place.Unit, _description, place.Kind, place.Traits, _series, _points, _first, _last);
    }
}
