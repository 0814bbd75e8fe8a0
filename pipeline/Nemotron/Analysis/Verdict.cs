using System.Text.Json;
using System.Text.Json.Serialization;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>What the model answered, once it has proved to be a verdict.</summary>
internal sealed record Verdict(
    [property: JsonPropertyName("risk_score"), JsonRequired] int RiskScore,
    [property: JsonPropertyName("risk_level"), JsonRequired] string RiskLevel,
    [property: JsonPropertyName("summary"), JsonRequired] string Summary,
    [property: JsonPropertyName("reasoning")] string? Reasoning)
{
    private static readonly string[] s_levels = ["low", "medium", "high", "critical"];

    /// <summary>
    /// Finds the JSON object in an answer, which models like to wrap in words, a code fence or, before it, their thoughts. An error tells
    /// where the answer is wrong; it quotes the answer only if <paramref name="quote"/> says that it may.
    /// </summary>
    /// <exception cref="FormatException">There is none, or it isn't a verdict.</exception>
    public static Verdict Parse(string answer, bool quote = false)
    {
        const string EndOfThoughts = "</think>";
        var thoughts = answer.LastIndexOf(EndOfThoughts, StringComparison.Ordinal);
        var said = thoughts < 0 ? answer : answer[(thoughts + EndOfThoughts.Length)..];
        var (first, last) = (said.IndexOf('{'), said.LastIndexOf('}'));
        if (first < 0 || last < first) throw Wrong("has no JSON object");
        Verdict? verdict;
        try
        {
            verdict = JsonSerializer.Deserialize<Verdict>(said.AsSpan(first..(last + 1)));
        }
        catch (JsonException problem)
        {
            throw Wrong($"is not a verdict: {problem.Message}", problem);
        }
        if (verdict is null || verdict.RiskScore is < 0 or > 100) throw Wrong("has a risk_score that is not between 0 and 100");
        if (!s_levels.Contains(verdict.RiskLevel)) throw Wrong($"has a risk_level that is none of {string.Join(", ", s_levels)}");
        if (string.IsNullOrWhiteSpace(verdict.Summary)) throw Wrong("has no summary");
        return verdict;

        FormatException Wrong(string what, Exception? inner = null) => new(
            $"The language model's answer of {answer.Length} characters {what}{(quote ? $": \"{Shortened(answer)}\"" : ".")}", inner);
    }

    private static string Shortened(string text) => text.Length <= 200 ? text : text[..200] + "...";
}
