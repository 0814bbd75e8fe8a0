using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Events;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend;

/// <summary>
/// What happens to an image once somebody takes it out of the queue: the detector is asked, and if it found something the image joins its
/// camera's batch. All of it is told in the image's own trace. Thread-safe; owned by <see cref="ImagePipeline"/>.
/// </summary>
internal sealed class DetectionStage(
    DetectorClient detector, Batcher batcher, BatchOptions batching, ImageFiles files, RecentImages recent, PipelineMetrics metrics,
    SpanSource spans, TimeProvider time, ILogger<DetectionStage> logger)
{
    /// <summary>Never fails: what goes wrong with one image is on its spans and in the log.</summary>
    public async Task RunAsync(ReceivedImage image, CancellationToken cancellation)
    {
        image.Camera.EnterBaggage();
        spans.RecordQueueWait(image.Trace, image.ReceivedAt, time.GetUtcNow(), new KeyValuePair<string, object?>("queue.name", "detection"));
        Note(image, ImageStates.Detecting);
        try
        {
            var answer = await detector.DetectAsync(image, cancellation);
            metrics.CountDetection(answer.Detections.Count > 0 ? "found" : "nothing");
            if (answer.Detections.Count == 0)
            {
                Note(image, ImageStates.NothingFound);
                return;
            }
            await files.KeepAsync(image);
            Join(image, answer);
        }
        catch (ServiceCallException problem)
        {
            recent.Forget(image);
            metrics.CountDetection(problem.ErrorType);
        }
        catch (OperationCanceledException)
        {
            recent.Forget(image);
            metrics.CountDetection("shutdown");
        }
    }

    private void Note(ReceivedImage image, string state) => recent.Note(image.Camera, image.Id, image.Trace, state);

    private void Join(ReceivedImage image, DetectionAnswer answer)
    {
        // Before it joins: the batch may close with it, and be judged at once.
        Note(image, ImageStates.InBatch);
        using var span = spans.StartUnder(image.Trace, "batch_detection");
        var member = new BatchMember(image.Id, image.Camera, image.Sha256, image.ReceivedAt, image.Trace, answer.Detections);
        var joined = batcher.Join(member, batching.IsUrgent(answer.Detections));
        span?.SetTag("batch.id", joined.BatchId).SetTag("batch.opened_at", joined.OpenedAt.ToString("O")).SetTag("batch.size", joined.Size)
            .SetTag("camera.id", image.Camera.Id).SetTag("camera.name", image.Camera.Name).SetTag("detection.count", answer.Detections.Count);
        logger.LogInformation("Image {Image} of {Camera} with {Count} detections joins batch {Batch} as number {Size}.", image.Id, image.Camera.Id, answer.Detections.Count, joined.BatchId, joined.Size);
    }
}
