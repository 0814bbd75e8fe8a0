namespace Throughline.Engine.Query.Execution;

/// <summary>A range of time cut into columns of equal length. What lies outside falls into the nearest column.</summary>
internal readonly record struct TimeColumns(ulong First, ulong Length, int Count)
{
    /// <summary>At most so many columns over [from, to); the last may reach beyond its end.</summary>
    public static TimeColumns Over(ulong from, ulong to, int columns)
    {
        var range = to > from ? to - from : 1;
        var length = ((range - 1) / (ulong)columns) + 1;
        return new TimeColumns(from, length, (int)((range - 1) / length) + 1);
    }

    /// <summary>The column of a time.</summary>
    public int Of(ulong time)
    {
        if (time <= First) return 0;
        var column = (time - First) / Length;
        return column >= (ulong)Count ? Count - 1 : (int)column;
    }
}
