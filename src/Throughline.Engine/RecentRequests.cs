namespace Throughline.Engine;

/// <summary>
/// The requests of the last minutes by their digests, so that a retry is answered instead of stored again. Thread safe. A request that is under way is
/// known too: its retry waits for how it ends.
/// </summary>
internal sealed class RecentRequests(TimeSpan window)
{
    /// <summary>Far more than senders make in the window; holds the memory when the clock has jumped ahead and back, and nothing grows old.</summary>
    private const int Most = 500_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Entry> _entries = [];
    private readonly Queue<(UInt128 Digest, ulong ReceivedUnixNano)> _byTime = new();
    private readonly ulong _windowNano = (ulong)window.Ticks * 100;

    private sealed record Entry(ulong ReceivedUnixNano, Task<AppendResult> Outcome);

    /// <summary>How a request that is already known ended or will end; null when it is new, and then it is known from now on with <paramref name="outcome"/>.</summary>
    public Task<AppendResult>? Register(UInt128 digest, ulong receivedUnixNano, Task<AppendResult> outcome)
    {
        lock (_gate)
        {
            Prune(receivedUnixNano);
            if (_entries.TryGetValue(digest, out var known)) return known.Outcome;
            _entries.Add(digest, new Entry(receivedUnixNano, outcome));
            _byTime.Enqueue((digest, receivedUnixNano));
            return null;
        }
    }

    /// <summary>Forgets a request that was not stored, so that its retry is tried anew.</summary>
    public void Forget(UInt128 digest)
    {
        lock (_gate)
        {
            _entries.Remove(digest);
        }
    }

    private void Prune(ulong nowUnixNano)
    {
        while (_byTime.TryPeek(out var oldest) && (_byTime.Count > Most || oldest.ReceivedUnixNano + _windowNano < nowUnixNano))
        {
            _byTime.Dequeue();
            if (_entries.TryGetValue(oldest.Digest, out var entry) && entry.ReceivedUnixNano == oldest.ReceivedUnixNano) _entries.Remove(oldest.Digest);
        }
    }
}
