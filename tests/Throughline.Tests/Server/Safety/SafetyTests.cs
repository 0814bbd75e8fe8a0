using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Throughline.Server.Configuration;

namespace Throughline.Tests.Server.Safety;

/// <summary>"Safe by default" on every port of a real server.</summary>
public sealed class SafetyTests
{
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:16686", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.9.10:1", true)]
    [InlineData("[::1]:16686", true)]
    [InlineData("traces.example", true)]
    [InlineData("TRACES.example:8080", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("", false)]
    public async Task OnlyLoopbackAndListedHostsAreAnswered(string host, bool answered)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { AllowedHosts = ["traces.example"] });
        foreach (var port in new[] { server.Addresses.Http.Port, server.Addresses.OtlpHttp.Port })
        {
            var answer = await RawAsync(port, $"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            Assert.Equal(!answered, answer.StartsWith("HTTP/1.1 421 ", StringComparison.Ordinal));
            if (!answered) Assert.Contains("--allow-host", answer);
        }
    }

    [Fact]
    public async Task ARequestWithoutAHostIsNotAnswered()
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.StartsWith("HTTP/1.1 421 ", await RawAsync(server.Addresses.Http.Port, "GET /api/v1/config HTTP/1.0\r\n\r\n"));
    }

    [Fact]
    public async Task GrpcChecksItsAuthorityToo()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, ct) => ConnectAsync(server.Addresses.OtlpGrpc.Port, ct) };
        using var channel = GrpcChannel.ForAddress("http://evil.example", new GrpcChannelOptions { HttpHandler = handler });
        var error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("evil.example", error.Status.Detail);
        Assert.Contains("--allow-host", error.Status.Detail);
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData(null, "same-origin", true)]
    [InlineData(null, "none", true)]
    [InlineData(null, "cross-site", false)]
    [InlineData(null, "same-site", false)]
    [InlineData("http://evil.example", null, false)]
    [InlineData("null", null, false)]
    [InlineData("https://shop.example", null, true)]
    [InlineData("https://shop.example:444", null, false)]
    [InlineData("http://shop.example", null, false)]
    public async Task SpansAreTakenFromProgramsAndListedOriginsOnly(string? origin, string? site, bool taken)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { OtlpCorsOrigins = ["https://shop.example"] });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new StringContent(Export.OneSpan(1), Encoding.UTF8, "application/json") };
        if (origin is not null) request.Headers.Add("Origin", origin);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        using var response = await server.Otlp.SendAsync(request);
        Assert.Equal(taken ? HttpStatusCode.OK : HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(taken ? [Export.Trace(1)] : [], await server.SearchAsync(""));
        Assert.Equal(taken && origin is not null, response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal(taken ? 0 : 1, await server.RefusedAsync("forbidden"));
    }

    [Fact]
    public async Task APreflightOfAListedOriginIsAllowed()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { OtlpCorsOrigins = ["https://shop.example"], Token = "t" });
        using var response = await server.Otlp.SendAsync(Preflight("https://shop.example"));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("https://shop.example", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("POST", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Methods")));
        Assert.Contains("content-type", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")));
        Assert.Contains("Origin", response.Headers.Vary);
    }

    [Fact]
    public async Task APreflightOfAnyOtherOriginIsRefused()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await server.Otlp.SendAsync(Preflight("https://shop.example"));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.DoesNotContain(response.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ThePagesPortHasNoCrossOriginAccessAtAll()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { OtlpCorsOrigins = ["https://shop.example"] });
        using var get = new HttpRequestMessage(HttpMethod.Get, "/api/v1/config");
        get.Headers.Add("Origin", "https://shop.example");
        using var read = await server.Http.SendAsync(get);
        Assert.DoesNotContain(read.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.Ordinal));

        using var post = new HttpRequestMessage(HttpMethod.Post, "/api/v1/config") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        post.Headers.Add("Origin", "https://shop.example");
        using var written = await server.Http.SendAsync(post);
        Assert.Equal(HttpStatusCode.Forbidden, written.StatusCode);
    }

    [Fact]
    public async Task AFormCannotPostToThePagesPort()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await server.Http.PostAsync("/api/v1/config", new StringContent("a=b", Encoding.UTF8, "application/x-www-form-urlencoded"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData(null, "'none'")]
    [InlineData("https://grafana.example/d/abc?x=1", "https://grafana.example")]
    public async Task EveryAnswerTellsBrowsersToBeCareful(string? grafana, string frames)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { GrafanaUrl = grafana is null ? null : new Uri(grafana) });
        foreach (var path in new[] { "/api/v1/config", "/api/nothing", "/health/live", "/" })
        {
            using var response = await server.Http.GetAsync(path);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
            var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            foreach (var directive in new[] { "default-src 'self'", $"frame-src {frames}", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'" })
                Assert.Contains(directive, policy.Split("; "));
            Assert.False(response.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task ATokenIsAskedForOnEveryPort()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Token = "s3cret" });
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health/live")).StatusCode);
        foreach (var (authorization, status) in new (AuthenticationHeaderValue?, HttpStatusCode)[]
        {
            (null, HttpStatusCode.Unauthorized),
            (new("Bearer", "wrong"), HttpStatusCode.Unauthorized),
            (new("Bearer", "s3cre"), HttpStatusCode.Unauthorized),
            (new("Basic", "not base64!"), HttpStatusCode.Unauthorized),
            (new("Basic", Convert.ToBase64String("s3cret:other"u8)), HttpStatusCode.Unauthorized),
            (new("Bearer", "s3cret"), HttpStatusCode.OK),
            (new("Basic", Convert.ToBase64String("anyone:s3cret"u8)), HttpStatusCode.OK),
        })
        {
            server.Http.DefaultRequestHeaders.Authorization = server.Otlp.DefaultRequestHeaders.Authorization = authorization;
            using var read = await server.Http.GetAsync("/api/v1/services");
            Assert.Equal(status, read.StatusCode);
            using var written = await server.ExportAsync(Export.Protobuf(Export.OneSpan(1)));
            Assert.Equal(status, written.StatusCode);
            if (status == HttpStatusCode.Unauthorized) Assert.NotEmpty(read.Headers.WwwAuthenticate);
        }

        using var channel = GrpcChannel.ForAddress(server.Addresses.OtlpGrpc.ToString());
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel))).StatusCode);
        Assert.Empty(await CallAsync(channel, new Metadata { { "authorization", "Bearer s3cret" } }));
    }

    [Theory]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api")]
    [InlineData("/tempo/api/search")]
    [InlineData("/grafana/d/abc")]
    public async Task WhatIsNotServedIsAProblemAndNeverAPage(string path)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.GetProblemAsync(path, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task OtlpOnThePagesPortIsA404InOtlpsFormThatNamesTheRightPort()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await server.Http.PostAsync("/v1/traces", new StringContent(Export.OneSpan(1), Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains(server.Addresses.OtlpHttp.ToString(), await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(ListenerRole.Http)]
    [InlineData(ListenerRole.OtlpHttp)]
    public async Task HeadersOverTheLimitAre431(ListenerRole role)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxHeaderBytes = 4096 } });
        var port = role == ListenerRole.Http ? server.Addresses.Http.Port : server.Addresses.OtlpHttp.Port;
        Assert.StartsWith("HTTP/1.1 431 ", await RawAsync(port, $"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {new string('x', 5000)}\r\n\r\n"));
    }

    private static HttpRequestMessage Preflight(string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, "/v1/traces");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type");
        return request;
    }

    private static async Task<string> RawAsync(int port, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    private static async ValueTask<Stream> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<byte[]> CallAsync(GrpcChannel channel, Metadata? headers = null)
    {
        var bytes = Marshallers.Create(static (byte[] b) => b, static b => b);
        var method = new Method<byte[], byte[]>(MethodType.Unary, "opentelemetry.proto.collector.trace.v1.TraceService", "Export", bytes, bytes);
        return await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers), []);
    }
}
