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

    /// <summary>Finds the JSON object in an answer, which models like to wrap in words or a code fence.</summary>
    /// <exception cref="FormatException">There is none, or it isn't a verdict.</exception>
    public static Verdict Parse(string answer)
    {
        var (first, last) = (answer.IndexOf('{'), answer.LastIndexOf('}'));
        if (first < 0 || last < first) throw new FormatException($"The model's answer has no JSON object: \"{Shortened(answer)}\"");
        Verdict? verdict;
        try
        {
            verdict = JsonSerializer.Deserialize<Verdict>(answer.AsSpan(first..(last + 1)));
        }
        catch (JsonException problem)
        {
            throw new FormatException($"The model's answer is not a verdict: {problem.Message} In \"{Shortened(answer)}\"", problem);
        }
        if (verdict is null || verdict.RiskScore is < 0 or > 100) throw new FormatException("The model's risk_score is not between 0 and 100.");
        if (!s_levels.Contains(verdict.RiskLevel)) throw new FormatException($"The model's risk_level '{verdict.RiskLevel}' is none of {string.Join(", ", s_levels)}.");
        return verdict;
    }

    private static string Shortened(string text) => text.Length <= 200 ? text : text[..200] + "...";
}
