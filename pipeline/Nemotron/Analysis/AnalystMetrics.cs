using System.Diagnostics.Metrics;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// What the analyst counts and measures, as a meter named after the service. The conventions' <c>gen_ai.client.*</c> come from the
/// instrumented client, under a meter whose name begins alike. Thread-safe; owned by the program.
/// </summary>
internal sealed class AnalystMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _pace;
    private readonly Counter<long> _analyses;

    /// <param name="name">The service's name, so that its telemetry exports the meter.</param>
    /// <param name="depth">Answers how many batches wait now.</param>
    public AnalystMetrics(string name, Func<int> depth)
    {
        _meter = new(name);
        _meter.CreateObservableGauge("analyst.queue.depth", depth, "{batch}", "Batches that wait for the language model.");
        _pace = _meter.CreateHistogram<double>("llm.tokens_per_second", "{token}/s", "The pace of an answer after its first token.",
            advice: new() { HistogramBucketBoundaries = [1, 2.5, 5, 10, 25, 50, 75, 100, 250, 500, 1000] });
        _analyses = _meter.CreateCounter<long>("analyst.analyses", "{batch}", "Batches that were sent, by what became of them.");
    }

    public void Paced(double tokensPerSecond, string? model) => _pace.Record(tokensPerSecond, new KeyValuePair<string, object?>("gen_ai.request.model", model));

    /// <summary>Counts a batch under <c>ok</c> or the <c>error.type</c> that its span has.</summary>
    public void Answered(string outcome) => _analyses.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Dispose() => _meter.Dispose();
}
