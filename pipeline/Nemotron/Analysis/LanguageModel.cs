using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>The language model behind an OpenAI-compatible API. Thread-safe; made once, when the service's own address is known.</summary>
internal sealed class LanguageModel : IDisposable
{
    private readonly LlmOptions _options;
    private readonly HttpClient _http;
    private readonly IChatClient _chat;

    public LanguageModel(LlmOptions options, Func<Uri> builtIn, string sourceName, TokenCounter tokens, AnalystMetrics metrics, TimeProvider time)
    {
        _options = options;
        // The cancellation of each call bounds it; a stream is not over when its headers are there.
        _http = new() { Timeout = Timeout.InfiniteTimeSpan };
        var address = options.Url ?? builtIn();
        var client = new OpenAIClient(new ApiKeyCredential(options.ApiKey), new OpenAIClientOptions
        {
            Endpoint = address,
            Transport = new HttpClientPipelineTransport(_http),
            // The caller of this service decides about trying again; two layers of it would multiply.
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        });
        var provider = options.Provider ?? (options.Url is null ? "throughline" : "openai");
        _chat = client.GetChatClient(options.Model).AsIChatClient().AsBuilder()
            // On by the option, or by the conventions' variable, which the instrumentation reads itself.
            .UseOpenTelemetry(sourceName: sourceName, configure: client => client.EnableSensitiveData |= options.RecordContent)
            .Use(inner => new LlmInferenceSpan(inner, sourceName, options, new ChatClientMetadata(provider, address, options.Model), tokens, metrics, time))
            .Build();
    }

    /// <summary>
    /// Asks the model and waits for its whole answer, which it takes as a stream to see the phases. Fails with what
    /// <see cref="AnalysisFailure.Of"/> knows: refused, broken off, cut or late.
    /// </summary>
    public Task<ChatResponse> AskAsync(IList<ChatMessage> prompt, CancellationToken cancellation) => _chat.GetStreamingResponseAsync(
        prompt,
        new()
        {
            ModelId = _options.Model, MaxOutputTokens = _options.MaxTokens, Temperature = _options.Temperature,
            ResponseFormat = ChatResponseFormat.Json,
        },
        cancellation).ToChatResponseAsync(cancellation);

    public void Dispose()
    {
        _chat.Dispose();
        _http.Dispose();
    }
}
