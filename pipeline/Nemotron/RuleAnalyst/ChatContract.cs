using System.Text.Json;
using System.Text.Json.Serialization;

namespace Throughline.Pipeline.Nemotron.RuleAnalyst;

/// <summary>A request of OpenAI's chat completions API, as far as the analyst reads it; what it doesn't know it leaves alone.</summary>
internal sealed record ChatRequest(
    [property: JsonPropertyName("model")] string? Model,
    [property: JsonPropertyName("messages")] IReadOnlyList<ChatRequestMessage>? Messages,
    [property: JsonPropertyName("stream")] bool Stream,
    [property: JsonPropertyName("stream_options")] StreamOptions? StreamOptions,
    [property: JsonPropertyName("max_tokens")] int? MaxTokens,
    [property: JsonPropertyName("max_completion_tokens")] int? MaxCompletionTokens);

/// <summary>A message; its content is a string or a list of parts, of which those of text count.</summary>
internal sealed record ChatRequestMessage(
    [property: JsonPropertyName("role")] string? Role, [property: JsonPropertyName("content")] JsonElement Content)
{
    public string Text() => Content.ValueKind switch
    {
        JsonValueKind.String => Content.GetString() ?? "",
        JsonValueKind.Array => string.Concat(Content.EnumerateArray()
            .Select(part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : "")),
        _ => "",
    };
}

internal sealed record StreamOptions([property: JsonPropertyName("include_usage")] bool IncludeUsage);

internal sealed record Usage(
    [property: JsonPropertyName("prompt_tokens")] int PromptTokens,
    [property: JsonPropertyName("completion_tokens")] int CompletionTokens)
{
    [JsonPropertyName("total_tokens")]
    public int TotalTokens => PromptTokens + CompletionTokens;
}
