namespace Throughline.Tests;

/// <summary>How long tests wait for what must come: long beside anything a busy machine of one slow core takes, so that only what never comes is a failure.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Waits for what another thread is about to do; fails, with what is there instead, when it does not come.</summary>
    public static Task UntilAsync(Func<bool> isSo, Func<string> instead) => UntilAsync(() => Task.FromResult(isSo()), instead);

    /// <summary>Asks until the answer is yes; fails, with what is there instead, when it is never.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo, Func<string> instead)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            while (!await isSo().WaitAsync(limit.Token)) await Task.Delay(1, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Assert.Fail($"{instead()} (after {Limit.TotalMinutes} minutes)");
        }
    }

    /// <summary>Waits for a task that must end; fails, with what did not happen, when it does not.</summary>
    public static async Task ForAsync(Task task, string otherwise)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            Assert.Fail($"{otherwise} (after {Limit.TotalMinutes} minutes)");
        }
    }

    /// <summary>The same for one that has a result.</summary>
    public static async Task<T> ForAsync<T>(Task<T> task, string otherwise)
    {
        await ForAsync((Task)task, otherwise);
        return await task;
    }
}
