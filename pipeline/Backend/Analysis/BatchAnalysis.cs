using System.Diagnostics;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Events;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Analysis;

/// <summary>
/// What happens to a batch once it is closed: its waits are recorded in every member's trace, the analysis and the event in the
/// carrier's, so that the work is counted once; the others tell that they waited for it, with a link. Thread-safe.
/// </summary>
internal sealed class BatchAnalysis(
    AnalystClient analyst, EventRecorder events, BatchOptions batching, RecentImages recent, SpanSource spans, TimeProvider time,
    ILogger<BatchAnalysis> logger)
{
    /// <summary>
    /// Ends when the event is saved. A batch that can't be judged, or not any more since the service has to stop, gets a fallback event.
    /// </summary>
    public async Task RunAsync(ClosedBatch batch, CancellationToken cancellation)
    {
        batch.Camera.EnterBaggage();
        var dispatchedAt = time.GetUtcNow();
        Note(batch, ImageStates.Analysing, eventId: null);
        var links = batch.Members.Select(member => RecordWaits(batch, member, dispatchedAt)).ToList();
        var (verdict, caller) = await AnalyzeAsync(batch, links, cancellation);
        var answeredAt = time.GetUtcNow();
        foreach (var member in batch.Members)
            if (!ReferenceEquals(member, batch.Carrier))
                RecordAwait(batch, member, verdict, caller, dispatchedAt, answeredAt);
        var eventId = events.Save(batch, verdict, cancellation);
        Note(batch, eventId is null ? ImageStates.EventNotSaved : ImageStates.EventSaved, eventId);
    }

    private void Note(ClosedBatch batch, string state, long? eventId)
    {
        foreach (var member in batch.Members) recent.Note(member.Camera, member.ImageId, member.Trace, state, eventId);
    }

    private ActivityLink RecordWaits(ClosedBatch batch, BatchMember member, DateTimeOffset dispatchedAt)
    {
        var wait = spans.RecordWait(member.Trace, "batch_wait", WaitKind.BatchWindow, member.JoinedAt, batch.ClosedAt,
            [.. batch.Tags(), new("batch.window_seconds", batching.WindowSeconds), new("batch.idle_seconds", batching.IdleSeconds), new("wait.detail", batching.Detail)]);
        spans.RecordQueueWait(member.Trace, batch.ClosedAt, dispatchedAt, new("queue.name", "analysis"), new("batch.id", batch.Id));
        return new(wait ?? member.Trace, new()
        {
            { "pipeline.wait_ms", (batch.ClosedAt - member.JoinedAt).TotalMilliseconds }, { "image.sha256", member.Sha256 },
        });
    }

    private async Task<(Verdict Verdict, ActivityContext? Caller)> AnalyzeAsync(
        ClosedBatch batch, IReadOnlyList<ActivityLink> links, CancellationToken cancellation)
    {
        using var span = spans.StartUnder(batch.Carrier.Trace, "analyze_batch", ActivityKind.Client, links);
        foreach (var (key, value) in batch.Tags()) span?.SetTag(key, value);
        span?.SetTag("peer.service", "hsi-nemotron");
        try
        {
            var verdict = await analyst.AnalyzeAsync(batch, cancellation);
            span?.SetTag("model.name", verdict.Model);
            verdict.Describe(span);
            logger.LogInformation("Batch {Batch} of {Camera} is analysed by {Model}: {Level} risk.", batch.Id, batch.Camera.Id, verdict.Model, verdict.RiskLevel);
            return (verdict, span?.Context);
        }
        catch (ServiceCallException problem)
        {
            span.Fail(problem, problem.ErrorType);
            logger.LogWarning(
                "Batch {Batch} of {Camera} was not analysed, a fallback event is saved: {Problem}", batch.Id, batch.Camera.Id, problem.Message);
            return (Verdict.Fallback(batch, problem), span?.Context);
        }
        catch (OperationCanceledException problem)
        {
            span.Fail(problem, "shutdown");
            logger.LogWarning(
                "Batch {Batch} of {Camera} was not analysed, since the service has to stop; a fallback event is saved.", batch.Id, batch.Camera.Id);
            var stopped = new ServiceCallException("shutdown", "The service had to stop before the answer was there.", worthAnotherTry: false, problem);
            return (Verdict.Fallback(batch, stopped), span?.Context);
        }
    }

    private void RecordAwait(
        ClosedBatch batch, BatchMember member, Verdict verdict, ActivityContext? caller, DateTimeOffset from, DateTimeOffset to)
    {
        List<KeyValuePair<string, object?>> tags = [new("batch.id", batch.Id), new("camera.id", batch.Camera.Id), new("risk.level", verdict.RiskLevel)];
        if (verdict.RiskScore is { } score) tags.Add(new("risk.score", score));
        spans.RecordWait(member.Trace, "await_analysis", WaitKind.Analysis, from, to, tags, caller is { } link ? [new(link)] : null);
    }
}
