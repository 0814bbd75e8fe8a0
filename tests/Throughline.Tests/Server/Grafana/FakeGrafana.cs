using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Throughline.Tests.Server.Grafana;

/// <summary>A server that answers as a Grafana does: tells what it was asked, forbids frames, redirects, sets cookies, and speaks over a WebSocket. Owned by its test.</summary>
internal sealed class FakeGrafana : IAsyncDisposable
{
    private Loopback? _server;

    private FakeGrafana()
    {
    }

    internal Uri Address => _server?.Address ?? throw new InvalidOperationException("It was not started.");

    /// <summary>When it is not null, a request for <c>/slow</c> waits for it.</summary>
    internal TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static async Task<FakeGrafana> StartAsync()
    {
        var grafana = new FakeGrafana();
        grafana._server = await Loopback.StartAsync(grafana.AnswerAsync);
        return grafana;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[256];
            var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            await socket.SendAsync(buffer.AsMemory(0, received.Count), WebSocketMessageType.Text, true, context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            return;
        }
        if (context.Request.Path.Value?.EndsWith("/slow", StringComparison.Ordinal) == true) await Held.Task.WaitAsync(context.RequestAborted);
        if (context.Request.Path.Value?.EndsWith("/away", StringComparison.Ordinal) == true)
        {
            response.StatusCode = 302;
            response.Headers.Location = context.Request.Query["to"];
            return;
        }
        response.Headers.XFrameOptions = "deny";
        response.Headers.ContentSecurityPolicy = "script-src 'unsafe-eval'; frame-ancestors 'none'";
        response.Headers.SetCookie = "grafana_session=abc; Path=/; HttpOnly";
        using var body = new StreamReader(context.Request.Body);
        var headers = string.Join('\n', context.Request.Headers.Select(h => $"{h.Key}: {h.Value}"));
        await response.WriteAsync($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}\n{headers}\n\n{await body.ReadToEndAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        Held.TrySetResult();
        if (_server is not null) await _server.DisposeAsync();
    }
}
