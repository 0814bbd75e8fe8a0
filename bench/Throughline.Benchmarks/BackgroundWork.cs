namespace Throughline.Benchmarks;

/// <summary>Waits until a server has nothing left to do by itself: no flush, no compaction. Stateless.</summary>
internal static class BackgroundWork
{
    private const double IdleShare = 0.02;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Returns when three seconds in a row the process used less than 2 % of a core and compaction had nothing to do.
    /// The CPU time of what it waits for is the server's, and counts where the caller reads it afterwards.
    /// </summary>
    public static async Task IdleAsync(ServerProcess server)
    {
        var until = TimeProvider.System.GetTimestamp();
        var cpu = server.Counters.CpuSeconds;
        for (var quiet = 0; quiet < 3;)
        {
            if (TimeProvider.System.GetElapsedTime(until) > Limit) throw new TimeoutException($"The server is still busy {Limit.TotalMinutes:0} minutes after the last request.");
            await Task.Delay(Interval);
            var now = server.Counters.CpuSeconds;
            quiet = now - cpu < IdleShare * Interval.TotalSeconds + 0.01 && await IsCompactedAsync(server) ? quiet + 1 : 0;
            cpu = now;
        }
    }

    private static async Task<bool> IsCompactedAsync(ServerProcess server)
    {
        using var status = await server.StatusAsync();
        return status.RootElement.GetProperty("store").GetProperty("compaction").GetProperty("idle").GetBoolean();
    }
}
