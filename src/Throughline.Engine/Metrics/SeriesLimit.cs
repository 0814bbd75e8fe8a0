using System.IO.Hashing;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Bounds the number of series that are alive: a sender that puts ids into attributes would otherwise make one of each. A series is alive for an hour after its last point. Thread safe.
/// </summary>
internal sealed class SeriesLimit(int maxSeries, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, long> _lastSeen = [];
    private long _lastSweep;

    /// <summary>Series that are alive.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _lastSeen.Count;
            }
        }
    }

    /// <summary>Takes the points of series beyond the limit away; answers how many went.</summary>
    public int Apply(MetricBatch batch)
    {
        HashSet<int>? refused = null;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            for (var series = 0; series < batch.Keys.Count; series++)
            {
                var hash = XxHash128.HashToUInt128(batch.Keys[series]);
                if (_lastSeen.ContainsKey(hash) || HasRoom(now)) _lastSeen[hash] = now;
                else (refused ??= []).Add(series);
            }
        }
        return refused is null ? 0 : batch.Remove(refused.Contains);
    }

    private bool HasRoom(long now)
    {
        if (_lastSeen.Count < maxSeries) return true;
        if (_lastSweep != 0 && time.GetElapsedTime(_lastSweep, now) < BetweenSweeps) return false;
        _lastSweep = now;
        foreach (var (hash, seen) in _lastSeen)
        {
            if (time.GetElapsedTime(seen, now) > Life) _lastSeen.Remove(hash);
        }
        return _lastSeen.Count < maxSeries;
    }
}
