namespace Throughline.Engine.Query.Execution;

/// <summary>The tallies of one query: as many as threads count at once, charged to it. Thread safe.</summary>
internal sealed class TallyPool
{
    private readonly TimeColumns _columns;
    private readonly DistributionRequest _request;
    private readonly QueryBounds _bounds;
    private readonly Lock _gate = new();
    private readonly Stack<TraceTally> _free = [];

    /// <summary>A pool with one tally.</summary>
    /// <exception cref="BoundHitException">The query may not hold so much.</exception>
    public TallyPool(TimeColumns columns, DistributionRequest request, QueryBounds bounds)
    {
        (_columns, _request, _bounds) = (columns, request, bounds);
        Return(Make());
    }

    /// <summary>A tally for one thread to count into, until it is returned.</summary>
    public TraceTally Take()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var tally)) return tally;
        }
        return Make();
    }

    /// <summary>Takes a tally back.</summary>
    public void Return(TraceTally tally)
    {
        lock (_gate) _free.Push(tally);
    }

    /// <summary>All that was counted. Every tally has been returned.</summary>
    public TraceTally Sum()
    {
        var sum = Take();
        lock (_gate)
        {
            while (_free.TryPop(out var other)) sum.Add(other);
        }
        return sum;
    }

    private TraceTally Make()
    {
        var tally = new TraceTally(_columns, _request);
        _bounds.Charge(tally.MemoryBytes);
        return tally;
    }
}
