using System.Runtime.ExceptionServices;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// The threads that queries may take beside their own. They are few and shared, so that many queries at once take no more of the processors than one, and ingest keeps its share.
/// Owned by the store; thread safe.
/// </summary>
internal sealed class QueryWorkers(int helpers)
{
    private int _free = helpers;

    /// <summary>
    /// Runs the same work on this thread and on up to <paramref name="wanted"/> helpers, as far as they are free, and returns when all that have begun have ended. The first exception of any is thrown.
    /// </summary>
    public void Run(Action work, int wanted)
    {
        using var over = new CancellationTokenSource();
        var helping = new List<Task>();
        while (helping.Count < wanted && TryTake()) helping.Add(Task.Run(() => Help(work), over.Token));
        Exception? failure = null;
        try
        {
            work();
        }
        catch (Exception e)
        {
            failure = e;
        }
        // Helpers end by themselves: the work is shared out, and who finds none left returns. One that no thread has taken up yet has nothing to come for.
        over.Cancel();
        Task.WhenAll(helping).ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
        Interlocked.Add(ref _free, helping.Count(static h => h.IsCanceled));
        failure ??= helping.Select(h => h.Exception?.InnerException).FirstOrDefault(e => e is not null);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    private void Help(Action work)
    {
        try
        {
            work();
        }
        finally
        {
            Interlocked.Increment(ref _free);
        }
    }

    private bool TryTake()
    {
        if (Interlocked.Decrement(ref _free) >= 0) return true;
        Interlocked.Increment(ref _free);
        return false;
    }
}
