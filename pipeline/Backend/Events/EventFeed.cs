using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// Tells those who watch that there is something new to read, and hands nothing over: events are saved by several at once, so that the order
/// in which they are announced says nothing. Each watcher reads what it lacks from the database, in the order of the ids. Thread-safe.
/// </summary>
internal sealed class EventFeed(EventOptions options)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Watcher> _watchers = [];

    /// <summary>For who has saved an event, once it can be read.</summary>
    public void Announce()
    {
        lock (_gate)
            foreach (var watcher in _watchers)
                watcher.Wake();
    }

    /// <summary>False when as many watch as may. The caller disposes the watcher.</summary>
    public bool TryWatch([NotNullWhen(true)] out Watcher? watcher)
    {
        watcher = null;
        lock (_gate)
        {
            if (_watchers.Count >= options.MaximumStreams) return false;
            _watchers.Add(watcher = new(this));
        }
        return true;
    }

    /// <summary>One who watches, and is waited on by one at a time.</summary>
    public sealed class Watcher(EventFeed feed) : IDisposable
    {
        private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        /// <summary>Ends when something was announced since the last time, or since the watching began.</summary>
        public async ValueTask WaitAsync(CancellationToken cancellation) => await _news.Reader.ReadAsync(cancellation);

        public void Dispose()
        {
            lock (feed._gate) feed._watchers.Remove(this);
        }

        internal void Wake() => _news.Writer.TryWrite(true);
    }
}
