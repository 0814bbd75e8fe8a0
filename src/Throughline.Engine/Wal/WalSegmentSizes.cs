namespace Throughline.Engine.Wal;

/// <summary>Bytes of the segment files that are there. Thread safe.</summary>
internal sealed class WalSegmentSizes(IReadOnlyDictionary<long, long> sizes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, long> _sizes = new(sizes);

    public long Total
    {
        get
        {
            lock (_gate)
            {
                long total = 0;
                foreach (var size in _sizes.Values)
                    total += size;
                return total;
            }
        }
    }

    public void Set(long segment, long size)
    {
        lock (_gate)
            _sizes[segment] = size;
    }

    public void Remove(long segment)
    {
        lock (_gate)
            _sizes.Remove(segment);
    }
}
