using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// Stands inside Microsoft.Extensions.AI's instrumentation: gives its span the pipeline's name, says who runs the model, adds the
/// phases that a stream shows (the time to the first token and the pace of the others), counts tokens where the endpoint tells none,
/// and records what went wrong. An answer that did not end by itself is an error.
/// </summary>
internal sealed class LlmInferenceSpan(
    IChatClient inner, string sourceName, ChatClientMetadata metadata, TokenCounter tokens, AnalystMetrics metrics, TimeProvider time)
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
        var progress = new Progress(span, time);
        await using var updates = base.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(updates, span))
        {
            progress.Take(updates.Current);
            yield return updates.Current;
        }
        if (progress.Usage is null && progress.Text.Length > 0)
        {
            progress.Usage = tokens.Count(messages, progress.Text.ToString());
            span?.SetTag("llm.usage.source", "counted").SetTag("llm.usage.tokenizer", TokenCounter.Encoding);
            yield return new(ChatRole.Assistant, [new UsageContent(progress.Usage)]);
        }
        else if (progress.Usage is not null) span?.SetTag("llm.usage.source", "endpoint");
        if (progress.TellPace() is { } pace) metrics.Paced(pace, options?.ModelId);
        if (Unfinished(progress.Finish, options) is { } problem)
        {
            span?.AddException(problem);
            throw problem;
        }
    }

    /// <summary>A stream can break off anywhere; the exception's own place is on the span, whoever handles it further up.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> updates, Activity? span)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (Exception problem)
        {
            span?.AddException(problem);
            throw;
        }
    }

    private static LlmAnswerException? Unfinished(ChatFinishReason? finish, ChatOptions? options)
    {
        if (finish == ChatFinishReason.Stop) return null;
        if (finish == ChatFinishReason.Length)
            return new("answer_cut", $"The language model's answer was cut at its limit of {options?.MaxOutputTokens} tokens (Llm:MaxTokens).");
        return finish is null
            ? new("incomplete_answer", "The language model's answer ended without the reason of its end: the endpoint broke it off.")
            : new("answer_refused", $"The language model gave no answer: it ended with '{finish}'.");
    }

    /// <summary>What a stream has brought so far. Used by one call.</summary>
    private sealed class Progress(Activity? span, TimeProvider time)
    {
        private readonly long _begun = time.GetTimestamp();
        private TimeSpan? _first;

        public StringBuilder Text { get; } = new();

        public UsageDetails? Usage { get; set; }

        public ChatFinishReason? Finish { get; private set; }

        public void Take(ChatResponseUpdate update)
        {
            if (_first is null && update.Text.Length > 0)
            {
                _first = time.GetElapsedTime(_begun);
                span?.AddEvent(new("gen_ai.first_token"));
                span?.SetTag("gen_ai.server.time_to_first_token", _first.Value.TotalSeconds);
            }
            Text.Append(update.Text);
            Finish = update.FinishReason ?? Finish;
            foreach (var usage in update.Contents.OfType<UsageContent>()) Usage = usage.Details;
        }

        /// <summary>Tokens per second after the first one; null where there are too few to tell.</summary>
        public double? TellPace()
        {
            if (_first is not { } prefill || Usage?.OutputTokenCount is not { } count || count < 2) return null;
            var decode = time.GetElapsedTime(_begun) - prefill;
            if (decode <= TimeSpan.Zero) return null;
            var pace = (count - 1) / decode.TotalSeconds;
            span?.SetTag("gen_ai.server.time_per_output_token", 1 / pace).SetTag("llm.tokens_per_second", pace);
            return pace;
        }
    }
}
