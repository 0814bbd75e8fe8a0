using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// Stands inside Microsoft.Extensions.AI's instrumentation: gives its span the pipeline's name, says who runs the model, and adds the
/// phases that a stream shows: the time to the first token and the pace of the others.
/// </summary>
internal sealed class LlmInferenceSpan(IChatClient inner, string sourceName, ChatClientMetadata metadata, TimeProvider time)
    : DelegatingChatClient(inner)
{
    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) && serviceKey is null ? metadata : base.GetService(serviceType, serviceKey);

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Of an unsampled trace the current span is not the instrumentation's.
        var span = Activity.Current is { } current && current.Source.Name == sourceName ? current : null;
        if (span is not null) span.DisplayName = "llm_inference";
        span?.SetTag("model.name", options?.ModelId ?? metadata.DefaultModelId);
        var begun = time.GetTimestamp();
        TimeSpan? first = null;
        long? tokens = null;
        await foreach (var update in base.GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            if (first is null && update.Text.Length > 0)
            {
                first = time.GetElapsedTime(begun);
                span?.AddEvent(new("gen_ai.first_token"));
            }
            foreach (var usage in update.Contents.OfType<UsageContent>()) tokens = usage.Details.OutputTokenCount;
            yield return update;
        }
        if (first is not { } prefill) yield break;
        span?.SetTag("gen_ai.server.time_to_first_token", prefill.TotalSeconds);
        var decode = time.GetElapsedTime(begun) - prefill;
        if (tokens > 1 && decode > TimeSpan.Zero)
        {
            span?.SetTag("gen_ai.server.time_per_output_token", decode.TotalSeconds / (tokens.Value - 1));
            span?.SetTag("llm.tokens_per_second", (tokens.Value - 1) / decode.TotalSeconds);
        }
    }
}
