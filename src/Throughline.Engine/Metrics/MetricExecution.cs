using Throughline.Engine.Files;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Signals;

namespace Throughline.Engine.Metrics;

/// <summary>Answers questions at one snapshot of the store of metrics. One question each; not thread safe.</summary>
internal sealed class MetricExecution(SignalSnapshot<MetricBatch, MetricBlock> snapshot, QueryBounds bounds)
{
    /// <summary>How far before a range the point is looked for that its first one has grown from. Senders report every minute or more often.</summary>
    private const ulong LookBackNano = 300_000_000_000;

    /// <summary>What a point takes while it is gathered, and in the answer.</summary>
    private const long PointBytes = 64;

    private string? _truncated;

    /// <summary>The metrics of some services (all when empty) with points in [from, to), by service and name.</summary>
    public MetricList List(IReadOnlyCollection<string> services, ulong from, ulong to)
    {
        var tallies = new MetricTallies(services);
        Bounded(() =>
        {
            ForEachBlock(from, to, cursor =>
            {
                var directory = cursor.Directory;
                for (var series = 0; series < directory.Keys.Length; series++)
                {
                    if ((series & 0xFFF) == 0) bounds.Check();
                    var chunks = directory.ChunksOf(series);
                    if (chunks[0].FirstUnixNano >= to || chunks[^1].LastUnixNano < from) continue;
                    var points = 0L;
                    foreach (var chunk in chunks) points += chunk.Count;
                    tallies.Count(directory.Keys[series], points, chunks[0].FirstUnixNano, chunks[^1].LastUnixNano);
                }
            });
            foreach (var head in snapshot.Heads) ListHead(head, tallies, from, to);
        });
        return new MetricList(tallies.Read(), _truncated ?? tallies.Truncated);
    }

    private void ListHead(MetricBatch head, MetricTallies tallies, ulong from, ulong to)
    {
        var points = new (int Count, ulong First, ulong Last)[head.Keys.Count];
        for (var row = 0; row < head.RowCount; row++)
        {
            if ((row & 0xFFFF) == 0) bounds.Check();
            ref var known = ref points[head.Series[row]];
            var time = head.Time[row];
            if (time < from || time >= to) continue;
            known = known.Count == 0 ? (1, time, time) : (known.Count + 1, Math.Min(known.First, time), Math.Max(known.Last, time));
        }
        for (var series = 0; series < points.Length; series++)
        {
            if (points[series].Count > 0) tallies.Count(head.Keys[series], points[series].Count, points[series].First, points[series].Last);
        }
    }

    /// <summary>The values that a query asks for.</summary>
    public MetricRange Range(MetricRangeQuery query)
    {
        var from = query.FromUnixNano > LookBackNano ? query.FromUnixNano - LookBackNano : 0;
        if (query.Steps > MetricRangeQuery.MaxSteps) throw new ArgumentOutOfRangeException(nameof(query), query.Steps, $"A range has at most {MetricRangeQuery.MaxSteps} steps.");
        var selection = new SeriesSelection(query);
        var answers = new List<MetricValues>();
        Bounded(() =>
        {
            ForEachBlock(from, query.ToUnixNano, cursor =>
            {
                for (var series = 0; series < cursor.Directory.Keys.Length; series++)
                {
                    if ((series & 0xFFF) == 0) bounds.Check();
                    if (selection.Select(cursor.Directory.Keys[series]) is not { } points || !HasRoom(selection, query)) continue;
                    var known = points.Count;
                    cursor.Read(series, from, query.ToUnixNano, points);
                    Charge(selection, points.Count - known);
                }
            });
            foreach (var head in snapshot.Heads) ReadHead(head, selection, from, query);
        });
        // What was gathered before a bound was hit is answered.
        Bounded(() => Evaluate(query, selection, answers));
        if (selection.IsOver) _truncated ??= $"There are more than {query.MaxSeries} such series; the others are left out. Ask for one service, or for an attribute.";
        return new MetricRange(query.FromUnixNano, query.StepNano, (int)query.Steps, answers, _truncated);
    }

    private void Evaluate(MetricRangeQuery query, SeriesSelection selection, List<MetricValues> answers)
    {
        var evaluation = new SeriesEvaluation(query);
        foreach (var (identity, points) in selection.Series())
        {
            bounds.Check();
            points.Sort();
            if (evaluation.Evaluate(identity, points) is { } values) answers.Add(values);
        }
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
            hasDistributions[series] = MetricIdentity.IsOfDistributions(MetricIdentity.ReadKind(head.Keys[series], out _));
            isAny = true;
        }
        var read = 0;
        for (var row = 0; isAny && row < head.RowCount; row++)
        {
            if ((row & 0xFFFF) == 0) bounds.Check();
            if (wanted[head.Series[row]] is not { } points || head.Time[row] < from || head.Time[row] > query.ToUnixNano) continue;
            points.Add(head.Time[row], head.Start[row], head.Value[row], hasDistributions[head.Series[row]] ? head.DistributionMemory(row) : (ReadOnlyMemory<byte>?)null);
            read++;
        }
        Charge(selection, read);
    }

    private void Charge(SeriesSelection selection, int points)
    {
        selection.Points += points;
        bounds.Charge(points * PointBytes);
    }

    private bool HasRoom(SeriesSelection selection, MetricRangeQuery query)
    {
        if (selection.Points <= query.MaxPoints) return true;
        _truncated ??= $"More than {query.MaxPoints} points lie in this range; not all were read. Take a shorter range, or ask for fewer series.";
        return false;
    }

    /// <summary>Time or memory that is over ends the query with what it has, which says so.</summary>
    private void Bounded(Action query)
    {
        try
        {
            query();
        }
        catch (BoundHitException e)
        {
            _truncated ??= e.Message;
        }
    }

    /// <summary>What cannot be read of a block is told to the store and in the answer; the rest counts.</summary>
    private void ForEachBlock(ulong from, ulong to, Action<MetricBlock.Cursor> read)
    {
        foreach (var block in snapshot.Blocks)
        {
            bounds.Check();
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
}
