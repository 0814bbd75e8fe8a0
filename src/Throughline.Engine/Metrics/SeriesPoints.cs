using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Metrics;

/// <summary>Points of one series as columns. One owner; not thread safe.</summary>
internal sealed class SeriesPoints
{
    /// <summary>Unix nanoseconds.</summary>
    public Column<ulong> Time = new(0);

    /// <summary>Since when the point counts, Unix nanoseconds; 0 where that is not known.</summary>
    public Column<ulong> Start = new(0);

    /// <summary>The number; of a distribution its count.</summary>
    public Column<double> Value = new(0);

    /// <summary>The bytes of distributions; none of series of numbers.</summary>
    public Column<ReadOnlyMemory<byte>> Distribution = new(0);

    public int Count => Time.Count;

    public void Add(ulong time, ulong start, double value, ReadOnlyMemory<byte>? distribution)
    {
        Time.Add(time);
        Start.Add(start);
        Value.Add(value);
        if (distribution is { } bytes) Distribution.Add(bytes);
    }

    public void Clear()
    {
        Time.Truncate(0);
        Start.Truncate(0);
        Value.Truncate(0);
        Distribution.Truncate(0);
    }

    /// <summary>Brings the points in the order of their times, those of equal times in the order in which they came, and keeps each point once.</summary>
    public void Sort()
    {
        var isSorted = true;
        for (var i = 1; i < Count && isSorted; i++) isSorted = Time[i] > Time[i - 1];
        if (isSorted) return;
        var order = new int[Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        var (time, start, value, distribution) = (Time, Start, Value, Distribution);
        Array.Sort(order, (a, b) => time[a] != time[b] ? time[a].CompareTo(time[b]) : a.CompareTo(b));
        (Time, Start, Value, Distribution) = (new(order.Length), new(order.Length), new(order.Length), new(distribution.Count));
        foreach (var i in order)
        {
            var isKept = true;
            for (var j = Count - 1; j >= 0 && Time[j] == time[i] && isKept; j--)
            {
                isKept = Start[j] != start[i] || BitConverter.DoubleToInt64Bits(Value[j]) != BitConverter.DoubleToInt64Bits(value[i])
                    || (distribution.Count > 0 && !Distribution[j].Span.SequenceEqual(distribution[i].Span));
            }
            if (isKept) Add(time[i], start[i], value[i], distribution.Count > 0 ? distribution[i] : (ReadOnlyMemory<byte>?)null);
        }
    }
}
