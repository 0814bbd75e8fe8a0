namespace Throughline.Engine;

/// <summary>
/// The requests of the last minutes by their digests, so that a retry is answered instead of stored again. Thread safe. A request that is under way is
/// known too: its retry waits for how it ends. Beyond <paramref name="most"/> requests the oldest are forgotten early; their retries collapse when traces are read.
/// </summary>
internal sealed class RecentRequests(TimeSpan window, int most)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Entry> _entries = [];
    private readonly Queue<(UInt128 Digest, ulong ReceivedUnixNano)> _byTime = new();
    private readonly ulong _windowNano = (ulong)window.Ticks * 100;

    private static readonly Task<AppendResult> Stored = Task.FromResult(AppendResult.Durable);

    private readonly record struct Entry(ulong ReceivedUnixNano, Task<AppendResult> Outcome);

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

    /// <summary>Remembers a request that was stored before a restart; false when it was known already.</summary>
    public bool TryRemember(UInt128 digest, ulong receivedUnixNano) => Register(digest, receivedUnixNano, Stored) is null;

    /// <summary>The request is stored: what is kept of it from now on is small.</summary>
    public void Keep(UInt128 digest)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(digest, out var entry)) _entries[digest] = entry with { Outcome = Stored };
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
        while (_byTime.TryPeek(out var oldest) && (oldest.ReceivedUnixNano + _windowNano < nowUnixNano || _byTime.Count > most))
        {
            _byTime.Dequeue();
            if (_entries.TryGetValue(oldest.Digest, out var entry) && entry.ReceivedUnixNano == oldest.ReceivedUnixNano) _entries.Remove(oldest.Digest);
        }
    }
}
