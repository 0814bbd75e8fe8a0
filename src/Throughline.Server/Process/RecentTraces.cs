using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>Remembers something about the traces that came last, and forgets the oldest when it is full. Not thread safe.</summary>
internal sealed class RecentTraces<T>(int capacity)
{
    private readonly Dictionary<TraceId, T> _known = [];
    private readonly Queue<TraceId> _order = new();

    internal int Count => _known.Count;

    internal bool TryGet(TraceId id, out T value)
    {
        var isKnown = _known.TryGetValue(id, out var found);
        value = found!;
        return isKnown;
    }

    internal void Set(TraceId id, T value)
    {
        if (!_known.ContainsKey(id))
        {
            if (_order.Count >= capacity) _known.Remove(_order.Dequeue());
            _order.Enqueue(id);
        }
        _known[id] = value;
    }
}
