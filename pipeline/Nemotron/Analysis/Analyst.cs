using Throughline.Telemetry;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// What analyses batches, put together: the line before the language model, the model, the metrics and the endpoint. Owned by the
/// program; thread-safe.
/// </summary>
internal sealed class Analyst : IDisposable
{
    private readonly WorkQueue _queue;
    private readonly AnalystMetrics _metrics;
    private readonly Lazy<LanguageModel> _model;
    private readonly AnalyzeEndpoint _endpoint;

    /// <param name="service">The service's name; its meters, and the source of the model's spans, begin with it.</param>
    /// <param name="memory">What batches take of the process's memory, where that is limited.</param>
    /// <param name="builtIn">The API of the analyst in this process, asked for once the service listens.</param>
    public Analyst(
        string service, LlmOptions llm, WorkingMemory? memory, Func<Uri> builtIn, TokenCounter tokens, SpanSource spans, TimeProvider time)
    {
        _queue = new(llm.Parallel, llm.Queue, spans, time);
        _metrics = new(service, () => _queue.Depth);
        _model = new(() => new(llm, builtIn, service + ".gen_ai", tokens, _metrics, time));
        _endpoint = new(_model, _queue, memory, llm.RecordContent, spans, _metrics);
    }

    public void Map(WebApplication app) => _endpoint.Map(app);

    public void Dispose()
    {
        if (_model.IsValueCreated) _model.Value.Dispose();
        _metrics.Dispose();
        _queue.Dispose();
    }
}
