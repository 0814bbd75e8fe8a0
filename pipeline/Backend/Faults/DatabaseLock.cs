using System.ComponentModel.DataAnnotations;
using Microsoft.Data.Sqlite;
using Throughline.Pipeline.Backend.Events;

namespace Throughline.Pipeline.Backend.Faults;

/// <summary>The configuration's section <c>SlowDatabase</c>: how the fault of that name holds the lock.</summary>
internal sealed class DatabaseLockOptions
{
    /// <summary>How long the lock is held at a time.</summary>
    [Range(0.05, 3600)]
    public double HoldSeconds { get; set; } = 2;

    /// <summary>How long it is free in between.</summary>
    [Range(0.2, 3600)]
    public double PauseSeconds { get; set; } = 0.5;
}

/// <summary>
/// The fault <c>slow-database</c>: a second connection that takes the events' write lock and keeps it, as a backup or a long report would,
/// so that events wait to be saved. It writes nothing. Runs until the host stops.
/// </summary>
internal sealed class DatabaseLock(EventDatabase events, DatabaseLockOptions options, TimeProvider time, ILogger<DatabaseLock> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.LogWarning(
            "Fault slow-database: the events' database is locked for {Hold} s at a time, and free for {Pause} s.",
            options.HoldSeconds, options.PauseSeconds);
        using var database = events.Open();
        try
        {
            while (true)
            {
                await HoldAsync(database, stoppingToken);
                await Task.Delay(TimeSpan.FromSeconds(options.PauseSeconds), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, and the lock is free again.
        }
    }

    private async Task HoldAsync(SqliteConnection database, CancellationToken stopping)
    {
        try
        {
            // BEGIN IMMEDIATE: the write lock, at once.
            await using var transaction = database.BeginTransaction();
            await Task.Delay(TimeSpan.FromSeconds(options.HoldSeconds), time, stopping);
        }
        catch (SqliteException problem) when (EventDatabase.IsLocked(problem))
        {
            logger.LogInformation("Fault slow-database: somebody else has the lock: {Problem}", problem.Message);
        }
    }
}
