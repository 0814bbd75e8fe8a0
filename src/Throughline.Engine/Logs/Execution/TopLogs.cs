using Throughline.Engine.Logs.Columns;

namespace Throughline.Engine.Logs.Execution;

/// <summary>The first records of an order that were seen so far, no more than are wanted. One query's own; not thread safe.</summary>
internal sealed class TopLogs(int wanted, bool descending, LogCursor? after)
{
    /// <summary>A row and what it is ordered by.</summary>
    internal readonly record struct Found(ulong At, ulong Sequence, LogPart Part, int Row);

    // The last one of those that are kept is on top.
    private readonly PriorityQueue<Found, LogCursor> _kept = new(Comparer<LogCursor>.Create((a, b) => descending ? Compare(a, b) : Compare(b, a)));

    private static int Compare(LogCursor a, LogCursor b)
    {
        var order = a.AtUnixNano.CompareTo(b.AtUnixNano);
        return order != 0 ? order : a.Sequence.CompareTo(b.Sequence);
    }

    /// <summary>Whether as many as are wanted were seen.</summary>
    public bool IsFull => _kept.Count >= wanted;

    /// <summary>Whether a record of this time could be among them, were it there.</summary>
    public bool Admits(ulong at)
    {
        if (wanted == 0) return false;
        if (after is { } cursor && (descending ? at > cursor.AtUnixNano : at < cursor.AtUnixNano)) return false;
        return !IsFull || (descending ? at >= _kept.Peek().At : at <= _kept.Peek().At);
    }

    /// <summary>Whether no record of this time or behind it in the order can be among them.</summary>
    public bool IsBeyond(ulong at) => wanted == 0 || (IsFull && (descending ? at < _kept.Peek().At : at > _kept.Peek().At));

    /// <summary>Whether any record of a part could be among them.</summary>
    public bool Admits(LogPart part)
    {
        if (wanted == 0) return false;
        if (after is { } cursor && (descending ? part.FirstAt > cursor.AtUnixNano : part.LastAt < cursor.AtUnixNano)) return false;
        return !IsFull || (descending ? part.LastAt >= _kept.Peek().At : part.FirstAt <= _kept.Peek().At);
    }

    /// <summary>Adds a record.</summary>
    public void Add(ulong at, ulong sequence, LogPart part, int row)
    {
        if (!Admits(at)) return;
        var place = new LogCursor(at, sequence);
        if (after is { } cursor && (descending ? Compare(place, cursor) >= 0 : Compare(place, cursor) <= 0)) return;
        if (!IsFull) _kept.Enqueue(new Found(at, sequence, part, row), place);
        else _kept.EnqueueDequeue(new Found(at, sequence, part, row), place);
    }

    /// <summary>Those that are kept, in the order.</summary>
    public Found[] InOrder()
    {
        var found = new Found[_kept.Count];
        for (var i = found.Length - 1; i >= 0; i--) found[i] = _kept.Dequeue();
        return found;
    }
}
