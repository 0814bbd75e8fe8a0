using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Throughline.Benchmarks;

/// <summary>One connection that sends encoded requests, over OTLP/HTTP or OTLP/gRPC, one after the other. One caller at a time.</summary>
internal sealed class OtlpSender : IDisposable
{
    private static readonly MediaTypeHeaderValue Protobuf = new("application/x-protobuf");
    private static readonly MediaTypeHeaderValue Grpc = new("application/grpc");

    private static readonly TimeSpan RetryLimit = TimeSpan.FromMinutes(2);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 1, UseCookies = false });
    private readonly bool _isGrpc;
    private readonly Uri _target;

    public OtlpSender(ServerProcess server, bool isGrpc)
    {
        _isGrpc = isGrpc;
        _target = isGrpc ? new Uri(server.OtlpGrpc, "/opentelemetry.proto.collector.trace.v1.TraceService/Export") : new Uri(server.OtlpHttp, "/v1/traces");
    }

    /// <summary>Sends until the request is acknowledged, again when the server asks for that; answers how long the acknowledged try took.</summary>
    public async Task<(TimeSpan Latency, int Retries)> SendAsync(byte[] request)
    {
        var first = Stopwatch.GetTimestamp();
        for (var retries = 0; ; retries++)
        {
            if (Stopwatch.GetElapsedTime(first) > RetryLimit) throw new TimeoutException($"The server has asked to send a request again for {RetryLimit.TotalMinutes:0} minutes, {retries} times.");
            var watch = Stopwatch.StartNew();
            if (await TrySendAsync(request)) return (watch.Elapsed, retries);
            await Task.Delay(50);
        }
    }

    private async Task<bool> TrySendAsync(byte[] request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, _target)
        {
            Content = new ByteArrayContent(_isGrpc ? Framed(request) : request),
            Version = _isGrpc ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Content.Headers.ContentType = _isGrpc ? Grpc : Protobuf;
        if (_isGrpc) message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await _client.SendAsync(message);
        var body = await response.Content.ReadAsByteArrayAsync();
        if (!_isGrpc && response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) return false;
        var status = _isGrpc ? GrpcStatus(response) : "0";
        if (status is "8" or "14") return false;
        return response.IsSuccessStatusCode && status == "0" ? true
            : throw new InvalidOperationException($"The server answered {(int)response.StatusCode}, grpc-status {status}: {System.Text.Encoding.UTF8.GetString(body)}");
    }

    private static string GrpcStatus(HttpResponseMessage response) =>
        response.TrailingHeaders.TryGetValues("grpc-status", out var values) || response.Headers.TryGetValues("grpc-status", out values) ? values.First() : "missing";

    private static byte[] Framed(byte[] request)
    {
        var framed = new byte[request.Length + 5];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), request.Length);
        request.CopyTo(framed, 5);
        return framed;
    }

    public void Dispose() => _client.Dispose();
}
