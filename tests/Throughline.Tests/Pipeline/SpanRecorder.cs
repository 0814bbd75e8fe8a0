using System.Collections.Concurrent;
using System.Diagnostics;

namespace Throughline.Tests.Pipeline;

/// <summary>Keeps the spans that end while it lives, of the sources named; a stand-in for a tracer provider that samples everything.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SpanRecorder(params string[] sources)
    {
        _listener = new()
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Keep,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Ended => [.. _ended];

    public Activity Only(string name) => Assert.Single(_ended, span => span.DisplayName == name);

    /// <summary>Waits until a span of that kind has ended; fails when none comes.</summary>
    public async Task<Activity> WaitForAsync(Func<Activity, bool> wanted)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            var news = Volatile.Read(ref _news);
            if (_ended.FirstOrDefault(wanted) is { } found) return found;
            try
            {
                await news.Task.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"No span that was wanted ended within {Patience.Limit.TotalMinutes} minutes. What ended: {string.Join(", ", _ended.Select(static span => span.DisplayName))}");
            }
        }
    }

    private void Keep(Activity span)
    {
        _ended.Enqueue(span);
        Interlocked.Exchange(ref _news, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public void Dispose() => _listener.Dispose();
}
