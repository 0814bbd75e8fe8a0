using System.Diagnostics;
using System.Text.Json.Serialization;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;

namespace Throughline.Pipeline.Backend.Analysis;

/// <summary>The verdict on a batch. The score is null and the model empty when nobody could be asked.</summary>
internal sealed record Verdict(string Model, int? RiskScore, string RiskLevel, string Summary, string Reasoning)
{
    private static readonly string[] s_levels = ["low", "medium", "high", "critical"];

    /// <summary>Why this is not a verdict of the language model; null when it is one.</summary>
    [JsonIgnore]
    public string? FallbackReason { get; init; }

    /// <summary>What is wrong with the answer in words; null when it is a verdict.</summary>
    public string? Flaw() =>
        Model.Length == 0 ? "it names no model."
        : RiskScore is null ? "it has no risk score."
        : RiskScore is < 0 or > 100 ? $"its risk score is {RiskScore}, which is not between 0 and 100."
        : !s_levels.Contains(RiskLevel) ? $"its risk level '{RiskLevel}' is none of {string.Join(", ", s_levels)}."
        : string.IsNullOrWhiteSpace(Summary) ? "it has no summary."
        : null;

    /// <summary>Says on a span what the risk is; without a verdict there is no score.</summary>
    public void Describe(Activity? span)
    {
        if (RiskScore is { } score) span?.SetTag("risk.score", score);
        span?.SetTag("risk.level", RiskLevel);
    }

    /// <summary>What is saved when the analysis failed, so that the event is not lost and nobody takes it for a verdict.</summary>
    public static Verdict Fallback(ClosedBatch batch, ServiceCallException problem)
    {
        var classes = batch.Members.SelectMany(member => member.Detections).GroupBy(found => found.Class)
            .OrderByDescending(group => group.Count()).Select(group => $"{group.Key} ({group.Count()})");
        return new("", null, "unknown",
            $"Not analysed: there is no verdict of the language model ({problem.ErrorType}). "
                + $"Seen on {batch.Members.Count} {(batch.Members.Count == 1 ? "image" : "images")}: {string.Join(", ", classes)}.",
            problem.Message) { FallbackReason = problem.ErrorType };
    }
}

/// <summary>Asks hsi-nemotron for its verdict on a batch. Thread-safe; the caller makes the span.</summary>
internal sealed class AnalystClient(ServiceCaller analyst)
{
    /// <exception cref="ServiceCallException">There is no verdict to be had.</exception>
    public async Task<Verdict> AnalyzeAsync(ClosedBatch batch, CancellationToken cancellation)
    {
        var verdict = await analyst.PostAsync<Verdict>("/analyze", () => JsonContent.Create(new
        {
            batchId = batch.Id,
            cameraId = batch.Camera.Id,
            cameraName = batch.Camera.Name,
            batch.OpenedAt,
            batch.ClosedAt,
            batch.CloseReason,
            images = batch.Members.Select(member => new { member.ReceivedAt, member.Detections }),
        }), cancellation);
        return verdict.Flaw() is { } flaw
            ? throw new ServiceCallException("invalid_answer", $"hsi-nemotron's answer can't be: {flaw}", worthAnotherTry: false)
            : verdict;
    }
}
