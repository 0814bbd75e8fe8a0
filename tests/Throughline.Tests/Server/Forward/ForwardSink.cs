using System.Collections.Concurrent;
using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Server.Forward;

/// <summary>A target of forwarding that goes away and comes back on the same port, and answers as a test tells it to. Owned by its test.</summary>
internal sealed class ForwardSink : IAsyncDisposable
{
    private readonly ConcurrentQueue<ExportTraceServiceRequest> _requests = [];
    private readonly ConcurrentQueue<ExportLogsServiceRequest> _logs = [];
    private readonly ConcurrentQueue<ExportMetricsServiceRequest> _metrics = [];
    private readonly ConcurrentQueue<IReadOnlyDictionary<string, string>> _headers = [];
    private readonly Func<ListenOptions, ListenOptions>? _listen;
    private readonly SemaphoreSlim _news = new(0);
    private WebApplication? _receiver;

    private ForwardSink(Func<ListenOptions, ListenOptions>? listen) => _listen = listen;

    /// <summary>What is answered: an HTTP status, a Retry-After, a partial success. Null: all is well.</summary>
    internal Func<ExportTraceServiceRequest, SinkAnswer?> Answer { get; set; } = static _ => null;

    /// <summary>Runs before an answer is given.</summary>
    internal Func<Task> Pause { get; set; } = static () => Task.CompletedTask;

    internal int Port { get; private set; }

    internal IReadOnlyList<IReadOnlyDictionary<string, string>> Headers => [.. _headers];

    internal int Attempts { get; private set; }

    /// <summary>The ids of the spans of the requests that were taken, in order.</summary>
    internal IReadOnlyList<string> Spans => [.. _requests.SelectMany(SpansOf)];

    internal IReadOnlyList<ExportTraceServiceRequest> Requests => [.. _requests];

    internal IReadOnlyList<ExportLogsServiceRequest> Logs => [.. _logs];

    internal IReadOnlyList<ExportMetricsServiceRequest> Metrics => [.. _metrics];

    internal static async Task<ForwardSink> StartAsync(Func<ListenOptions, ListenOptions>? listen = null)
    {
        var sink = new ForwardSink(listen);
        await sink.ComeAsync();
        return sink;
    }

    internal static IEnumerable<string> SpansOf(ExportTraceServiceRequest request) =>
        request.ResourceSpans.SelectMany(r => r.ScopeSpans).SelectMany(s => s.Spans).Select(s => Convert.ToHexStringLower(s.SpanId.Span));

    /// <summary>The trace and span ids of a request, one after the other.</summary>
    internal static IEnumerable<string> SpansOfTraces(ExportTraceServiceRequest request) =>
        request.ResourceSpans.SelectMany(r => r.ScopeSpans).SelectMany(s => s.Spans).Select(s => Convert.ToHexStringLower(s.TraceId.Span) + Convert.ToHexStringLower(s.SpanId.Span));

    internal async Task ComeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(System.Net.IPAddress.Loopback, Port, listener =>
        {
            // Over plain text a port speaks one of the two.
            listener.Protocols = HttpProtocols.Http1;
            _listen?.Invoke(listener);
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _receiver = builder.Build();
        _receiver.MapPost("/v1/traces", TakeAsync);
        _receiver.MapPost("/v1/logs", context => TakeAsync(context, ExportLogsServiceRequest.Parser, _logs));
        _receiver.MapPost("/v1/metrics", context => TakeAsync(context, ExportMetricsServiceRequest.Parser, _metrics));
        _receiver.MapGrpcService<Traces>();
        _receiver.MapGrpcService<LogTarget>();
        _receiver.MapGrpcService<MetricTarget>();
        await _receiver.StartAsync();
        Port = new Uri(_receiver.Urls.Single()).Port;
    }

    internal async Task GoAsync()
    {
        if (_receiver is null) return;
        // Connections end with it, as those of a killed process do.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _receiver.StopAsync(now.Token);
        await _receiver.DisposeAsync();
        _receiver = null;
    }

    /// <summary>Waits until something is as it should be; asks again after each attempt.</summary>
    internal async Task UntilAsync(Func<bool> isSo, string what)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        try
        {
            while (!isSo()) await _news.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{what}; {Spans.Count} spans came in {Attempts} attempts");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await GoAsync();
        _news.Dispose();
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await using (var stream = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body) await stream.CopyToAsync(body);
        return body.ToArray();
    }

    private async Task TakeAsync<T>(HttpContext context, MessageParser<T> parser, ConcurrentQueue<T> into)
        where T : IMessage<T>
    {
        into.Enqueue(parser.ParseFrom(await BodyAsync(context)));
        _news.Release();
    }

    private async Task TakeAsync(HttpContext context)
    {
        var request = ExportTraceServiceRequest.Parser.ParseFrom(await BodyAsync(context));
        var answer = await TakeAsync(request, context.Request.Headers);
        context.Response.StatusCode = answer?.Status ?? 200;
        if (answer?.RetryAfter is { } delay) context.Response.Headers.RetryAfter = delay;
        context.Response.ContentType = "application/x-protobuf";
        if (answer is { SaysGzip: true })
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync("no gzip at all"u8.ToArray());
            return;
        }
        await context.Response.Body.WriteAsync(context.Response.StatusCode == 200 ? ResponseTo(answer).ToByteArray() : []);
    }

    private async Task<SinkAnswer?> TakeAsync(ExportTraceServiceRequest request, IHeaderDictionary headers)
    {
        await Pause();
        // The server uses them again for the next request.
        _headers.Enqueue(headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()));
        Attempts++;
        var answer = Answer(request);
        if (answer is null or { Status: 200, SaysGzip: false }) _requests.Enqueue(request);
        _news.Release();
        return answer;
    }

    private static ExportTraceServiceResponse ResponseTo(SinkAnswer? answer) => answer is null ? new() : new() { PartialSuccess = new() { RejectedSpans = answer.Rejected, ErrorMessage = "not all" } };

    private sealed class LogTarget(ForwardSink sink) : LogsService.LogsServiceBase
    {
        public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
        {
            sink._logs.Enqueue(request);
            sink._news.Release();
            return Task.FromResult(new ExportLogsServiceResponse());
        }
    }

    private sealed class MetricTarget(ForwardSink sink) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            sink._metrics.Enqueue(request);
            sink._news.Release();
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }

    private sealed class Traces(ForwardSink sink) : TraceService.TraceServiceBase
    {
        public override async Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            var answer = await sink.TakeAsync(request, context.GetHttpContext().Request.Headers);
            if (answer is null or { Status: 200 }) return ResponseTo(answer);
            var trailers = new Metadata();
            // google.rpc.Status with a RetryInfo of so many seconds, as overloaded receivers send it.
            if (answer.RetryAfter is { } delay) trailers.Add("grpc-status-details-bin", RetryInfo(byte.Parse(delay, System.Globalization.CultureInfo.InvariantCulture)));
            throw new RpcException(new Grpc.Core.Status((StatusCode)answer.Status, "told to"), trailers);
        }

        private static byte[] RetryInfo(byte seconds)
        {
            var any = new byte[] { 0x0A, 40 }.Concat("type.googleapis.com/google.rpc.RetryInfo"u8.ToArray()).Concat(new byte[] { 0x12, 4, 0x0A, 2, 0x08, seconds }).ToArray();
            return [0x08, 8, 0x12, 4, (byte)'b', (byte)'u', (byte)'s', (byte)'y', 0x1A, (byte)any.Length, .. any];
        }
    }
}

/// <summary>What a sink answers: an HTTP status or a gRPC code, or 200 with spans that it rejects, or with a body that is not compressed as it says.</summary>
internal sealed record SinkAnswer(int Status, string? RetryAfter = null, long Rejected = 0, bool SaysGzip = false);
