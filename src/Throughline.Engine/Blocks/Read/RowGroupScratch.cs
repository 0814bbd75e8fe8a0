namespace Throughline.Engine.Blocks.Read;

/// <summary>Buffers for the columns of one row group at a time: those of a merge of many blocks are the same. Not thread safe.</summary>
internal sealed class RowGroupScratch
{
    /// <summary>Values for which a buffer is kept: a row group of one giant trace must not leave its size behind.</summary>
    private const int KeptValues = 1 << 16;

    private readonly List<long[]> _buffers = [];
    private int[] _numbers = [];
    private int _taken;

    /// <summary>Numbers of texts that were looked up already, for ids far apart.</summary>
    public Dictionary<long, int> Memo { get; } = [];

    /// <summary>Makes all buffers free again.</summary>
    public void Begin() => _taken = 0;

    /// <summary>A buffer for so many values at least, with anything in it.</summary>
    public long[] Take(int count)
    {
        if (count > KeptValues) return new long[count];
        if (_taken == _buffers.Count) _buffers.Add([]);
        if (_buffers[_taken].Length < count) _buffers[_taken] = new long[count];
        return _buffers[_taken++];
    }

    /// <summary>So many numbers, all -1; valid until the next call.</summary>
    public Span<int> Numbers(int count)
    {
        if (_numbers.Length < count) _numbers = new int[count];
        _numbers.AsSpan(0, count).Fill(-1);
        return _numbers.AsSpan(0, count);
    }
}
