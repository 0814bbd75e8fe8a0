using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry.Exporter;
using Throughline.Telemetry;

namespace Throughline.Tests.Telemetry;

public sealed class TelemetryTests : IAsyncLifetime
{
    private readonly string _service = "test-" + Guid.NewGuid().ToString("n");
    private readonly ConcurrentQueue<byte[]> _received = [];
    private readonly WebApplication _receiver;
    private readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _toRefuse;

    public TelemetryTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _receiver = builder.Build();
        _receiver.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            if (Interlocked.Decrement(ref _toRefuse) >= 0) return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
            _received.Enqueue(body.ToArray());
            _taken.TrySetResult();
            return Results.Bytes([], "application/x-protobuf");
        });
    }

    public async ValueTask InitializeAsync() => await _receiver.StartAsync();

    public async ValueTask DisposeAsync() => await _receiver.DisposeAsync();

    [Fact]
    public async Task OneCallSendsTheServicesSpansAndStoppingSendsTheLast()
    {
        using (var host = await Start(options => options.ExportDelay = TimeSpan.FromHours(1)))
        using (var spans = new SpanSource(_service))
        {
            spans.Start("last_words")?.Dispose();
            await host.StopAsync();
        }

        // Requests to servers of other tests in this process are recorded too, so this may not be the only batch.
        var body = Assert.Single(_received, body => Has(body, "last_words"));
        Assert.True(Has(body, _service), "The resource has to name the service.");
    }

    [Fact]
    public async Task BatchThatIsRefusedIsTriedAgainUntilItIsTaken()
    {
        _toRefuse = 2;
        using (var host = await Start(options => options.ExportDelay = TimeSpan.FromMilliseconds(10)))
        using (var spans = new SpanSource(_service))
        {
            spans.Start("patient")?.Dispose();
            await _taken.Task.WaitAsync(Patience.Limit);
            await host.StopAsync();
        }

        Assert.True(_toRefuse < 0, "The receiver has to have been asked again.");
        Assert.Single(_received, body => Has(body, "patient"));
    }

    [Fact]
    public async Task SpansUnderAnUnsampledContextCarryItOnAndAreNotRecorded()
    {
        using var host = await Start();
        using var spans = new SpanSource(_service);
        var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None, "vendor=1");

        using var span = spans.StartUnder(context, "quiet");

        Assert.NotNull(span);
        Assert.Equal((context.TraceId, false, "vendor=1"), (span.TraceId, span.Recorded, span.TraceStateString));
        Assert.Same(span, Activity.Current);
    }

    [Fact]
    public async Task SpanUnderAKeptContextIgnoresTheCurrentOne()
    {
        using var host = await Start();
        using var spans = new SpanSource(_service);
        var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        using var current = spans.Start("something_else");

        using var span = spans.StartUnder(context, "kept");

        Assert.Equal((context.TraceId, context.SpanId, true), (span?.TraceId, span?.ParentSpanId, span?.Recorded));
    }

    [Fact]
    public async Task WaitIsASpanOfItsKindAndItsTimes()
    {
        using var host = await Start();
        using var spans = new SpanSource(_service);
        using var recorder = new Pipeline.SpanRecorder(_service);
        var start = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

        var context = spans.RecordWait(parent, "batch_wait", WaitKind.BatchWindow, start, start.AddSeconds(41));

        var wait = recorder.Only("batch_wait");
        Assert.Equal(context, wait.Context);
        Assert.Equal(("batch_window", start.UtcDateTime, TimeSpan.FromSeconds(41)), ((string?)wait.GetTagItem("wait.kind"), wait.StartTimeUtc, wait.Duration));
    }

    [Fact]
    public void WhatIsAboveTheLimitIsCountedAndLoggedAtMostOnceInTenSeconds()
    {
        var (time, log) = (new FakeTimeProvider(), new LogLines());
        var ledger = new ExportLedger("spans", limit: 2, new("http://receiver"), log, time);

        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(_ => ledger.TryEnter()));
        Assert.Contains("1 dropped", Assert.Single(log.Written));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(ledger.TryEnter());
        Assert.Contains("3 dropped", log.Written[1]);
        ledger.Delivered(2);
        Assert.True(ledger.TryEnter());
        ledger.Close();
        Assert.Contains("1 spans were not sent", log.Written[2]);
    }

    [Fact]
    public void WhatWasLostSinceTheLastLineIsSaidAtTheEnd()
    {
        var log = new LogLines();
        var ledger = new ExportLedger("spans", limit: 1, new("http://receiver"), log, new FakeTimeProvider());
        for (var i = 0; i < 5; i++) ledger.TryEnter();
        Assert.Contains("1 dropped", Assert.Single(log.Written));
        ledger.Delivered(1);

        ledger.Close();

        Assert.Contains("4 dropped", log.Written[1]);
        Assert.Equal(2, log.Written.Count);
    }

    [Fact]
    public async Task ServiceEndsThoughTheReceiverIsAwayAndSaysWhatItCouldNotSend()
    {
        var log = new LogLines();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        // Nobody listens on port 1, and the batch would be tried again for an hour.
        builder.AddThroughline(_service, options => (options.Endpoint, options.Protocol, options.ExportDelay, options.DeliveryTimeout) =
            (new Uri("http://127.0.0.1:1"), OtlpExportProtocol.HttpProtobuf, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)));
        var host = builder.Build();
        await host.StartAsync();
        using (var spans = new SpanSource(_service)) spans.Start("last_words")?.Dispose();

        await Task.Run(async () =>
        {
            await host.StopAsync();
            host.Dispose();
        }).WaitAsync(Patience.Limit);

        Assert.Contains(log.Written, line => line.Contains("spans were not sent to http://127.0.0.1:1/", StringComparison.Ordinal) || line.Contains("spans are being lost", StringComparison.Ordinal));
    }

    [Fact]
    public void SpansThatNobodyTakesAreCountedAndTheReasonIsLogged()
    {
        var (time, log) = (new FakeTimeProvider(), new LogLines());
        var ledger = new ExportLedger("spans", limit: 10, new("http://receiver"), log, time);
        ledger.TryEnter();
        ledger.GivenUp(1, "connection refused");

        Assert.Equal((1, 0), (ledger.Undelivered, ledger.Pending));
        Assert.Contains("connection refused", Assert.Single(log.Written));
    }

    [Theory]
    [InlineData("grpc", "http://host:4317", OtlpExportProtocol.Grpc, "http://host:4317/")]
    [InlineData("http/protobuf", "http://host:4318", OtlpExportProtocol.HttpProtobuf, "http://host:4318/v1/traces")]
    [InlineData("http/protobuf", "http://host/base/", OtlpExportProtocol.HttpProtobuf, "http://host/base/v1/traces")]
    public void EndpointAndProtocolComeFromTheConfiguration(string protocol, string endpoint, OtlpExportProtocol expected, string address)
    {
        var exporter = OtlpTarget.Options(OtlpSignal.Traces,
            Configuration(("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)), new());
        Assert.Equal((expected, address), (exporter.Protocol, exporter.Endpoint.AbsoluteUri));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")]
    public void WrongConfigurationIsAnErrorThatNamesItsKey(string key, string value) => Assert.Contains(key,
        Assert.Throws<InvalidOperationException>(() => OtlpTarget.Options(OtlpSignal.Traces, Configuration((key, value)), new())).Message);

    [Theory]
    [InlineData("OTEL_LOGS_EXPORTER", "zipkin")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "0")]
    [InlineData("OTEL_BSP_SCHEDULE_DELAY", "soon")]
    [InlineData("OTEL_TRACES_SAMPLER", "sometimes")]
    [InlineData("Telemetry:ClockOffsetSeconds", "later")]
    public void WrongConfigurationEndsTheStart(string key, string value)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration["OTEL_METRICS_EXPORTER"] = "otlp";
        builder.Configuration[key] = value;
        Assert.StartsWith($"{key} is '{value}'", Assert.Throws<InvalidOperationException>(() => builder.AddThroughline(_service)).Message);
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] entries) => new ConfigurationBuilder()
        .AddInMemoryCollection(entries.Select(entry => KeyValuePair.Create(entry.Key, (string?)entry.Value))).Build();

    private static bool Has(byte[] body, string text) => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    private async Task<IHost> Start(Action<ThroughlineTelemetryOptions>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.AddThroughline(_service, options =>
        {
            (options.Endpoint, options.Protocol) = (new Uri(_receiver.Urls.First()), OtlpExportProtocol.HttpProtobuf);
            configure?.Invoke(options);
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
