using Microsoft.Data.Sqlite;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>Deletes events above the number and the age that the options allow, now and then. Runs until the host stops.</summary>
internal sealed class EventPruning(EventStore events, EventOptions options, TimeProvider time, ILogger<EventPruning> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(options.PruneIntervalSeconds), time);
        try
        {
            do Prune(stoppingToken);
            while (await tick.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void Prune(CancellationToken stopping)
    {
        var total = 0;
        try
        {
            // A few at a time: an event that is being saved meanwhile must not wait for all of it.
            while (!stopping.IsCancellationRequested
                && events.PruneSome(options.MaximumCount, TimeSpan.FromDays(options.MaximumAgeDays)) is var some and > 0)
                total += some;
        }
        catch (SqliteException problem)
        {
            logger.LogWarning(
                "Old events could not be deleted, which is tried again in {Seconds} s: {Problem}", options.PruneIntervalSeconds, problem.Message);
        }
        if (total > 0)
            logger.LogInformation(
                "{Count} events were deleted: more than {Maximum}, or older than {Days} days.", total, options.MaximumCount, options.MaximumAgeDays);
    }
}
