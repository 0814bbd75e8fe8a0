using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Throughline.Engine.Files;

namespace Throughline.Tests.Server.Receive;

/// <summary>What senders are told when the server cannot take what they send just now.</summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task MoreRequestsThanTheLimitAre429WithRetryAfter()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxConcurrentRequests = 1 } });
        using (await HeldRequest.BeginAsync(server.Addresses.OtlpHttp.Port))
        {
            using var response = await server.ExportAsync(Export.Protobuf(Export.OneSpan(1)));
            Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
            Assert.True(response.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
            var status = OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync());
            Assert.Equal(8, status.Code);
            Assert.Contains("--max-requests", status.Message);
        }
        await AssertTakesSpansAsync(server, "overloaded");
    }

    [Fact]
    public async Task MoreBytesThanTheLimitAre429WithRetryAfter()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxBytesInFlight = 100_000 } });
        using var response = await server.ExportAsync(new byte[200_000]);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Contains("--max-in-flight-bytes", OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Message);
        await AssertTakesSpansAsync(server, "overloaded");
    }

    [Fact]
    public async Task ABodyThatDoesNotComeIs408()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var server = await ServerUnderTest.StartAsync(time: time);
        using var held = await HeldRequest.BeginAsync(server.Addresses.OtlpHttp.Port);
        time.Advance(TimeSpan.FromSeconds(31));
        var answer = await held.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 408 ", answer);
        Assert.Contains("--body-timeout-seconds", answer);
        await AssertTakesSpansAsync(server, "too_slow");
    }

    [Fact]
    public async Task ADiskThatFailsIs503WithRetryAfterAndNothingIsPromised()
    {
        var files = new FailingFileSystem(new DiskFileSystem());
        await using var server = await ServerUnderTest.StartAsync(files: files);
        await server.StoreAsync(Export.OneSpan(1));
        files.Fails = true;
        var body = Export.Protobuf(Export.OneSpan(2));
        using (var response = await server.ExportAsync(body))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.Equal(14, OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Code);
        }
        Assert.Equal([Export.Trace(1)], await server.SearchAsync("service=svc"));
        Assert.Equal(1, await server.RefusedAsync("unavailable"));

        files.Fails = false;
        await server.ExportUntilTakenAsync(body, HttpStatusCode.ServiceUnavailable);
        Assert.Equal([Export.Trace(1), Export.Trace(2)], await server.SearchAsync("service=svc"));
    }

    private static async Task AssertTakesSpansAsync(ServerUnderTest server, string reason)
    {
        Assert.Equal(1, await server.RefusedAsync(reason));
        // The held request's end is seen by the server a moment after this side has closed its connection.
        await server.ExportUntilTakenAsync(Export.Protobuf(Export.OneSpan(7)), HttpStatusCode.TooManyRequests);
        Assert.Equal([Export.Trace(7)], await server.SearchAsync("service=svc"));
    }

    /// <summary>A request whose headers are there and whose body the server has begun to wait for. Owned by its test.</summary>
    internal sealed class HeldRequest : IDisposable
    {
        private readonly TcpClient _client = new();

        internal static async Task<HeldRequest> BeginAsync(int port)
        {
            var held = new HeldRequest();
            await Patience.ForAsync(held._client.ConnectAsync(IPAddress.Loopback, port), "The server took no connection");
            await held._client.GetStream().WriteAsync("POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"u8.ToArray());
            // The server sends this when it asks for the body's first byte.
            Assert.StartsWith("HTTP/1.1 100 ", await held.ReadAsync());
            return held;
        }

        internal async Task SendByteAsync() => await _client.GetStream().WriteAsync((byte[])[0x0A]);

        internal async Task<string> ReadToEndAsync()
        {
            using var reader = new StreamReader(_client.GetStream(), Encoding.UTF8, leaveOpen: true);
            return await Patience.ForAsync(reader.ReadToEndAsync(), "The server did not end the held request");
        }

        private async Task<string> ReadAsync()
        {
            var buffer = new byte[1024];
            var read = await Patience.ForAsync(_client.GetStream().ReadAsync(buffer).AsTask(), "The server did not ask for the body");
            return Encoding.ASCII.GetString(buffer, 0, read);
        }

        public void Dispose() => _client.Dispose();
    }
}
