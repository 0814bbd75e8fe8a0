using Throughline.Engine.Wal;

namespace Throughline.Server.Forward;

/// <summary>
/// Which requests of the last minutes are in the queue, or on their way into it. A process may die after a request was stored and before it was queued: its sender, who got no answer, sends it again, the
/// store knows it, and only here can it be told that it was never passed on. Bounded: what is forgotten is passed on twice when it is sent again. Thread safe.
/// </summary>
internal sealed class RecentOffers(TimeProvider time)
{
    /// <summary>The stores recognise retries for as long.</summary>
    private static readonly ulong s_windowNano = (ulong)TimeSpan.FromMinutes(10).Ticks * 100;

    /// <summary>Requests that are remembered: some 5 MB.</summary>
    private const int Most = 50_000;

    private static readonly Task<bool> s_queued = Task.FromResult(true);

    private readonly Lock _gate = new();
    private readonly Dictionary<(WalSignal, UInt128), Entry> _known = [];
    private readonly Queue<((WalSignal, UInt128) Key, ulong SinceUnixNano)> _byTime = new();

    private readonly record struct Entry(ulong SinceUnixNano, Task<bool> Queued);

    /// <summary>A request that an earlier process queued, and when.</summary>
    public void Remember(WalSignal signal, UInt128 digest, ulong sinceUnixNano)
    {
        // Records of releases before this one say nothing of their requests.
        if (digest == 0) return;
        lock (_gate)
        {
            if (!_known.ContainsKey((signal, digest))) Add((signal, digest), sinceUnixNano, s_queued);
            Prune();
        }
    }

    /// <summary>
    /// Queues a request unless that was done; then it waits until it is. What <paramref name="queue"/> could not queue is forgotten.
    /// </summary>
    public async ValueTask OnceAsync(WalSignal signal, UInt128 digest, Func<ValueTask<bool>> queue)
    {
        var key = (signal, digest);
        var mine = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool>? others = null;
        lock (_gate)
        {
            Prune();
            if (_known.TryGetValue(key, out var known)) others = known.Queued;
            else Add(key, NowNano(), mine.Task);
        }
        if (others is not null)
        {
            await others;
            return;
        }
        var isQueued = false;
        try
        {
            isQueued = await queue();
        }
        finally
        {
            lock (_gate)
            {
                // It may be another attempt's by now: this one may have taken longer than anything is remembered.
                if (_known.TryGetValue(key, out var entry) && entry.Queued == mine.Task)
                {
                    if (isQueued) _known[key] = entry with { Queued = s_queued };
                    else _known.Remove(key);
                }
            }
            mine.SetResult(isQueued);
        }
    }

    private void Add((WalSignal, UInt128) key, ulong sinceUnixNano, Task<bool> queued)
    {
        _known.Add(key, new Entry(sinceUnixNano, queued));
        _byTime.Enqueue((key, sinceUnixNano));
    }

    private void Prune()
    {
        var now = NowNano();
        while (_byTime.TryPeek(out var oldest) && (oldest.SinceUnixNano + s_windowNano < now || _byTime.Count > Most))
        {
            _byTime.Dequeue();
            // An attempt that failed was forgotten; what is known then is a later one.
            if (_known.TryGetValue(oldest.Key, out var entry) && entry.SinceUnixNano == oldest.SinceUnixNano) _known.Remove(oldest.Key);
        }
    }

    private ulong NowNano() => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
