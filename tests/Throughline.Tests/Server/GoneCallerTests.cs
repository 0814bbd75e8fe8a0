using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Throughline.Tests.Server;

/// <summary>Callers that hang up in the middle of things: nothing breaks, nothing is half stored, and the log has no complaint.</summary>
public sealed class GoneCallerTests
{
    [Fact]
    public async Task ASenderThatHangsUpInItsBodyHasSentNothing()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var body = Export.Protobuf(Export.OneSpan(1));
        for (var i = 0; i < 20; i++)
        {
            await HangUpAsync(server.Addresses.OtlpHttp.Port,
                [.. Encoding.ASCII.GetBytes($"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: {body.Length}\r\n\r\n"), .. body[..^(1 + i)]]);
        }
        await AssertUnharmedAsync(server);
        Assert.Equal([Export.Trace(9)], await server.SearchAsync(""));
    }

    [Fact]
    public async Task AReaderThatHangsUpStopsNothing()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("svc", [.. Enumerable.Range(1, 5000).Select(i => Export.Span(Export.Trace(1), Export.Id(i)))]));
        for (var i = 0; i < 20; i++)
            await HangUpAsync(server.Addresses.Http.Port, Encoding.ASCII.GetBytes($"GET /api/v1/{(i % 2 == 0 ? "traces/1" : "search?q=work")} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        await AssertUnharmedAsync(server);
    }

    private static async Task HangUpAsync(int port, byte[] bytes)
    {
        using var client = new TcpClient { LingerState = new LingerOption(true, 0) };
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(bytes);
    }

    private static async Task AssertUnharmedAsync(ServerUnderTest server)
    {
        await server.StoreAsync(Export.OneSpan(9));
        Assert.Contains(Export.Trace(9), await server.SearchAsync("service=svc"));
        Assert.Equal("", server.Log.ToString());
    }
}
