using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Throughline.Pipeline.Nemotron.RuleAnalyst;

/// <summary>
/// The rule-based analyst behind OpenAI's chat completions API, whole and streaming, so that it can be swapped for a real language
/// model by an address. It goes by its own name, never by a language model's. Thread-safe.
/// </summary>
internal sealed class ChatEndpoint(RuleAnalystOptions options, TokenCounter tokens, TimeProvider time)
{
    /// <summary>The only model that this endpoint serves.</summary>
    public const string Model = "rule-analyst-1";

    public void Map(WebApplication app)
    {
        app.MapPost("/v1/chat/completions", Complete);
        app.MapGet("/v1/models", () => Results.Json(new
        {
            @object = "list",
            data = new[] { new { id = Model, @object = "model", created = 0, owned_by = "throughline" } },
        }));
    }

    private async Task Complete(HttpContext context)
    {
        var request = await ReadRequest(context);
        if (request is null) return;
        var prompt = string.Join('\n', (request.Messages ?? []).Select(message => message.Text()));
        var answer = new PacedAnswer(
            tokens.Tokenizer, Rules.Answer(prompt), request.MaxCompletionTokens ?? request.MaxTokens, options.TokensPerSecond, time);
        var usage = new Usage(tokens.Tokenizer.CountTokens(prompt), answer.Pieces.Count);
        // The tokens themselves are told once, by the caller's span; here is what only the server knows.
        Activity.Current?.SetTag("model.name", Model).SetTag("model.kind", "rules").SetTag("llm.pace.tokens_per_second", options.TokensPerSecond);
        if (request.Stream) await Stream(context, request, answer, usage);
        else await Whole(context, answer, usage);
    }

    private static async Task<ChatRequest?> ReadRequest(HttpContext context)
    {
        try
        {
            var request = await JsonSerializer.DeserializeAsync<ChatRequest>(context.Request.Body, cancellationToken: context.RequestAborted);
            if (request?.Messages is not { Count: > 0 })
                await Refuse(context, StatusCodes.Status400BadRequest, "messages", "invalid_request", "'messages' has to be a list with at least one message.");
            else if (request.Model is { } model && model != Model)
                await Refuse(context, StatusCodes.Status404NotFound, "model", "model_not_found", $"The model '{model}' does not exist here; this server has '{Model}'.");
            else if ((request.MaxCompletionTokens ?? request.MaxTokens) < 1)
                await Refuse(context, StatusCodes.Status400BadRequest, "max_tokens", "invalid_request", "'max_tokens' has to be 1 or more.");
            else return request;
        }
        catch (JsonException problem)
        {
            await Refuse(context, StatusCodes.Status400BadRequest, null, "invalid_json", $"The body is not the JSON of a chat completion: {problem.Message}");
        }
        return null;
    }

    private async Task Whole(HttpContext context, PacedAnswer answer, Usage usage)
    {
        await foreach (var _ in answer.StreamAsync(context.RequestAborted)) { }
        await context.Response.WriteAsJsonAsync(new
        {
            id = NewId(),
            @object = "chat.completion",
            created = time.GetUtcNow().ToUnixTimeSeconds(),
            model = Model,
            system_fingerprint = Fingerprint,
            choices = new[] { new { index = 0, finish_reason = answer.FinishReason, message = new { role = "assistant", content = string.Concat(answer.Pieces) } } },
            usage,
        }, context.RequestAborted);
    }

    /// <summary>Server-sent events: a chunk for each token, one with the reason of the end, one with the usage if asked for, and DONE.</summary>
    private async Task Stream(HttpContext context, ChatRequest request, PacedAnswer answer, Usage usage)
    {
        var (id, created) = (NewId(), time.GetUtcNow().ToUnixTimeSeconds());
        context.Response.ContentType = "text/event-stream";
        await foreach (var piece in answer.StreamAsync(context.RequestAborted))
            await Send(Chunk([new { index = 0, delta = new { role = "assistant", content = piece }, finish_reason = (string?)null }], null));
        await Send(Chunk([new { index = 0, delta = new { }, finish_reason = answer.FinishReason }], null));
        if (request.StreamOptions is { IncludeUsage: true }) await Send(Chunk([], usage));
        await Write("[DONE]");

        object Chunk(object[] choices, Usage? total) => new
        {
            id, @object = "chat.completion.chunk", created, model = Model, system_fingerprint = Fingerprint, choices, usage = total,
        };

        Task Send(object chunk) => Write(JsonSerializer.Serialize(chunk));

        async Task Write(string data)
        {
            await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private string Fingerprint => string.Create(CultureInfo.InvariantCulture, $"rules, paced at {options.TokensPerSecond} tokens/s");

    private static string NewId() => $"chatcmpl-{Guid.NewGuid():n}";

    private static Task Refuse(HttpContext context, int status, string? parameter, string code, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(
            new { error = new { message, type = "invalid_request_error", param = parameter, code } }, context.RequestAborted);
    }
}
