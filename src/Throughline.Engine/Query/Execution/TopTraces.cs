using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>A trace that a search found, by its order value: its place in the one segment that has it, or -1 when it lies in several.</summary>
internal readonly record struct FoundTrace(ulong Key, TraceId Id, int Segment, int Ordinal);

/// <summary>
/// Keeps the first traces of an order, one more than a page holds, so that the page knows whether another follows. What lies at or before the cursor is passed over.
/// One query's own; not thread safe.
/// </summary>
internal sealed class TopTraces
{
    private readonly bool _descending;
    private readonly int _capacity;
    private readonly SearchCursor? _after;
    private readonly PriorityQueue<FoundTrace, (ulong Key, TraceId Id)> _worstFirst;

    /// <summary>Keeps a page of the plan's order.</summary>
    public TopTraces(SearchPlan plan)
    {
        _descending = plan.Descending;
        _capacity = plan.Limit + 1;
        _after = plan.After;
        _worstFirst = new(Comparer<(ulong Key, TraceId Id)>.Create((a, b) => -Compare(a, b)));
    }

    /// <summary>Whether as many are kept as can be; then <see cref="Worst"/> is the last of them.</summary>
    public bool IsFull => _worstFirst.Count >= _capacity;

    /// <summary>The order value of the last one kept.</summary>
    public ulong Worst => _worstFirst.Peek().Key;

    /// <summary>Offers a trace.</summary>
    public void Offer(in FoundTrace trace)
    {
        if (_after is { } after && Compare((trace.Key, trace.Id), (after.LastKey, after.LastTrace)) <= 0) return;
        if (_worstFirst.Count >= _capacity && (_descending ? trace.Key < Worst : trace.Key > Worst)) return;
        if (_worstFirst.Count < _capacity) _worstFirst.Enqueue(trace, (trace.Key, trace.Id));
        else _worstFirst.EnqueueDequeue(trace, (trace.Key, trace.Id));
    }

    /// <summary>The traces in order; at most one more than the plan's limit.</summary>
    public List<FoundTrace> InOrder()
    {
        List<FoundTrace> traces = [.. _worstFirst.UnorderedItems.Select(i => i.Element)];
        traces.Sort((a, b) => Compare((a.Key, a.Id), (b.Key, b.Id)));
        return traces;
    }

    private int Compare((ulong Key, TraceId Id) a, (ulong Key, TraceId Id) b)
    {
        var byKey = a.Key.CompareTo(b.Key);
        if (byKey != 0) return _descending ? -byKey : byKey;
        return a.Id.CompareTo(b.Id);
    }
}
