using System.Diagnostics.Metrics;

namespace Throughline.Pipeline.Backend;

/// <summary>
/// The backend's measures, meter <c>hsi-backend</c>: what came in, what waits, how batches fill, and whether the other services can be
/// asked. Thread-safe; one for the life of the process.
/// </summary>
internal sealed class PipelineMetrics
{
    private static readonly string[] s_breakerStates = ["closed", "half_open", "open"];

    private readonly Meter _meter;
    private readonly Counter<long> _uploads, _detections, _events;
    private readonly Histogram<int> _batchSize;

    public PipelineMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("hsi-backend");
        _uploads = _meter.CreateCounter<long>("pipeline.uploads", "{image}", "Uploads by outcome: accepted, duplicate, or why they were refused.");
        _detections = _meter.CreateCounter<long>("pipeline.detections", "{image}", "Images looked at by outcome: found, nothing, or the error's type.");
        _events = _meter.CreateCounter<long>("pipeline.events", "{event}", "Events saved, by risk level and whether nobody judged them.");
        _batchSize = _meter.CreateHistogram<int>("pipeline.batch.size", "{image}", "Images of a closed batch, by why it was closed.");
    }

    public void CountUpload(string outcome) => _uploads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void CountDetection(string outcome) => _detections.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void CountEvent(string riskLevel, bool fallback) => _events.Add(1,
        new KeyValuePair<string, object?>("risk.level", riskLevel), new KeyValuePair<string, object?>("event.fallback", fallback));

    public void CountBatch(int size, string closeReason) => _batchSize.Record(size, new KeyValuePair<string, object?>("batch.close_reason", closeReason));

    /// <summary>From now on <c>pipeline.queue.depth</c> tells how much waits in this queue.</summary>
    public void ObserveQueue(string name, Func<int> depth) => _meter.CreateObservableGauge("pipeline.queue.depth",
        () => new Measurement<int>(depth(), new KeyValuePair<string, object?>("queue.name", name)), "{item}", "What waits in a queue.");

    /// <summary>From now on <c>pipeline.batch.fill</c> tells how many images each open batch holds.</summary>
    public void ObserveBatches(Func<IEnumerable<(string Camera, int Size)>> open) => _meter.CreateObservableGauge("pipeline.batch.fill",
        () => open().Select(batch => new Measurement<int>(batch.Size, new KeyValuePair<string, object?>("camera.id", batch.Camera))),
        "{image}", "Images in the open batch of a camera.");

    /// <summary>From now on <c>pipeline.breaker.state</c> tells a circuit breaker's state: 0 closed, 1 half open, 2 open.</summary>
    public void ObserveBreaker(string service, Func<string> state) => _meter.CreateObservableGauge("pipeline.breaker.state",
        () => new Measurement<int>(Array.IndexOf(s_breakerStates, state()), new KeyValuePair<string, object?>("peer.service", service)),
        description: "A circuit breaker's state: 0 closed, 1 half open, 2 open.");
}
