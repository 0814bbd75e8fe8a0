using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// Hands each saved event to those who watch. Who reads too slowly is cut off, and comes back with the id of the last event it has, so
/// that nothing is missed. Thread-safe.
/// </summary>
internal sealed class EventFeed(EventOptions options)
{
    /// <summary>Events that a watcher may be behind before it is cut off.</summary>
    private const int Backlog = 256;

    private readonly Lock _gate = new();
    private readonly HashSet<Watcher> _watchers = [];

    public void Publish(SecurityEvent saved)
    {
        lock (_gate)
            foreach (var watcher in _watchers)
                watcher.Hand(saved);
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

    /// <summary>One who watches. Its events are read by one at a time.</summary>
    public sealed class Watcher(EventFeed feed) : IDisposable
    {
        private readonly Channel<SecurityEvent> _events = Channel.CreateBounded<SecurityEvent>(Backlog);

        /// <summary>Ends when the watcher is cut off.</summary>
        public ChannelReader<SecurityEvent> Events => _events.Reader;

        public void Dispose()
        {
            lock (feed._gate) feed._watchers.Remove(this);
        }

        internal void Hand(SecurityEvent saved)
        {
            if (!_events.Writer.TryWrite(saved)) _events.Writer.TryComplete();
        }
    }
}
