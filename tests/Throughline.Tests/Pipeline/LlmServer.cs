using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Throughline.Tests.Pipeline;

/// <summary>An HTTP server that speaks the chat completions API as llama.cpp's and vLLM's servers do, and misbehaves as they can.</summary>
internal sealed class LlmServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<JsonElement> _requests = [];

    private LlmServer(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/chat/completions", async (HttpContext context) =>
        {
            _requests.Add((await JsonDocument.ParseAsync(context.Request.Body)).RootElement);
            await answer(context);
        });
    }

    /// <summary>The bodies that came in.</summary>
    public IReadOnlyList<JsonElement> Requests => _requests;

    public Uri Url => new(_app.Urls.First() + "/v1");

    public static async Task<LlmServer> StartAsync(Func<HttpContext, Task> answer)
    {
        var server = new LlmServer(answer);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>As llama.cpp streams: a first chunk with the role alone, usage and timings at the end.</summary>
    public static Task LlamaCpp(HttpContext context, string answer) => Stream(context,
    [
        """{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1763800000,"id":"chatcmpl-1","model":"nemotron-nano","system_fingerprint":"b6900","object":"chat.completion.chunk"}""",
        .. Pieces(answer).Select(piece => """{"choices":[{"finish_reason":null,"index":0,"delta":{"content":PIECE}}],"created":1763800000,"id":"chatcmpl-1","model":"nemotron-nano","system_fingerprint":"b6900","object":"chat.completion.chunk"}""".Replace("PIECE", piece, StringComparison.Ordinal)),
        """{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":1763800000,"id":"chatcmpl-1","model":"nemotron-nano","system_fingerprint":"b6900","object":"chat.completion.chunk"}""",
        """{"choices":[],"created":1763800000,"id":"chatcmpl-1","model":"nemotron-nano","object":"chat.completion.chunk","usage":{"completion_tokens":41,"prompt_tokens":173,"total_tokens":214},"timings":{"prompt_n":173,"prompt_ms":80.1,"predicted_n":41,"predicted_ms":400.5}}""",
        "[DONE]",
    ]);

    /// <summary>As vLLM streams, to a client whose wish for usage it does not know.</summary>
    public static Task VllmWithoutUsage(HttpContext context, string answer, string? finish = "stop") => Stream(context,
    [
        """{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1763800000,"model":"nvidia/nemotron","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}""",
        .. Pieces(answer).Select(piece => """{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1763800000,"model":"nvidia/nemotron","choices":[{"index":0,"delta":{"content":PIECE},"logprobs":null,"finish_reason":null}]}""".Replace("PIECE", piece, StringComparison.Ordinal)),
        .. finish is null ? Array.Empty<string>() : ["""{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1763800000,"model":"nvidia/nemotron","choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"FINISH","stop_reason":null}]}""".Replace("FINISH", finish, StringComparison.Ordinal)],
        "[DONE]",
    ]);

    public static async Task Stream(HttpContext context, IEnumerable<string> data)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var line in data)
        {
            await context.Response.WriteAsync($"data: {line}\n\n");
            await context.Response.Body.FlushAsync();
        }
    }

    /// <summary>The first pieces of a stream, and then the connection is gone.</summary>
    public static async Task BreaksOff(HttpContext context)
    {
        await Stream(context, ["""{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"{\"risk_score\": 1"},"finish_reason":null}]}"""]);
        context.Abort();
    }

    public static async Task Refuses(HttpContext context, int status, string? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsJsonAsync(new { error = new { message = "all slots are busy", type = "server_error", code = status } });
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static IEnumerable<string> Pieces(string answer) => answer.Chunk(12).Select(piece => JsonSerializer.Serialize(new string(piece)));
}
