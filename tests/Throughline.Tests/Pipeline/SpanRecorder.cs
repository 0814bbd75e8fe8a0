using System.Collections.Concurrent;
using System.Diagnostics;

namespace Throughline.Tests.Pipeline;

/// <summary>Keeps the spans that end while it lives, of the sources named; a stand-in for a tracer provider that samples everything.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;

    public SpanRecorder(params string[] sources)
    {
        _listener = new()
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Ended => [.. _ended];

    public Activity Only(string name) => Assert.Single(_ended, span => span.DisplayName == name);

    public void Dispose() => _listener.Dispose();
}
