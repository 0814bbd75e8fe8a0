namespace Throughline.Engine.Wal;

/// <summary>Bytes of the segment files that are there. Thread safe.</summary>
internal sealed class WalSegmentSizes
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, (long FileBytes, long WrittenBytes)> _sizes = [];

    /// <param name="sizes">The files that an earlier writer left.</param>
    public WalSegmentSizes(IReadOnlyDictionary<long, long> sizes)
    {
        foreach (var (segment, bytes) in sizes) _sizes.Add(segment, (bytes, 0));
    }

    public long Total
    {
        get
        {
            lock (_gate)
            {
                long total = 0;
                foreach (var (bytes, _) in _sizes.Values)
                    total += bytes;
                return total;
            }
        }
    }

    /// <summary>A segment is begun; its file has so many bytes already.</summary>
    public void Begin(long segment, long fileBytes)
    {
        lock (_gate)
            _sizes[segment] = (fileBytes, 0);
    }

    /// <summary>This writer has written so far in a segment.</summary>
    public void Write(long segment, long bytes)
    {
        lock (_gate)
            _sizes[segment] = (Math.Max(bytes, _sizes.TryGetValue(segment, out var size) ? size.FileBytes : 0), bytes);
    }

    /// <summary>Bytes of a segment's file, and how many of them this writer has written.</summary>
    public (long FileBytes, long WrittenBytes) Of(long segment)
    {
        lock (_gate)
            return _sizes.GetValueOrDefault(segment);
    }

    public void Remove(long segment)
    {
        lock (_gate)
            _sizes.Remove(segment);
    }
}
