using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Throughline.Pipeline.Backend;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

/// <summary>What the backend's meter tells, as a listener of the runtime hears it.</summary>
public sealed class PipelineMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly List<(string Name, double Value, string Tags)> _heard = [];
    private readonly FakeTimeProvider _time = new(new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private readonly SpanSource _spans = new("test-metrics");
    private readonly PipelineMetrics _metrics;

    public PipelineMetricsTests()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "hsi-backend" && instrument.Meter.Scope == factory) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.Start();
        _metrics = new(factory);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _spans.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void BatchesAreToldByFillWhileOpenAndBySizeWhenClosed()
    {
        var batches = new ClosedBatches(_metrics);
        var batcher = new Batcher(new() { MaximumSize = 3 }, _time, batches.Add);
        _metrics.ObserveBatches(batcher.Fill);
        _metrics.ObserveQueue("analysis", () => batches.Count);
        for (var i = 0; i < 4; i++) batcher.Join(Member("door"), urgent: false);
        batcher.Join(Member("gate"), urgent: false);

        _listener.RecordObservableInstruments();

        Assert.Equal([("pipeline.batch.size", 3, "batch.close_reason=full")], Heard("pipeline.batch.size"));
        Assert.Equal([("pipeline.batch.fill", 1, "camera.id=door"), ("pipeline.batch.fill", 1, "camera.id=gate")], Heard("pipeline.batch.fill").Order());
        Assert.Equal([("pipeline.queue.depth", 1, "queue.name=analysis")], Heard("pipeline.queue.depth"));
    }

    [Fact]
    public void OutcomesAreCountedByTheirName()
    {
        _metrics.CountUpload("accepted");
        _metrics.CountDetection("timeout");
        _metrics.CountEvent("unknown", fallback: true);

        Assert.Equal(
            [("pipeline.uploads", 1, "outcome=accepted"), ("pipeline.detections", 1, "outcome=timeout"), ("pipeline.events", 1, "risk.level=unknown,event.fallback=True")],
            _heard);
    }

    [Fact]
    public async Task BreakerIsToldAsItOpensAndCloses()
    {
        var answers = new Queue<System.Net.HttpStatusCode>([System.Net.HttpStatusCode.ServiceUnavailable, System.Net.HttpStatusCode.ServiceUnavailable, System.Net.HttpStatusCode.OK]);
        using var http = ServiceCaller.Client(new Answers(answers));
        var caller = new ServiceCaller(http, "hsi-yolo26",
            new() { Url = new("http://detector"), Attempts = 1, BreakerMinimumTries = 2, BreakerOpenSeconds = 10 }, _spans, _time, NullLogger.Instance);
        _metrics.ObserveBreaker("hsi-yolo26", () => caller.BreakerState);

        Assert.Equal(0, State());
        Assert.Equal("503", await ErrorAsync(caller));
        Assert.Equal(0, State());
        Assert.Equal("503", await ErrorAsync(caller));
        Assert.Equal(2, State());
        Assert.Equal("circuit_open", await ErrorAsync(caller));
        Assert.Single(answers);

        _time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Null(await ErrorAsync(caller));
        Assert.Equal(0, State());
    }

    private static async Task<string?> ErrorAsync(ServiceCaller caller)
    {
        try
        {
            await caller.PostAsync<DetectionAnswer>("/detect", () => new ByteArrayContent([1]), CancellationToken.None);
            return null;
        }
        catch (ServiceCallException problem)
        {
            return problem.ErrorType;
        }
    }

    private double State()
    {
        _heard.Clear();
        _listener.RecordObservableInstruments();
        return Assert.Single(Heard("pipeline.breaker.state")).Value;
    }

    private IEnumerable<(string Name, double Value, string Tags)> Heard(string name) => _heard.Where(heard => heard.Name == name);

    private void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _heard.Add((instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));

    private static BatchMember Member(string camera) => new("img", new(camera, camera), "00", DateTimeOffset.UnixEpoch, default, [new Detected("person", 0.7f)]);

    private sealed class Answers(Queue<System.Net.HttpStatusCode> statuses) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(statuses.Dequeue())
            {
                Content = new StringContent("""{"model":"m","modelVersion":"1","detections":[]}"""),
            });
    }
}
