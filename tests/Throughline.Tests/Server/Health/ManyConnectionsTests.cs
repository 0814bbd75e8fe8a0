using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace Throughline.Tests.Server.Health;

/// <summary>A thousand senders, one too many, and one that sends a byte now and then.</summary>
public sealed class ManyConnectionsTests
{
    private const int Connections = 1_000;

    [Fact]
    public async Task AThousandConnectionsAreServedAndTheNextIsClosed()
    {
        await using var server = await ServerUnderTest.StartAsync(static o => o with { Receive = o.Receive with { MaxConnections = Connections } });
        var port = server.Addresses.OtlpHttp.Port;
        var senders = new List<TcpClient>();
        try
        {
            for (var i = 1; i <= Connections; i++)
            {
                var sender = new TcpClient();
                senders.Add(sender);
                await Patience.ForAsync(sender.ConnectAsync(IPAddress.Loopback, port), $"The server took no connection {i}");
                await SendAsync(sender, i);
                Assert.StartsWith("HTTP/1.1 200 ", await AnswerAsync(sender));
            }
            // All of them are open still. One more is taken by the system and closed by the server.
            using (var more = new TcpClient())
            {
                await Patience.ForAsync(more.ConnectAsync(IPAddress.Loopback, port), "The system took no more connections");
                Assert.Equal("", await AnswerAsync(more));
            }
            // Those that are there go on, first and last.
            await SendAsync(senders[0], Connections + 1);
            Assert.StartsWith("HTTP/1.1 200 ", await AnswerAsync(senders[0]));
            await SendAsync(senders[^1], Connections + 2);
            Assert.StartsWith("HTTP/1.1 200 ", await AnswerAsync(senders[^1]));
        }
        finally
        {
            senders.ForEach(s => s.Dispose());
        }
        // Their places are free again, for readers too.
        var problem = "";
        await Patience.UntilAsync(async () =>
        {
            try
            {
                var status = await server.GetAsync("/api/v1/status");
                Assert.Equal($"{Connections + 2}", status.GetProperty("received").GetProperty("spans").GetString());
                return true;
            }
            catch (HttpRequestException e)
            {
                // The server sees the ends of a thousand connections a moment after this side has closed them.
                problem = e.Message;
                return false;
            }
        }, () => $"There is no place for a reader: {problem}");
    }

    [Fact]
    public async Task ASenderThatTricklesBytesIsEndedWhenItsTimeIsOver()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var server = await ServerUnderTest.StartAsync(time: time);
        using var slow = await Receive.OverloadTests.HeldRequest.BeginAsync(server.Addresses.OtlpHttp.Port);
        for (var i = 0; i < 5; i++)
        {
            await slow.SendByteAsync();
            // Others are served meanwhile.
            await server.StoreAsync(Export.OneSpan(i + 1));
            time.Advance(TimeSpan.FromSeconds(5));
        }
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.StartsWith("HTTP/1.1 408 ", await slow.ReadToEndAsync());
        Assert.Equal(1, await server.RefusedAsync("too_slow"));
        Assert.Equal(5, (await server.SearchAsync("service=svc")).Length);
    }

    private static async Task SendAsync(TcpClient sender, int trace)
    {
        var body = Export.Protobuf(Export.OneSpan(trace));
        await sender.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: {body.Length}\r\n\r\n"), .. body]);
    }

    private static async Task<string> AnswerAsync(TcpClient sender)
    {
        var buffer = new byte[4096];
        try
        {
            return Encoding.ASCII.GetString(buffer, 0, await Patience.ForAsync(sender.GetStream().ReadAsync(buffer).AsTask(), "The server did not answer on its connection, nor close it"));
        }
        catch (IOException)
        {
            // Closed the hard way.
            return "";
        }
    }
}
