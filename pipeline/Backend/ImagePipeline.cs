using System.Threading.Channels;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend;

/// <summary>
/// The way of an image after its 202: detection, its camera's batch, analysis. Owns both queues and the loops that empty them. When
/// the host stops, what was taken on is finished: waiting images are detected, open batches closed and analysed.
/// </summary>
internal sealed class ImagePipeline : BackgroundService
{
    /// <summary>Waiting for less than this is not worth a span of its own.</summary>
    public static readonly TimeSpan WorthTelling = TimeSpan.FromMilliseconds(1);

    private readonly ImagePipelineOptions _options;
    private readonly BatchOptions _batching;
    private readonly DetectorClient _detector;
    private readonly BatchAnalysis _analysis;
    private readonly SpanSource _spans;
    private readonly TimeProvider _time;
    private readonly ILogger<ImagePipeline> _logger;
    private readonly Batcher _batcher;
    private readonly Channel<ReceivedImage> _images;
    private readonly Channel<ClosedBatch> _batches = Channel.CreateUnbounded<ClosedBatch>();
    private readonly CancellationTokenSource _giveUp = new();
    private Task[] _detecting = [];
    private Task[] _analysing = [];

    public ImagePipeline(
        ImagePipelineOptions options, BatchOptions batching, DetectorClient detector, BatchAnalysis analysis, SpanSource spans,
        TimeProvider time, ILogger<ImagePipeline> logger)
    {
        (_options, _batching, _detector, _analysis, _spans, _time, _logger) = (options, batching, detector, analysis, spans, time, logger);
        _images = Channel.CreateBounded<ReceivedImage>(options.DetectionQueue);
        // Unbounded itself; TryTake refuses images while it is long, and every batch in it was taken on before that.
        _batcher = new(batching, time, batch => _batches.Writer.TryWrite(batch));
    }

    /// <summary>Takes an image on; false when too much is waiting already or the service is stopping.</summary>
    public bool TryTake(ReceivedImage image) => _batches.Reader.Count < _options.AnalysisQueue && _images.Writer.TryWrite(image);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var hurry = cancellationToken.Register(_giveUp.Cancel);
        _images.Writer.TryComplete();
        await Task.WhenAll(_detecting);
        _batcher.CloseAll();
        _batches.Writer.TryComplete();
        await Task.WhenAll(_analysing);
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _giveUp.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Task.Run gives each loop a context of its own: no span is current but those that it starts.
        _detecting = [.. Enumerable.Range(0, _options.Detections).Select(_ => Task.Run(DetectAll, CancellationToken.None))];
        _analysing = [.. Enumerable.Range(0, _options.Analyses).Select(_ => Task.Run(AnalyseAll, CancellationToken.None))];
        // The first loop that breaks ends the service, rather than leave it taking images that nobody looks at.
        await foreach (var ended in Task.WhenEach([.. _detecting, .. _analysing])) await ended;
    }

    private async Task DetectAll()
    {
        await foreach (var image in _images.Reader.ReadAllAsync())
        {
            var takenUp = _time.GetUtcNow();
            if (takenUp - image.ReceivedAt >= WorthTelling)
                _spans.RecordWait(image.Trace, "queue_wait", WaitKind.Queue, image.ReceivedAt, takenUp, [new("camera.id", image.Camera.Id)]);
            try
            {
                var answer = await _detector.DetectAsync(image, _giveUp.Token);
                if (answer.Detections.Count > 0) Join(image, answer);
            }
            catch (ServiceCallException problem)
            {
                _logger.LogWarning("An image of {Camera} was not looked at: {Problem}", image.Camera.Id, problem.Message);
            }
            catch (OperationCanceledException)
            {
                _logger.LogWarning("An image of {Camera} was given up, since the service had to stop.", image.Camera.Id);
            }
        }
    }

    private void Join(ReceivedImage image, DetectionAnswer answer)
    {
        using var span = _spans.StartUnder(image.Trace, "batch_detection");
        var member = new BatchMember(image.Camera, image.Sha256, image.ReceivedAt, image.Trace, answer.Detections);
        var joined = _batcher.Join(member, _batching.IsUrgent(answer.Detections));
        span?.SetTag("batch.id", joined.BatchId).SetTag("batch.opened_at", joined.OpenedAt.ToString("O")).SetTag("batch.size", joined.Size)
            .SetTag("camera.id", image.Camera.Id).SetTag("camera.name", image.Camera.Name).SetTag("detection.count", answer.Detections.Count);
    }

    private async Task AnalyseAll()
    {
        await foreach (var batch in _batches.Reader.ReadAllAsync())
        {
            try
            {
                await _analysis.RunAsync(batch, _giveUp.Token);
            }
            catch (OperationCanceledException)
            {
                _logger.LogWarning("Batch {Batch} of {Camera} was given up, since the service had to stop.", batch.Id, batch.Camera.Id);
            }
        }
    }
}
