using System.Diagnostics;
using Throughline.Telemetry;

namespace Throughline.Pipeline;

/// <summary>
/// The line before something that can do only so much at once: <paramref name="parallel"/> pieces of work have a turn, as many as
/// <paramref name="waiting"/> more may wait for one, and what comes on top is refused at once rather than kept. Compiled into each
/// service that has such a line; the service owns it. Thread-safe.
/// </summary>
internal sealed class WorkQueue(int parallel, int waiting, SpanSource spans, TimeProvider time) : IDisposable
{
    /// <summary>What a refused caller is told to wait, in seconds: about what a full line takes to get shorter.</summary>
    public const string RetryAfterSeconds = "1";

    private readonly SemaphoreSlim _turns = new(parallel);
    private int _places;
    private int _waiting;

    /// <summary>Places there are in all, for work that has a turn and work that waits.</summary>
    public int Limit => parallel + waiting;

    /// <summary>Pieces of work that wait for a turn now.</summary>
    public int Depth => Volatile.Read(ref _waiting);

    /// <summary>Takes places in the line, all of them or none; null when so many are not free. Dispose it to give them back.</summary>
    public Places? TryEnter(int count = 1)
    {
        int taken;
        do
        {
            taken = Volatile.Read(ref _places);
            if (taken + count > Limit) return null;
        }
        while (Interlocked.CompareExchange(ref _places, taken + count, taken) != taken);
        return new(this, count);
    }

    /// <summary>
    /// Waits for a turn; dispose it to let the next one have it. A wait that is worth telling is a span (<c>queue_wait</c>) under the
    /// current one, also when the caller gave up waiting.
    /// </summary>
    public async Task<Turn> TurnAsync(CancellationToken cancellation)
    {
        var asked = time.GetUtcNow();
        Interlocked.Increment(ref _waiting);
        try
        {
            await _turns.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            if (Activity.Current is { } request)
                spans.RecordQueueWait(request.Context, asked, time.GetUtcNow(), cancellation.IsCancellationRequested ? [new("queue.given_up", true)] : []);
        }
        return new(_turns);
    }

    public void Dispose() => _turns.Dispose();

    /// <summary>Places in the line, held until disposed.</summary>
    internal sealed class Places(WorkQueue queue, int count) : IDisposable
    {
        private int _held = count;

        public void Dispose() => Interlocked.Add(ref queue._places, -Interlocked.Exchange(ref _held, 0));
    }

    /// <summary>A turn, held until disposed, once.</summary>
    internal readonly record struct Turn(SemaphoreSlim Turns) : IDisposable
    {
        public void Dispose() => Turns.Release();
    }
}
