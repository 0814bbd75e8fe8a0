using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>The configuration's section <c>Llm</c>: which language model is asked, and how.</summary>
internal sealed class LlmOptions
{
    /// <summary>An OpenAI-compatible API, e.g. <c>http://127.0.0.1:8080/v1</c> of a llama.cpp server. Unset: the built-in analyst of this process.</summary>
    [HttpAddress]
    public Uri? Url { get; set; }

    [Required]
    public string Model { get; set; } = RuleAnalyst.ChatEndpoint.Model;

    /// <summary>Who runs the model, for <c>gen_ai.provider.name</c>. Unset: <c>throughline</c> for the built-in one, else <c>openai</c>, whose API it is.</summary>
    public string? Provider { get; set; }

    /// <summary>What the API asks for; servers of one's own mostly take anything.</summary>
    [Required]
    public string ApiKey { get; set; } = "none";

    [Range(1, 32_768)]
    public int MaxTokens { get; set; } = 512;

    [Range(0.0, 2)]
    public float Temperature { get; set; } = 0.2f;

    /// <summary>How long the model may take for its whole answer.</summary>
    [Range(0.1, 3600)]
    public double TimeoutSeconds { get; set; } = 60;

    /// <summary>Batches that are analysed at the same time; further ones wait.</summary>
    [Range(1, 64)]
    public int Parallel { get; set; } = 4;

    /// <summary>Batches that may wait; what comes on top is answered with 503.</summary>
    [Range(0, 10_000)]
    public int Queue { get; set; } = 32;

    /// <summary>
    /// Whether prompts and answers are recorded on spans and quoted in errors. They tell what a camera saw, so they are not, unless it is
    /// switched on here or by the conventions' <c>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true</c>.
    /// </summary>
    public bool RecordContent { get; set; }
}
