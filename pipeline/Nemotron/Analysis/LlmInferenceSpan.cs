using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// Stands inside Microsoft.Extensions.AI's instrumentation: gives its span the pipeline's name, says who runs the model, adds the
/// phases that a stream shows (the time to the first token and the pace of the others), counts tokens where the endpoint tells none,
/// gives up a model that takes too long, and records what went wrong. An answer that did not end by itself is an error.
/// </summary>
internal sealed class LlmInferenceSpan(
    IChatClient inner, string sourceName, LlmOptions llm, ChatClientMetadata metadata, TokenCounter tokens, AnalystMetrics metrics, TimeProvider time)
    : DelegatingChatClient(inner)
{
    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) && serviceKey is null ? metadata : base.GetService(serviceType, serviceKey);

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        // Of an unsampled trace the current span is not the instrumentation's.
        var span = Activity.Current is { } current && current.Source.Name == sourceName ? current : null;
        return new NamedFailure(AskAsync(span, messages, options, cancellationToken), span, cancellationToken);
    }

    private async IAsyncEnumerable<ChatResponseUpdate> AskAsync(
        Activity? span, IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(llm.TimeoutSeconds));
        if (span is not null) span.DisplayName = "llm_inference";
        span?.SetTag("model.name", options?.ModelId ?? metadata.DefaultModelId);
        var progress = new Progress(span, time);
        await using var updates = base.GetStreamingResponseAsync(messages, options, limit.Token).GetAsyncEnumerator(limit.Token);
        while (await NextAsync(updates, span, cancellationToken))
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
    private async Task<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> updates, Activity? span, CancellationToken caller)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (OperationCanceledException problem) when (!caller.IsCancellationRequested)
        {
            var late = new TimeoutException($"The language model did not finish within {llm.TimeoutSeconds} s (Llm:TimeoutSeconds).", problem);
            span?.AddException(late);
            throw late;
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

    /// <summary>
    /// A stream whose failure has on the span the short word that it has everywhere else. The instrumentation puts the exception's class there when
    /// the stream has failed, and disposes the stream after that, while its span is still open.
    /// </summary>
    private sealed class NamedFailure(IAsyncEnumerable<ChatResponseUpdate> updates, Activity? span, CancellationToken caller)
        : IAsyncEnumerable<ChatResponseUpdate>, IAsyncEnumerator<ChatResponseUpdate>
    {
        private IAsyncEnumerator<ChatResponseUpdate>? _updates;
        private string? _errorType;

        public ChatResponseUpdate Current => Updates.Current;

        private IAsyncEnumerator<ChatResponseUpdate> Updates => _updates ?? throw new InvalidOperationException("The stream has not been asked for.");

        public IAsyncEnumerator<ChatResponseUpdate> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            _updates = updates.GetAsyncEnumerator(cancellationToken);
            return this;
        }

        public async ValueTask<bool> MoveNextAsync()
        {
            try
            {
                return await Updates.MoveNextAsync();
            }
            catch (Exception problem)
            {
                _errorType = AnalysisFailure.Of(problem, caller)?.ErrorType;
                throw;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Updates.DisposeAsync();
            if (_errorType is not null) span?.SetTag("error.type", _errorType);
        }
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
