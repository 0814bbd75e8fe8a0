using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Pipeline.Backend;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Events;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

/// <summary>What the end of the service does to what is still under way.</summary>
public sealed class ImagePipelineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-stop-").FullName;
    private readonly string _source = "test-stop-" + Guid.NewGuid().ToString("n");
    private readonly ServiceProvider _meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly EventOptions _options;
    private readonly SpanSource _spans;
    private readonly SpanRecorder _recorder;
    private readonly EventStore _events;

    public ImagePipelineTests()
    {
        _options = new() { Database = Path.Combine(_folder, "events.db"), ImageCount = 0 };
        (_spans, _recorder) = (new(_source), new(_source));
        var database = new EventDatabase(_options, _spans);
        database.Prepare();
        _events = new(database, TimeProvider.System);
    }

    public void Dispose()
    {
        _meters.Dispose();
        _recorder.Dispose();
        _spans.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task LoopThatBreaksIsToldAfterTheOpenBatchIsAnalysed()
    {
        var detections = 0;
        using var pipeline = Pipeline((_, _) => ++detections == 1 ? Task.FromResult(Found()) : throw new InvalidOperationException("The loop breaks."));
        await pipeline.StartAsync(CancellationToken.None);
        Assert.True(pipeline.TryTake(Image("one")));
        await _recorder.WaitForAsync(span => span.DisplayName == "batch_detection");
        Assert.True(pipeline.TryTake(Image("two")));
        await _recorder.WaitForAsync(span => span.DisplayName == "detect_objects" && span.GetTagItem("image.id") is "two");

        var problem = await Assert.ThrowsAsync<InvalidOperationException>(() => pipeline.StopAsync(CancellationToken.None));

        Assert.Equal("The loop breaks.", problem.Message);
        Assert.Equal(("shutdown", 50), Assert.Single(_events.List(new(10)).Events) is var saved ? (saved.CloseReason, saved.RiskScore) : default);
    }

    [Fact]
    public async Task ImagesThatAreGivenUpSaySoOnTheirSpans()
    {
        using var pipeline = Pipeline(async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return Found();
        });
        await pipeline.StartAsync(CancellationToken.None);
        Assert.True(pipeline.TryTake(Image("asked")));
        Assert.True(pipeline.TryTake(Image("queued")));

        await pipeline.StopAsync(new CancellationToken(canceled: true));

        foreach (var id in new[] { "asked", "queued" })
        {
            var span = Assert.Single(_recorder.Ended, one => one.DisplayName == "detect_objects" && one.GetTagItem("image.id") is string found && found == id);
            Assert.Equal((ActivityStatusCode.Error, "shutdown"), (span.Status, (string?)span.GetTagItem("error.type")));
        }
    }

    [Fact]
    public async Task ImageThatABrokenLoopLeavesBehindSaysThatItWasGivenUp()
    {
        var asked = new TaskCompletionSource();
        using var pipeline = Pipeline(async (_, _) =>
        {
            await asked.Task;
            throw new InvalidOperationException("The loop breaks.");
        });
        await pipeline.StartAsync(CancellationToken.None);
        Assert.True(pipeline.TryTake(Image("broken")));
        Assert.True(pipeline.TryTake(Image("behind")));
        asked.SetResult();

        await Assert.ThrowsAsync<InvalidOperationException>(() => pipeline.StopAsync(CancellationToken.None));

        Assert.Equal("System.InvalidOperationException", Only("broken").GetTagItem("error.type"));
        Assert.Equal("shutdown", Only("behind").GetTagItem("error.type"));

        Activity Only(string id) => Assert.Single(_recorder.Ended, one => one.DisplayName == "detect_objects" && id.Equals(one.GetTagItem("image.id")));
    }

    private static HttpResponseMessage Found() => new()
    {
        Content = JsonContent.Create(new { model = "stub", modelVersion = "1", detections = new[] { new { @class = "cat", confidence = 0.7 } } }),
    };

    private static ReceivedImage Image(string id) => new(id, new("door", "door"), [1], new(JpegState.Whole, 1, 1), id, DateTimeOffset.UtcNow,
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded));

    private ImagePipeline Pipeline(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> detector)
    {
        var metrics = new PipelineMetrics(_meters.GetRequiredService<IMeterFactory>());
        var (batches, batching) = (new ClosedBatches(metrics), new BatchOptions());
        var batcher = new Batcher(batching, TimeProvider.System, batches.Add);
        var recent = new RecentImages(new(), TimeProvider.System);
        var stage = new DetectionStage(new(Caller(detector), _spans, NullLogger<DetectorClient>.Instance), batcher, batching, new(_options, TimeProvider.System, NullLogger<ImageFiles>.Instance),
            recent, metrics, _spans,
            TimeProvider.System, NullLogger<DetectionStage>.Instance);
        var recorder = new EventRecorder(_events, new(_options), _options, metrics, _spans, NullLogger<EventRecorder>.Instance);
        var analyst = Caller((_, _) => Task.FromResult(new HttpResponseMessage
        {
            Content = JsonContent.Create(new { model = "stub", riskScore = 50, riskLevel = "medium", summary = "s", reasoning = "r" }),
        }));
        var analysis = new BatchAnalysis(new(analyst), recorder, batching, recent, _spans, TimeProvider.System, NullLogger<BatchAnalysis>.Instance);
        return new(new() { Detections = 1, Analyses = 1 }, stage, batcher, batches, analysis, metrics);
    }

    private ServiceCaller Caller(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) =>
        new(new HttpClient(new Stub(answer)), "stub", new() { Url = new("http://stub") }, _spans, TimeProvider.System, NullLogger.Instance);

    private sealed class Stub(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(request, cancellationToken);
    }
}
