using Throughline.Engine.Wal;

namespace Throughline.Server.Forward;

/// <summary>
/// Which requests of the last minutes are in the queue, or on their way into it. A process may die after a request was stored and before it was queued: its sender, who got no answer, sends it again, the
/// store knows it, and only here can it be told that it was never passed on. Bounded: what is forgotten is passed on twice when it is sent again. Thread safe.
/// </summary>
internal sealed class RecentOffers(TimeProvider time)
{
    /// <summary>The stores recognise retries for as long.</summary>
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(10);

    /// <summary>Requests that are remembered: some 5 MB.</summary>
    private const int Most = 50_000;

    private static readonly Task<bool> s_queued = Task.FromResult(true);

    private readonly Lock _gate = new();
    private readonly Dictionary<(WalSignal, UInt128), Task<bool>> _known = [];
    private readonly Queue<((WalSignal, UInt128) Key, long Since)> _byTime = new();

    /// <summary>A request that an earlier process queued.</summary>
    public void Remember(WalSignal signal, UInt128 digest)
    {
        // Records of releases before this one say nothing of their requests.
        if (digest == 0) return;
        lock (_gate)
        {
            if (_known.TryAdd((signal, digest), s_queued)) Added((signal, digest));
        }
    }

    /// <summary>
    /// Queues a request unless that was done; then it waits until it is. What <paramref name="queue"/> could not queue is forgotten.
    /// </summary>
    public async ValueTask OnceAsync(WalSignal signal, UInt128 digest, Func<ValueTask<bool>> queue)
    {
        var mine = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool>? others;
        lock (_gate)
        {
            if (!_known.TryGetValue((signal, digest), out others))
            {
                _known.Add((signal, digest), mine.Task);
                Added((signal, digest));
            }
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
                if (!isQueued) _known.Remove((signal, digest));
                else if (_known.ContainsKey((signal, digest))) _known[(signal, digest)] = s_queued;
            }
            mine.SetResult(isQueued);
        }
    }

    private void Added((WalSignal, UInt128) key)
    {
        _byTime.Enqueue((key, time.GetTimestamp()));
        while (_byTime.Count > Most || time.GetElapsedTime(_byTime.Peek().Since) > s_window) _known.Remove(_byTime.Dequeue().Key);
    }
}
