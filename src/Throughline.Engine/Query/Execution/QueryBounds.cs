using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// What one query may take: time, and memory of its own beside the caches. Asked by all threads of the query, often; thread safe.
/// </summary>
internal sealed class QueryBounds(TimeProvider time, TimeSpan timeLimit, long memoryLimit, CancellationToken cancellationToken) : IReadBounds
{
    private readonly long _start = time.GetTimestamp();
    private long _bytes;

    /// <summary>Cancelled when the caller has gone.</summary>
    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>The same bounds, of which nothing has been used.</summary>
    public QueryBounds Anew() => new(time, timeLimit, memoryLimit, cancellationToken);

    /// <summary>Unwinds the query when its caller has gone or its time is over.</summary>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    /// <exception cref="BoundHitException">The time is over.</exception>
    public void Check()
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (time.GetElapsedTime(_start) > timeLimit)
            throw new BoundHitException("time", $"The query was ended after {timeLimit.TotalSeconds:0.#} s; there may be more matches. Narrow the time range or the filter.");
    }

    /// <summary>Says that the query holds so many bytes more (or less).</summary>
    /// <exception cref="BoundHitException">That is more than it may.</exception>
    public void Charge(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) > memoryLimit)
            throw new BoundHitException("memory", $"The query was ended when it needed more than {memoryLimit >> 20} MB; there may be more matches. Narrow the time range or the filter.");
    }
}

/// <summary>Unwinds a query that has hit a bound, from wherever it is, to where its result is made. Never leaves query execution.</summary>
internal sealed class BoundHitException(string reason, string message) : Exception(message)
{
    /// <summary>What the result says.</summary>
    public Truncation Truncation { get; } = new(reason, message);
}
