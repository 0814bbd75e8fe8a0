namespace Throughline.Engine;

/// <summary>Snapshots that cursors refer to, kept for a while. Thread safe.</summary>
internal sealed class SnapshotLeases(TimeProvider time, TimeSpan lease)
{
    /// <summary>Each may hold a head that has become a block since; more would be memory without a bound.</summary>
    private const int Most = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (StoreSnapshot Snapshot, DateTimeOffset Until)> _leases = [];

    /// <summary>Keeps a snapshot for the time of a lease from now.</summary>
    public void Keep(StoreSnapshot snapshot)
    {
        lock (_gate)
        {
            Expire();
            _leases[snapshot.Sequence] = (snapshot, time.GetUtcNow() + lease);
            if (_leases.Count > Most) _leases.Remove(_leases.MinBy(l => (l.Value.Until, l.Key)).Key);
        }
    }

    /// <summary>The snapshot with this number, null when its lease is over.</summary>
    public StoreSnapshot? Find(ulong sequence)
    {
        lock (_gate)
        {
            Expire();
            return _leases.TryGetValue(sequence, out var kept) ? kept.Snapshot : null;
        }
    }

    private void Expire()
    {
        var now = time.GetUtcNow();
        foreach (var (sequence, (_, until)) in _leases)
        {
            if (until <= now) _leases.Remove(sequence);
        }
    }
}
