using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Pipeline.Backend;

/// <summary>
/// The way of an image after its 202: detection, its camera's batch, analysis. Owns the loops that empty both queues. When the host
/// stops, what was taken on is finished: waiting images are detected, open batches closed and analysed. What a broken loop leaves behind is
/// given up, each image and each batch by itself, and says so.
/// </summary>
internal sealed class ImagePipeline : BackgroundService
{
    private readonly ImagePipelineOptions _options;
    private readonly DetectionStage _detection;
    private readonly BatchAnalysis _analysis;
    private readonly Batcher _batcher;
    private readonly ClosedBatches _batches;
    private readonly DetectionQueue _images;
    private readonly CancellationTokenSource _giveUp = new();
    private Task[] _detecting = [];
    private Task[] _analysing = [];

    public ImagePipeline(
        ImagePipelineOptions options, DetectionStage detection, Batcher batcher, ClosedBatches batches, BatchAnalysis analysis,
        PipelineMetrics metrics)
    {
        (_options, _detection, _batcher, _batches, _analysis) = (options, detection, batcher, batches, analysis);
        _images = new(options.DetectionQueue, options.DetectionQueueBytes);
        metrics.ObserveQueue("detection", () => _images.Count);
        metrics.ObserveQueue("analysis", () => batches.Count);
        metrics.ObserveBatches(batcher.Fill);
    }

    /// <summary>
    /// Takes an image on; false when too much is waiting already or the service is stopping. A long queue of batches counts too, since
    /// every image may become one.
    /// </summary>
    public bool TryTake(ReceivedImage image) => _batches.Count < _options.AnalysisQueue && _images.TryAdd(image);

    /// <summary>The loops run from here on, so that a stop that comes at once knows them.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Each loop has a context of its own, with neither a span nor baggage in it: an image's baggage is its own alone.
        using (ExecutionContext.SuppressFlow())
        {
            _detecting = [.. Enumerable.Range(0, _options.Detections).Select(_ => Task.Run(() => DetectAll(_giveUp.Token), CancellationToken.None))];
            _analysing = [.. Enumerable.Range(0, _options.Analyses).Select(_ => Task.Run(() => AnalyseAll(_giveUp.Token), CancellationToken.None))];
        }
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var hurry = cancellationToken.Register(_giveUp.Cancel);
        _images.Complete();
        // A loop that broke must not take with it what the others and the next stage can finish: it is told at the end.
        var givenUp = new CancellationToken(canceled: true);
        await Task.WhenAll(_detecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DetectAll(givenUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _batcher.CloseAll();
        _batches.Complete();
        await Task.WhenAll(_analysing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await AnalyseAll(givenUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
        await Task.WhenAll([.. _detecting, .. _analysing]);
    }

    public override void Dispose()
    {
        _giveUp.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first loop that breaks ends the service, rather than leave it taking images that nobody looks at.
        await foreach (var ended in Task.WhenEach([.. _detecting, .. _analysing])) await ended;
    }

    private async Task DetectAll(CancellationToken giveUp)
    {
        await foreach (var image in _images.TakeAllAsync()) await _detection.RunAsync(image, giveUp);
    }

    private async Task AnalyseAll(CancellationToken giveUp)
    {
        await foreach (var batch in _batches.TakeAllAsync()) await _analysis.RunAsync(batch, giveUp);
    }
}
