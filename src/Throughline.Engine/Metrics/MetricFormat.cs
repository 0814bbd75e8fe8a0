using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Metrics;

/// <summary>
/// What the store of metrics knows of its data (docs/format/metrics.md). A head is a batch that grows, and its view the batch's snapshot. Stateless; thread safe.
/// </summary>
internal sealed class MetricFormat : ISignalFormat<MetricBatch, MetricBatch, MetricBatch, MetricBlock>
{
    /// <summary>What a directory takes in memory for each of its bytes.</summary>
    private const long DirectoryFactor = 3;

    /// <summary>What a point takes in memory while its series is put in order and written, its buckets aside.</summary>
    private const long PointBytes = 64;

    /// <inheritdoc/>
    public string Name => "metrics";

    /// <inheritdoc/>
    public string Items => "points";

    /// <inheritdoc/>
    public WalSignal Signal => WalSignal.Metrics;

    /// <inheritdoc/>
    public MetricBatch NewBatch() => new();

    /// <inheritdoc/>
    public bool TryDecode(ReadOnlySpan<byte> payload, WalForm form, MetricBatch into, out string problem) => MetricPayload.TryRead(payload, into, out problem);

    /// <inheritdoc/>
    public long Count(MetricBatch batch) => batch.RowCount;

    /// <inheritdoc/>
    public MetricBatch NewHead() => new();

    /// <inheritdoc/>
    public void Add(MetricBatch head, MetricBatch batch, ulong receivedUnixNano) => head.AddAll(batch);

    /// <inheritdoc/>
    public SignalHeadSize Measure(MetricBatch head) => head.RowCount == 0 ? SignalHeadSize.Empty : new(head.RowCount, head.UsedBytes, head.FirstUnixNano, head.LastUnixNano);

    /// <inheritdoc/>
    public MetricBatch View(MetricBatch head) => head.Snapshot();

    /// <inheritdoc/>
    public SignalBlockFacts Write(MetricBatch head, IWritableFile file, CancellationToken stop)
    {
        var rows = new SeriesRows(head);
        var order = new int[head.Keys.Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(order, (a, b) => head.Keys[a].SequenceCompareTo(head.Keys[b]));
        using var writer = new MetricBlockWriter(file);
        var points = new SeriesPoints();
        foreach (var series in order)
        {
            stop.ThrowIfCancellationRequested();
            points.Clear();
            rows.Read(series, 0, ulong.MaxValue, points);
            points.Sort();
            writer.Add(head.Keys[series], points);
        }
        return Facts(writer.Finish());
    }

    /// <inheritdoc/>
    public MetricBlock Open(IReadableFile file, string name, PageCache cache) => MetricBlock.Open(file, name, cache);

    /// <inheritdoc/>
    public SignalBlockFacts Merge(IReadOnlyList<MetricBlock> blocks, IWritableFile file, long maxMemoryBytes, CancellationToken stop)
    {
        var needed = blocks.Sum(static b => DirectoryFactor * b.DirectoryBytes);
        if (needed > maxMemoryBytes) throw new MergeTooLargeException(needed, maxMemoryBytes);
        var cursors = blocks.Select(static b => b.Read()).ToArray();
        var next = new int[cursors.Length];
        needed += LargestSeries(cursors) * PointBytes;
        if (needed > maxMemoryBytes) throw new MergeTooLargeException(needed, maxMemoryBytes);
        using var writer = new MetricBlockWriter(file);
        var points = new SeriesPoints();
        while (Lowest(cursors, next) is { } key)
        {
            stop.ThrowIfCancellationRequested();
            points.Clear();
            for (var i = 0; i < cursors.Length; i++)
            {
                if (next[i] < cursors[i].Directory.Keys.Length && cursors[i].Directory.Keys[next[i]].AsSpan().SequenceEqual(key)) cursors[i].Read(next[i]++, 0, ulong.MaxValue, points);
            }
            points.Sort();
            writer.Add(key, points);
        }
        return Facts(writer.Finish());
    }

    /// <inheritdoc/>
    public long Verify(MetricBlock block, CancellationToken stop)
    {
        var cursor = block.Read();
        var points = new SeriesPoints();
        var count = 0L;
        for (var series = 0; series < cursor.Directory.Keys.Length; series++)
        {
            stop.ThrowIfCancellationRequested();
            points.Clear();
            cursor.Read(series, 0, ulong.MaxValue, points);
            var kind = cursor.Directory.Kind(series);
            foreach (var distribution in points.Distribution.Span) Distribution.Read(distribution.Span, kind);
            count += points.Count;
        }
        return count;
    }

    /// <summary>Points of the series that has most in all blocks together; a merge holds those of one series at once.</summary>
    private static long LargestSeries(MetricBlock.Cursor[] cursors)
    {
        var (next, largest) = (new int[cursors.Length], 0L);
        while (Lowest(cursors, next) is { } key)
        {
            var points = 0L;
            for (var i = 0; i < cursors.Length; i++)
            {
                var directory = cursors[i].Directory;
                if (next[i] >= directory.Keys.Length || !directory.Keys[next[i]].AsSpan().SequenceEqual(key)) continue;
                foreach (var chunk in directory.ChunksOf(next[i]++)) points += chunk.Count;
            }
            largest = Math.Max(largest, points);
        }
        return largest;
    }

    private static byte[]? Lowest(MetricBlock.Cursor[] cursors, int[] next)
    {
        byte[]? lowest = null;
        for (var i = 0; i < cursors.Length; i++)
        {
            var keys = cursors[i].Directory.Keys;
            if (next[i] < keys.Length && (lowest is null || keys[next[i]].AsSpan().SequenceCompareTo(lowest) < 0)) lowest = keys[next[i]];
        }
        return lowest;
    }

    private static SignalBlockFacts Facts((long Points, ulong FirstUnixNano, ulong LastUnixNano) written) => new(written.Points, written.FirstUnixNano, written.LastUnixNano);
}
