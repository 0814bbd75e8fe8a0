using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>The configuration's section <c>Llm</c>: which language model is asked.</summary>
internal sealed class LlmOptions
{
    /// <summary>An OpenAI-compatible API, e.g. <c>http://127.0.0.1:8080/v1</c> of a llama.cpp server. Unset: the built-in analyst of this process.</summary>
    public Uri? Url { get; set; }

    [Required]
    public string Model { get; set; } = RuleAnalyst.ChatEndpoint.Model;

    /// <summary>Who runs the model, for <c>gen_ai.provider.name</c>. Unset: <c>throughline</c> for the built-in one, else <c>openai</c>, whose API it is.</summary>
    public string? Provider { get; set; }

    public string ApiKey { get; set; } = "none";

    [Range(1, 32_768)]
    public int MaxTokens { get; set; } = 512;

    [Range(0, 2)]
    public float Temperature { get; set; } = 0.2f;

    [Range(1, 3600)]
    public double TimeoutSeconds { get; set; } = 60;
}
