using System.Text.Json.Serialization;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;

namespace Throughline.Pipeline.Backend.Analysis;

/// <summary>The verdict on a batch. The score is null and the model empty when nobody could be asked.</summary>
internal sealed record Verdict(string Model, int? RiskScore, string RiskLevel, string Summary, string Reasoning)
{
    /// <summary>Why this is not a verdict of the language model; null when it is one.</summary>
    [JsonIgnore]
    public string? FallbackReason { get; init; }

    /// <summary>What is saved when the analysis failed, so that the event is not lost and nobody takes it for a verdict.</summary>
    public static Verdict Fallback(ClosedBatch batch, ServiceCallException problem)
    {
        var classes = batch.Members.SelectMany(member => member.Detections).GroupBy(found => found.Class)
            .OrderByDescending(group => group.Count()).Select(group => $"{group.Key} ({group.Count()})");
        return new("", null, "unknown",
            $"Not analysed: the language model could not be asked ({problem.ErrorType}). Seen on {batch.Members.Count} images: {string.Join(", ", classes)}.",
            problem.Message) { FallbackReason = problem.ErrorType };
    }
}

/// <summary>Asks hsi-nemotron for its verdict on a batch. Thread-safe; the caller makes the span.</summary>
internal sealed class AnalystClient(ServiceCaller analyst)
{
    /// <exception cref="ServiceCallException">There is no verdict to be had.</exception>
    public Task<Verdict> AnalyzeAsync(ClosedBatch batch, CancellationToken cancellation) =>
        analyst.PostAsync<Verdict>("/analyze", () => JsonContent.Create(new
        {
            batchId = batch.Id,
            cameraId = batch.Camera.Id,
            cameraName = batch.Camera.Name,
            batch.OpenedAt,
            batch.ClosedAt,
            batch.CloseReason,
            images = batch.Members.Select(member => new { member.ReceivedAt, member.Detections }),
        }), cancellation);
}
