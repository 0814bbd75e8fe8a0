using Throughline.Engine.Blocks;

namespace Throughline.Engine;

/// <summary>
/// Snapshots that cursors refer to, kept for a while. Bounded in number, and in the memory of heads that only they hold: beyond either the oldest end early, and their cursors go on with a newer
/// snapshot. Thread safe.
/// </summary>
internal sealed class SnapshotLeases(TimeProvider time, TimeSpan lease, long maxHeadBytes)
{
    private const int Most = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (StoreSnapshot Snapshot, DateTimeOffset Until)> _leases = [];

    /// <summary>Keeps a snapshot, which the caller holds, for the time of a lease from now. <paramref name="current"/> are the heads that the store holds itself.</summary>
    public void Keep(StoreSnapshot snapshot, IReadOnlyList<Head> current)
    {
        snapshot.Retain();
        List<StoreSnapshot> ended = [];
        lock (_gate)
        {
            TakeOver(ended);
            if (_leases.Remove(snapshot.Sequence, out var earlier)) ended.Add(earlier.Snapshot);
            _leases[snapshot.Sequence] = (snapshot, time.GetUtcNow() + lease);
            while (_leases.Count > 1 && (_leases.Count > Most || HeadBytes(current) > maxHeadBytes)) EndOldest(ended);
        }
        foreach (var over in ended) over.Release();
    }

    /// <summary>The snapshot with this number, held once for the caller; null when its lease is over.</summary>
    public StoreSnapshot? Find(ulong sequence)
    {
        List<StoreSnapshot> ended = [];
        StoreSnapshot? found = null;
        lock (_gate)
        {
            TakeOver(ended);
            if (_leases.TryGetValue(sequence, out var kept))
            {
                found = kept.Snapshot;
                found.Retain();
            }
        }
        foreach (var over in ended) over.Release();
        return found;
    }

    /// <summary>Lets go of the snapshots whose time is over, and of the oldest when the heads that only leases hold have become too many.</summary>
    public void Expire(IReadOnlyList<Head> current)
    {
        List<StoreSnapshot> ended = [];
        lock (_gate)
        {
            TakeOver(ended);
            while (_leases.Count > 0 && HeadBytes(current) > maxHeadBytes) EndOldest(ended);
        }
        foreach (var over in ended) over.Release();
    }

    /// <summary>Lets go of all.</summary>
    public void Close()
    {
        List<StoreSnapshot> ended;
        lock (_gate)
        {
            ended = [.. _leases.Values.Select(l => l.Snapshot)];
            _leases.Clear();
        }
        foreach (var over in ended) over.Release();
    }

    private void TakeOver(List<StoreSnapshot> ended)
    {
        var now = time.GetUtcNow();
        foreach (var (sequence, (snapshot, until)) in _leases)
        {
            if (until > now) continue;
            _leases.Remove(sequence);
            ended.Add(snapshot);
        }
    }

    private void EndOldest(List<StoreSnapshot> ended)
    {
        var oldest = _leases.MinBy(l => (l.Value.Until, l.Key));
        _leases.Remove(oldest.Key);
        ended.Add(oldest.Value.Snapshot);
    }

    private long HeadBytes(IReadOnlyList<Head> current) =>
        _leases.Values.SelectMany(l => l.Snapshot.Heads).Distinct().Where(h => !current.Contains(h)).Sum(h => h.MemoryBytes);
}
