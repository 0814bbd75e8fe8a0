using Grpc.Core;
using Grpc.Net.Client;
using Throughline.Engine.Files;

namespace Throughline.Tests.Server.Receive;

/// <summary>OTLP over gRPC against a real server, called through a method made by hand: bytes in, bytes out.</summary>
public sealed class OtlpGrpcTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);

    [Fact]
    public async Task SpansAreVisibleOnceTheyAreAcknowledged()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        Assert.Empty(await ExportAsync(channel, Export.Protobuf(Export.OneSpan(1))));
        Assert.Equal([Export.Trace(1)], await server.SearchAsync("service=svc"));
    }

    [Fact]
    public async Task GzipIsTaken()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        for (var i = 1; i <= 3; i++) Assert.Empty(await ExportAsync(channel, Export.Protobuf(Export.OneSpan(i)), compress: true));
        Assert.Equal(3, (await server.SearchAsync("service=svc")).Length);
    }

    [Fact]
    public async Task SpansWithInvalidIdsAreRefusedByPartialSuccess()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        var json = Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1)), Export.Span(Export.Trace(0), Export.Id(2)));
        var (rejected, message) = OtlpMessages.Export(await ExportAsync(channel, Export.Protobuf(json)));
        Assert.Equal(1, rejected);
        Assert.Contains("trace_id", message);
        Assert.Equal([Export.Trace(1)], await server.SearchAsync("service=svc"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AMalformedMessageIsAnInvalidArgumentThatNamesFieldAndOffset(bool compress)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        var body = Export.Protobuf(Export.OneSpan(2));
        var traceId = body.AsSpan().IndexOf<byte>([0x0A, 0x10]);
        body[traceId - 1] = 0x7F;
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, body, compress));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("resource_spans[0]", error.Status.Detail);
        Assert.Contains($"{traceId - 1}", error.Status.Detail);
        await AssertUnharmedAsync(server, channel, "malformed");
    }

    [Fact]
    public async Task AMessageOverTheLimitIsResourceExhausted()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, new byte[(16 << 20) + 1]));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        await AssertUnharmedAsync(server, channel, "too_large");
    }

    [Fact]
    public async Task ADecompressionBombIsResourceExhausted()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        // 80 MB of zeros, which gRPC's client sends in 80 kB.
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, new byte[80 << 20], compress: true));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Contains("67108864 bytes after decompression", error.Status.Detail);
        await AssertUnharmedAsync(server, channel, "too_large");
    }

    [Theory]
    [InlineData("profiles.v1development.ProfilesService", "Profiles are not stored")]
    public async Task OtherSignalsAreUnimplementedInWords(string service, string message)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, [], service: service));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        Assert.Contains(message, error.Status.Detail);
        await AssertUnharmedAsync(server, channel, "unsupported_signal");
    }

    [Fact]
    public async Task AnUnknownServiceIsUnimplemented()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var channel = Channel(server);
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, [], service: "trace.v2.TraceService"));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task MoreBytesThanTheLimitAreResourceExhaustedWithRetryInfo()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxBytesInFlight = 100_000 } });
        using var channel = Channel(server);
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, new byte[200_000]));
        AssertAsksForRetry(error, StatusCode.ResourceExhausted);
        await AssertUnharmedAsync(server, channel, "overloaded");
    }

    [Fact]
    public async Task AMessageThatArrivesInPartIsCountedAsFarAsItIsThere()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxBytesInFlight = 100_000 } });
        using var client = new HttpClient(new SocketsHttpHandler());
        // A message of 10 MB, of which only 200 kB ever come: the answer does not wait for the rest.
        using var content = new UnfinishedContent([0, 0, 0x98, 0x96, 0x80, .. new byte[200_000]]);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(server.Addresses.OtlpGrpc.ToString()), "/opentelemetry.proto.collector.trace.v1.TraceService/Export"))
        {
            Content = content, Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.ParseAdd("trailers");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var status = response.Headers.TryGetValues("grpc-status", out var values) ? values.Single() : "none";
        Assert.Equal(((int)StatusCode.ResourceExhausted).ToString(System.Globalization.CultureInfo.InvariantCulture), status);
        content.End();
        Assert.Equal(1, await server.RefusedAsync("overloaded"));
        Assert.Equal("", server.Log.ToString());
    }

    /// <summary>The beginning of a gRPC request whose sender then waits.</summary>
    private sealed class UnfinishedContent : HttpContent
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] _beginning;

        public UnfinishedContent(byte[] beginning)
        {
            _beginning = beginning;
            Headers.ContentType = new("application/grpc");
        }

        public void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(_beginning);
            await stream.FlushAsync();
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    [Fact]
    public async Task ADiskThatFailsIsUnavailableWithRetryInfo()
    {
        var files = new FailingFileSystem(new DiskFileSystem());
        await using var server = await ServerUnderTest.StartAsync(files: files);
        using var channel = Channel(server);
        files.Fails = true;
        var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, Export.Protobuf(Export.OneSpan(1))));
        AssertAsksForRetry(error, StatusCode.Unavailable);
        Assert.Empty(await server.SearchAsync("service=svc"));
    }

    [Fact]
    public async Task MoreCallsThanTheLimitAreResourceExhaustedWithRetryInfo()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxConcurrentRequests = 1 } });
        using var channel = Channel(server);
        using (await OverloadTests.HeldRequest.BeginAsync(server.Addresses.OtlpHttp.Port))
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(channel, Export.Protobuf(Export.OneSpan(1))));
            AssertAsksForRetry(error, StatusCode.ResourceExhausted);
            Assert.Contains("--max-requests", error.Status.Detail);
        }
    }

    private static GrpcChannel Channel(ServerUnderTest server) =>
        GrpcChannel.ForAddress(server.Addresses.OtlpGrpc.ToString(), new GrpcChannelOptions { MaxSendMessageSize = null });

    private static async Task<byte[]> ExportAsync(GrpcChannel channel, byte[] request, bool compress = false, string service = "trace.v1.TraceService")
    {
        var method = new Method<byte[], byte[]>(MethodType.Unary, "opentelemetry.proto.collector." + service, "Export", Bytes, Bytes);
        var headers = compress ? new Metadata { { "grpc-internal-encoding-request", "gzip" } } : null;
        return await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers), request);
    }

    private static void AssertAsksForRetry(RpcException error, StatusCode code)
    {
        Assert.Equal(code, error.StatusCode);
        var details = error.Trailers.GetValueBytes("grpc-status-details-bin");
        Assert.NotNull(details);
        var status = OtlpMessages.Status(details);
        Assert.Equal((int)code, status.Code);
        Assert.Equal("type.googleapis.com/google.rpc.RetryInfo", status.DetailType);
        Assert.InRange(OtlpMessages.RetryDelay(status.Detail ?? []).TotalSeconds, 1, 60);
    }

    private static async Task AssertUnharmedAsync(ServerUnderTest server, GrpcChannel channel, string reason)
    {
        await ExportAsync(channel, Export.Protobuf(Export.OneSpan(9)));
        Assert.Equal([Export.Trace(9)], await server.SearchAsync("service=svc"));
        Assert.Equal(1, await server.RefusedAsync(reason));
        Assert.Equal("", server.Log.ToString());
    }
}
