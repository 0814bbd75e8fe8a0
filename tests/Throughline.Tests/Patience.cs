namespace Throughline.Tests;

/// <summary>How long tests wait for what must come: long beside anything a busy machine of one slow core takes, so that only what never comes is a failure.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Waits for what another thread is about to do; fails, with what is there instead, when it does not come.</summary>
    public static async Task UntilAsync(Func<bool> isSo, Func<string> instead)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!isSo())
        {
            Assert.False(limit.IsCancellationRequested, $"{instead()} (after {Limit.TotalMinutes} minutes)");
            await Task.Delay(1);
        }
    }
}
