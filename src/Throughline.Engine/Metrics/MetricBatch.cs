using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Points of metrics as columns, with the keys of their series in one dictionary: the form in which they leave the decoder and wait in the head. Row i of every column belongs to the same point.
/// One owner appends and is not thread safe; <see cref="Snapshot"/> gives others a view of the rows so far that stays valid while the owner goes on (but not past <see cref="Clear"/>).
/// </summary>
public sealed class MetricBatch
{
    /// <summary>The keys of the series (<see cref="MetricIdentity"/>).</summary>
    internal ByteDictionary Keys = new();

    /// <summary>Id in the keys.</summary>
    internal Column<int> Series = new(0);

    /// <summary>Unix nanoseconds.</summary>
    internal Column<ulong> Time = new(0);

    /// <summary>Since when the point counts, Unix nanoseconds; 0 where that is not known.</summary>
    internal Column<ulong> Start = new(0);

    /// <summary>The number; of a distribution its count.</summary>
    internal Column<double> Value = new(0);

    /// <summary>Where the row's bytes in <see cref="Distributions"/> end; they begin where those of the row before do.</summary>
    internal Column<int> DistributionEnd = new(0);

    /// <summary>Buckets and quantiles (<see cref="Distribution"/>), one after the other.</summary>
    internal Column<byte> Distributions = new(0);

    /// <summary>Number of points.</summary>
    public int RowCount => Time.Count;

    /// <summary>The earliest time of any point that was added; of no meaning without rows.</summary>
    internal ulong FirstUnixNano { get; private set; } = ulong.MaxValue;

    /// <summary>The latest time of any point that was added.</summary>
    internal ulong LastUnixNano { get; private set; }

    /// <summary>Memory held, in bytes, near enough for limits.</summary>
    public long MemoryBytes => (32L * Time.Items.LongLength) + Distributions.Items.LongLength + Keys.MemoryBytes;

    /// <summary>Memory in use, in bytes, near enough for limits.</summary>
    internal long UsedBytes => (32L * RowCount) + Distributions.Count + Keys.UsedBytes;

    /// <summary>Bytes of distributions that one batch can hold.</summary>
    internal const int MaxDistributionBytes = 1 << 30;

    /// <summary>Bytes of the keys of the series of one request: 8,192 points, as collectors send, may have 8 KB each.</summary>
    internal const int MaxKeyBytes = 64 << 20;

    internal void Add(int series, ulong time, ulong start, double value, ReadOnlySpan<byte> distribution)
    {
        Series.Add(series);
        Time.Add(time);
        Start.Add(start);
        Value.Add(value);
        Distributions.AddRange(distribution);
        DistributionEnd.Add(Distributions.Count);
        FirstUnixNano = Math.Min(FirstUnixNano, time);
        LastUnixNano = Math.Max(LastUnixNano, time);
    }

    /// <summary>The bytes of a row's distribution; empty for a number.</summary>
    internal ReadOnlySpan<byte> DistributionOf(int row)
    {
        var begin = row == 0 ? 0 : DistributionEnd[row - 1];
        return Distributions.Items.AsSpan(begin, DistributionEnd[row] - begin);
    }

    /// <summary>The same for keeping: it stays as it is while the batch grows.</summary>
    internal ReadOnlyMemory<byte> DistributionMemory(int row)
    {
        var begin = row == 0 ? 0 : DistributionEnd[row - 1];
        return Distributions.Items.AsMemory(begin, DistributionEnd[row] - begin);
    }

    /// <summary>Appends all rows of another.</summary>
    internal void AddAll(MetricBatch other)
    {
        var ids = new int[other.Keys.Count];
        for (var key = 0; key < ids.Length; key++) ids[key] = -1;
        for (var row = 0; row < other.RowCount; row++)
        {
            ref var id = ref ids[other.Series[row]];
            if (id < 0) id = Keys.GetOrAdd(other.Keys[other.Series[row]]);
            Add(id, other.Time[row], other.Start[row], other.Value[row], other.DistributionOf(row));
        }
    }

    /// <summary>Takes the rows of some series away; the owner only, and only when no snapshot holds them. Answers how many went.</summary>
    internal int Remove(Func<int, bool> isRemoved)
    {
        var (kept, bytes, count) = (0, 0, RowCount);
        var moved = new List<(int Row, int Begin, int Length)>();
        for (var row = 0; row < count; row++)
        {
            var begin = row == 0 ? 0 : DistributionEnd[row - 1];
            var end = DistributionEnd[row];
            if (isRemoved(Series[row])) continue;
            if (kept != row)
            {
                Series.Items[kept] = Series[row];
                Time.Items[kept] = Time[row];
                Start.Items[kept] = Start[row];
                Value.Items[kept] = Value[row];
            }
            moved.Add((kept, begin, end - begin));
            kept++;
        }
        foreach (var (row, begin, length) in moved)
        {
            Distributions.Items.AsSpan(begin, length).CopyTo(Distributions.Items.AsSpan(bytes));
            bytes += length;
            DistributionEnd.Items[row] = bytes;
        }
        Truncate(kept);
        return count - kept;
    }

    private void Truncate(int rows)
    {
        Series.Truncate(rows);
        Time.Truncate(rows);
        Start.Truncate(rows);
        Value.Truncate(rows);
        DistributionEnd.Truncate(rows);
        Distributions.Truncate(rows == 0 ? 0 : DistributionEnd[rows - 1]);
    }

    /// <summary>A view of the rows so far, for readers, while this batch's owner goes on appending.</summary>
    internal MetricBatch Snapshot()
    {
        var copy = (MetricBatch)MemberwiseClone();
        copy.Keys = Keys.Snapshot();
        return copy;
    }

    /// <summary>Forgets everything, to be used anew. No snapshot of it may be in use.</summary>
    public void Clear()
    {
        Truncate(0);
        Keys.Clear();
        (FirstUnixNano, LastUnixNano) = (ulong.MaxValue, 0);
    }
}
