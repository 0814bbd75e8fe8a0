using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>Remembers something about the traces that came last, and forgets the oldest when it is full. Not thread safe.</summary>
internal sealed class RecentTraces<T>(Func<int> capacity)
{
    /// <summary>A memory of always as many.</summary>
    internal RecentTraces(int capacity)
        : this(() => capacity)
    {
    }

    private readonly Dictionary<TraceId, T> _known = [];
    private readonly Queue<TraceId> _order = new();

    internal int Count => _known.Count;

    internal bool TryGet(TraceId id, out T value)
    {
        var isKnown = _known.TryGetValue(id, out var found);
        value = found!;
        return isKnown;
    }

    /// <summary>All that is known, the oldest first.</summary>
    internal IEnumerable<(TraceId Id, T Value)> InOrder() => _order.Select(id => (id, _known[id]));

    internal void Set(TraceId id, T value)
    {
        if (!_known.ContainsKey(id))
        {
            // More than one where the capacity has become less.
            for (var most = Math.Max(1, capacity()); _order.Count >= most;) _known.Remove(_order.Dequeue());
            _order.Enqueue(id);
        }
        _known[id] = value;
    }
}
