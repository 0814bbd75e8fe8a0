using System.Diagnostics;
using System.Diagnostics.Metrics;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Throughline.Telemetry;

namespace Throughline.Tests.Telemetry;

/// <summary>A web service with the one line in it, and a real receiver of logs, metrics and spans that it sends to.</summary>
public sealed class SignalExportTests : IAsyncLifetime
{
    private readonly string _service = "test-" + Guid.NewGuid().ToString("n");
    private readonly HttpClient _http = new();
    private OtlpSink? _started;

    private OtlpSink Sink => _started ?? throw new InvalidOperationException("The sink isn't started.");

    public async ValueTask InitializeAsync() => _started = await OtlpSink.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Sink.DisposeAsync();
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task LogRecordOfARequestHasTheIdsOfItsSpan(string protocol)
    {
        await using var app = await StartAsync(protocol, ("OTEL_LOGS_EXPORTER", "otlp"));
        await _http.GetAsync(app.Urls.First() + "/work");

        var log = await Sink.LogAsync(log => log.Service == _service && log.Item.Body.StringValue == "looked at 3 images");
        var span = await Sink.SpanAsync(span => span.Service == _service && span.Item.Name == "look");
        Assert.Equal((span.Item.TraceId, span.Item.SpanId), (log.Item.TraceId, log.Item.SpanId));
        Assert.NotEqual(ByteString.Empty, log.Item.TraceId);
        Assert.Equal(("Warning", 13), (log.Item.SeverityText, log.Item.SeverityNumber));
        Assert.Equal(3, Assert.Single(log.Item.Attributes, a => a.Key == "Images").Value.IntValue);
        Assert.Equal(span.ResourceText("service.instance.id"), log.ResourceText("service.instance.id"));
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task MetersOfTheServiceAndOfTheRuntimeAreSent(string protocol)
    {
        await using var app = await StartAsync(protocol, ("OTEL_METRICS_EXPORTER", "otlp"), ("OTEL_METRIC_EXPORT_INTERVAL", "100"));
        using var meter = new Meter(_service + ".queue");
        meter.CreateObservableGauge("queue.depth", () => 7, "{image}");
        await _http.GetAsync(app.Urls.First() + "/work");

        var depth = await Sink.MetricAsync(metric => metric.Service == _service && metric.Item.Name == "queue.depth");
        Assert.Equal((7, "{image}", _service + ".queue"), (Assert.Single(depth.Item.Gauge.DataPoints).AsInt, depth.Item.Unit, depth.Scope));
        var cpu = await Sink.MetricAsync(metric => metric.Service == _service && metric.Item.Name == "dotnet.process.cpu.time");
        Assert.True(cpu.Item.Sum.DataPoints.Sum(point => point.AsDouble) > 0, "This process has used CPU time.");
        var memory = await Sink.MetricAsync(metric => metric.Service == _service && metric.Item.Name == "dotnet.process.memory.working_set");
        Assert.True(memory.Item.Sum.DataPoints.Single().AsInt > 1_000_000);
        // The sink is in this process too: figures may come that have its own requests only.
        await Sink.MetricAsync(metric => metric.Service == _service && metric.Item.Name == "http.server.request.duration"
            && metric.Item.Histogram.DataPoints.Any(point => point.Attributes.Any(a => a.Key == "http.route" && a.Value.StringValue == "/work")));
    }

    [Fact]
    public async Task SignalsGoToTheirOwnEndpoints()
    {
        await using var other = await OtlpSink.StartAsync();
        await using var app = await StartAsync("http/protobuf",
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", other.Http + "/v1/logs"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", other.Grpc), ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"), ("OTEL_METRIC_EXPORT_INTERVAL", "100"));
        await _http.GetAsync(app.Urls.First() + "/work");

        await other.LogAsync(log => log.Service == _service);
        await other.MetricAsync(metric => metric.Service == _service);
        await Sink.SpanAsync(span => span.Service == _service);
        Assert.Empty(other.Spans);
    }

    [Fact]
    public async Task LogsThatNobodyTakesAreCountedAndSaid()
    {
        using var lost = new LostItems();
        var lines = new LogLines();
        // Nobody listens on port 1.
        await using (var app = await StartAsync("http/protobuf", lines, ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://127.0.0.1:1/v1/logs")))
        {
            await _http.GetAsync(app.Urls.First() + "/work");
            await app.StopAsync();
        }

        Assert.True(lost.Of("log records") >= 1, "The record of the request was lost.");
        Assert.Contains(lines.Written, line => line.Contains("log records are being lost", StringComparison.Ordinal) && line.Contains("127.0.0.1:1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MetricsThatNobodyTakesAreCountedAndSaid()
    {
        using var lost = new LostItems();
        var lines = new LogLines();
        await using (var app = await StartAsync("http/protobuf", lines, ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:1/v1/metrics")))
        {
            // The last figures are sent at the end.
            await app.StopAsync();
        }

        Assert.True(lost.Of("metrics") >= 1);
        Assert.Contains(lines.Written, line => line.Contains("metrics are being lost", StringComparison.Ordinal));
    }

    [Fact]
    public void SecondServiceInOneHostIsAnError()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.AddThroughline("one");
        Assert.Contains("two", Assert.Throws<InvalidOperationException>(() => builder.AddThroughline("two")).Message);
    }

    private Task<WebApplication> StartAsync(string protocol, params (string Key, string Value)[] configuration) => StartAsync(protocol, new LogLines(), configuration);

    private async Task<WebApplication> StartAsync(string protocol, ILoggerProvider lines, params (string Key, string Value)[] configuration)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(lines);
        builder.Configuration.AddInMemoryCollection(configuration.Select(entry => KeyValuePair.Create(entry.Key, (string?)entry.Value)));
        builder.Configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? Sink.Grpc : Sink.Http;
        builder.AddThroughline(_service);
        builder.Services.AddSingleton(_ => new SpanSource(_service));
        var app = builder.Build();
        app.MapGet("/work", (SpanSource spans, ILogger<SignalExportTests> logger) =>
        {
            using var span = spans.Start("look");
            logger.LogWarning("looked at {Images} images", 3);
            return "done";
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>The counter of what was lost, read as any listener would.</summary>
    private sealed class LostItems : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Lock _gate = new();
        private readonly Dictionary<string, long> _counts = [];

        public LostItems()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "throughline.export.lost") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            {
                var item = "";
                foreach (var (key, text) in tags)
                    if (key == "item") item = (string?)text ?? "";
                lock (_gate) _counts[item] = _counts.GetValueOrDefault(item) + value;
            });
            _listener.Start();
        }

        public long Of(string item)
        {
            lock (_gate) return _counts.GetValueOrDefault(item);
        }

        public void Dispose() => _listener.Dispose();
    }
}
