using System.Diagnostics;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// Saves the event of a judged batch, told as <c>save_event</c> in the carrier's trace, and tells those who watch. Thread-safe.
/// </summary>
internal sealed class EventRecorder(
    EventStore events, EventFeed feed, EventOptions options, PipelineMetrics metrics, SpanSource spans, ILogger<EventRecorder> logger)
{
    /// <summary>
    /// Waits while the database is locked, as long as the options say, or until the service must end. Answers the event's id; null when it could not be
    /// saved: then it is in the log, whole.
    /// </summary>
    public long? Save(ClosedBatch batch, Verdict verdict, CancellationToken cancellation)
    {
        using var span = spans.StartUnder(batch.Carrier.Trace, "save_event");
        span?.SetTag("batch.id", batch.Id).SetTag("batch.size", batch.Members.Count)
            .SetTag("camera.id", batch.Camera.Id).SetTag("camera.name", batch.Camera.Name);
        verdict.Describe(span);
        if (verdict.FallbackReason is { } reason) span?.SetTag("event.fallback", true).SetTag("event.fallback_reason", reason);
        try
        {
            var saved = SaveWhenUnlocked(batch, verdict, span, cancellation);
            span?.SetTag("event.id", saved.Id);
            logger.LogInformation("Event {Event} of batch {Batch} of {Camera} is saved: {Level} risk.", saved.Id, batch.Id, batch.Camera.Id, saved.RiskLevel);
            metrics.CountEvent(saved.RiskLevel, saved.Fallback);
            feed.Announce();
            return saved.Id;
        }
        catch (SqliteException problem)
        {
            span.Fail(problem, EventDatabase.ErrorType(problem));
            metrics.CountEvent("unsaved", verdict.FallbackReason is not null);
            logger.LogError("The event of batch {Batch} of {Camera} could not be saved ({Problem}) and is lost but for this line: {Event}",
                batch.Id, batch.Camera.Id, problem.Message, JsonSerializer.Serialize(EventStore.EventOf(batch, verdict), JsonSerializerOptions.Web));
            return null;
        }
    }

    private SecurityEvent SaveWhenUnlocked(ClosedBatch batch, Verdict verdict, Activity? span, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return events.Save(batch, verdict);
            }
            catch (SqliteException problem) when (EventDatabase.IsLocked(problem) && attempt < options.SaveAttempts && !cancellation.IsCancellationRequested)
            {
                span?.SetTag("retry.attempt", attempt);
                logger.LogWarning(
                    "The event of batch {Batch} waits for a locked database, attempt {Attempt}: {Problem}", batch.Id, attempt, problem.Message);
            }
        }
    }
}
