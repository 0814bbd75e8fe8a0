namespace Throughline.Server.Receive;

/// <summary>
/// Keeps what a request no longer needs for the next ones, within bounds, and lets go of what nobody has taken for a second: between bursts the memory is for merges and queries. Thread safe; what was
/// taken belongs to the taker.
/// </summary>
/// <param name="maxCount">Items kept at most.</param>
/// <param name="maxBytes">Bytes that they hold at most.</param>
/// <param name="time">The clock.</param>
internal sealed class IdlePool<T>(int maxCount, long maxBytes, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan s_kept = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<(T Item, long Bytes, long Since)> _idle = [];
    private long _bytes;
    private ITimer? _timer;

    /// <summary>Takes the item that was returned last and <paramref name="fits"/>; null when none does.</summary>
    public T? Take(Predicate<T> fits)
    {
        lock (_gate)
        {
            var at = _idle.FindLastIndex(idle => fits(idle.Item));
            if (at < 0) return null;
            var item = _idle[at].Item;
            RemoveAt(at);
            return item;
        }
    }

    /// <summary>Keeps an item of so many bytes, in place of those that wait longest when there are too many.</summary>
    public void Return(T item, long bytes)
    {
        if (bytes > maxBytes) return;
        lock (_gate)
        {
            _idle.Add((item, bytes, time.GetTimestamp()));
            _bytes += bytes;
            while (_idle.Count > maxCount || _bytes > maxBytes) RemoveAt(0);
            // It runs only while something is kept, so that nobody has to end it.
            _timer ??= time.CreateTimer(_ => DropOld(), null, s_kept, s_kept);
        }
    }

    private void DropOld()
    {
        lock (_gate)
        {
            while (_idle.Count > 0 && time.GetElapsedTime(_idle[0].Since) >= s_kept) RemoveAt(0);
            if (_idle.Count > 0) return;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void RemoveAt(int index)
    {
        _bytes -= _idle[index].Bytes;
        _idle.RemoveAt(index);
    }
}
