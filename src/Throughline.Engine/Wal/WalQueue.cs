namespace Throughline.Engine.Wal;

/// <summary>
/// What waits for the log's loop: appends, bounded by bytes, and requests to cut the log, which go first. Thread safe. Bytes count until
/// <see cref="Release"/>, so that the bound covers the group under way too.
/// </summary>
internal sealed class WalQueue<TState>(long limitBytes)
{
    // A monitor, since the loop waits in it; System.Threading.Lock has no wait.
    private readonly object _gate = new();
    private readonly Queue<WalEntry<TState>> _entries = new();
    private readonly Queue<WalCutRequest> _cuts = new();
    private long _bytes;
    private string? _closed;

    /// <summary>Takes an append in, or says why not. A payload larger than the bound is taken when nothing else waits.</summary>
    public WalAppend? TryAdd(WalEntry<TState> entry)
    {
        lock (_gate)
        {
            if (_closed is not null)
                return new WalAppend(WalAppendStatus.Failed, 0, _closed);
            if (_bytes > 0 && _bytes + entry.Payload.Length > limitBytes)
                return new WalAppend(WalAppendStatus.Overloaded, 0, $"{_bytes} bytes wait for the log, which may hold {limitBytes}; try again");
            // An empty payload counts as one byte, so that no number of appends escapes the bound.
            _bytes += Math.Max(1, entry.Payload.Length);
            _entries.Enqueue(entry);
            Monitor.Pulse(_gate);
            return null;
        }
    }

    /// <summary>Takes a cut in; the message when the log is closed.</summary>
    public string? TryAdd(WalCutRequest cut)
    {
        lock (_gate)
        {
            if (_closed is not null)
                return _closed;
            _cuts.Enqueue(cut);
            Monitor.Pulse(_gate);
            return null;
        }
    }

    /// <summary>Refuses whatever comes from now on; what waits is still taken out.</summary>
    public void Close(string message)
    {
        lock (_gate)
        {
            _closed ??= message;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Waits for work. Moves the cuts and the appends that make up the next group to the lists; false when the queue is closed and empty.
    /// </summary>
    public bool Take(List<WalCutRequest> cuts, List<WalEntry<TState>> group, long groupBytes)
    {
        lock (_gate)
        {
            while (_cuts.Count == 0 && _entries.Count == 0)
            {
                if (_closed is not null)
                    return false;
                Monitor.Wait(_gate);
            }
            while (_cuts.TryDequeue(out var cut))
                cuts.Add(cut);
            long bytes = 0;
            while (_entries.TryPeek(out var entry) && (group.Count == 0 || bytes + entry.Payload.Length <= groupBytes))
            {
                bytes += entry.Payload.Length;
                group.Add(_entries.Dequeue());
            }
            return true;
        }
    }

    /// <summary>Gives back the bytes of an append that has ended.</summary>
    public void Release(int payloadBytes)
    {
        lock (_gate)
            _bytes -= Math.Max(1, payloadBytes);
    }
}
