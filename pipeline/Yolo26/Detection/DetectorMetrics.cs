using System.Diagnostics.Metrics;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>What the detector counts and measures, as a meter named after the service. Thread-safe; lives as long as the detector, which owns it.</summary>
internal sealed class DetectorMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _inference;
    private readonly Counter<long> _images;

    /// <param name="name">The service's name, so that its telemetry exports the meter.</param>
    /// <param name="depth">Answers how many images wait now.</param>
    public DetectorMetrics(string name, Func<int> depth)
    {
        _meter = new(name);
        _meter.CreateObservableGauge("detector.queue.depth", depth, "{image}", "Images that wait for an inference.");
        _inference = _meter.CreateHistogram<double>("detector.inference.duration", "s", "How long the model ran on an image.",
            advice: new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10] });
        _images = _meter.CreateCounter<long>("detector.images", "{image}", "Images that were sent, by what became of them.");
    }

    public void Inferred(TimeSpan duration, ModelLayout layout) => _inference.Record(
        duration.TotalSeconds, new KeyValuePair<string, object?>("model.name", layout.Name), new("ai.inference.device", Detector.Device));

    /// <summary>Counts images under <c>ok</c> or the <c>error.type</c> that their spans have.</summary>
    public void Answered(string outcome, int count = 1) => _images.Add(count, new KeyValuePair<string, object?>("outcome", outcome));

    public void Dispose() => _meter.Dispose();
}
