using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OtlpLogRecord = Throughline.Tests.Protos.LogRecord;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Telemetry;

/// <summary>A real OTLP receiver for spans, logs and metrics, over gRPC and over HTTP with protobuf, on free ports. It keeps what it gets.</summary>
internal sealed class OtlpSink : IAsyncDisposable
{
    private readonly WebApplication _receiver;
    private readonly ConcurrentQueue<Received<Span>> _spans = [];
    private readonly ConcurrentQueue<Received<OtlpLogRecord>> _logs = [];
    private readonly ConcurrentQueue<Received<Metric>> _metrics = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpSink()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Listen(System.Net.IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http1);
            server.Listen(System.Net.IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _receiver = builder.Build();
        Map("/v1/traces", ExportTraceServiceRequest.Parser, Take, () => TraceAnswer);
        Map("/v1/logs", ExportLogsServiceRequest.Parser, Take);
        Map("/v1/metrics", ExportMetricsServiceRequest.Parser, Take);
        _receiver.MapGrpcService<Traces>();
        _receiver.MapGrpcService<Logs>();
        _receiver.MapGrpcService<Metrics>();
    }

    /// <summary>What it says to spans; that it took them all unless told otherwise.</summary>
    public ExportTraceServiceResponse TraceAnswer { get; set; } = new();

    public string Http => Address(0);

    public string Grpc => Address(1);

    public IReadOnlyList<Received<Span>> Spans => [.. _spans];

    public static async Task<OtlpSink> StartAsync()
    {
        var sink = new OtlpSink();
        await sink._receiver.StartAsync();
        return sink;
    }

    public Task<Received<Span>> SpanAsync(Func<Received<Span>, bool> wanted) => FirstAsync(_spans, wanted);

    public Task<Received<OtlpLogRecord>> LogAsync(Func<Received<OtlpLogRecord>, bool> wanted) => FirstAsync(_logs, wanted);

    public Task<Received<Metric>> MetricAsync(Func<Received<Metric>, bool> wanted) => FirstAsync(_metrics, wanted);

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    private async Task<Received<T>> FirstAsync<T>(ConcurrentQueue<Received<T>> queue, Func<Received<T>, bool> wanted)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            Task news;
            lock (_gate) news = _news.Task;
            if (queue.FirstOrDefault(wanted) is { } found) return found;
            try
            {
                await news.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"No {typeof(T).Name} that was wanted came within {Patience.Limit.TotalMinutes} minutes. What came: {string.Join("; ", queue)}");
            }
        }
    }

    private void Map<TRequest>(string path, MessageParser<TRequest> parser, Action<TRequest> take, Func<IMessage>? answer = null) where TRequest : IMessage<TRequest> =>
        _receiver.MapPost(path, async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            take(parser.ParseFrom(body.ToArray()));
            return Results.Bytes(answer?.Invoke().ToByteArray() ?? [], "application/x-protobuf");
        });

    private void Take(ExportTraceServiceRequest request) => Keep(_spans,
        request.ResourceSpans.SelectMany(r => r.ScopeSpans.SelectMany(s => s.Spans.Select(span => new Received<Span>(span, r.Resource, s.Scope.Name)))));

    private void Take(ExportLogsServiceRequest request) => Keep(_logs,
        request.ResourceLogs.SelectMany(r => r.ScopeLogs.SelectMany(s => s.LogRecords.Select(log => new Received<OtlpLogRecord>(log, r.Resource, s.Scope.Name)))));

    private void Take(ExportMetricsServiceRequest request) => Keep(_metrics,
        request.ResourceMetrics.SelectMany(r => r.ScopeMetrics.SelectMany(s => s.Metrics.Select(metric => new Received<Metric>(metric, r.Resource, s.Scope.Name)))));

    private void Keep<T>(ConcurrentQueue<Received<T>> queue, IEnumerable<Received<T>> items)
    {
        foreach (var item in items) queue.Enqueue(item);
        lock (_gate)
        {
            var told = _news;
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            told.SetResult();
        }
    }

    private string Address(int index) => (_receiver.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []).ElementAt(index);

    /// <summary>The receiver of one service over gRPC.</summary>
    private sealed class Traces(OtlpSink sink) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            sink.Take(request);
            return Task.FromResult(sink.TraceAnswer);
        }
    }

    private sealed class Logs(OtlpSink sink) : LogsService.LogsServiceBase
    {
        public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
        {
            sink.Take(request);
            return Task.FromResult(new ExportLogsServiceResponse());
        }
    }

    private sealed class Metrics(OtlpSink sink) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            sink.Take(request);
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }
}

/// <summary>What came by OTLP, with the resource and the scope that it came under.</summary>
internal sealed record Received<T>(T Item, Resource Resource, string Scope)
{
    public string Service => ResourceText("service.name");

    public string ResourceText(string key) => Resource.Attributes.FirstOrDefault(a => a.Key == key)?.Value.StringValue ?? "";
}
