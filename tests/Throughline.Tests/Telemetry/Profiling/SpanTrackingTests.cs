using System.Diagnostics;
using System.Runtime.CompilerServices;
using Throughline.Telemetry.Profiling.Spans;

namespace Throughline.Tests.Telemetry.Profiling;

public sealed class SpanTrackingTests
{
    [Fact]
    public void SpanIsFoundFromItsStartToItsEndAndItsParentAfterIt()
    {
        using var tracker = new SpanTracker(changeLimit: 64, threadLimit: 10_000);
        tracker.OpenWindow();
        var (before, outer, inner) = (Stopwatch.GetTimestamp(), new Activity("outer").Start(), new Activity("inner"));
        var inOuter = Stopwatch.GetTimestamp();
        inner.Start();
        var inInner = Stopwatch.GetTimestamp();
        inner.Stop();
        var afterInner = Stopwatch.GetTimestamp();
        outer.Stop();
        var after = Stopwatch.GetTimestamp();

        Activity? At(long time)
        {
            Assert.True(tracker.TryFind(OsThread.Id, time, out var span));
            return span;
        }
        Assert.Equal([null, outer, inner, outer, null], new[] { before, inOuter, inInner, afterInner, after }.Select(At));
        tracker.CloseWindow();
    }

    [Fact]
    public void SpanThatBeganBeforeTheWindowIsFoundInIt()
    {
        using var tracker = new SpanTracker(changeLimit: 64, threadLimit: 10_000);
        using var span = new Activity("long").Start();
        tracker.OpenWindow();
        var early = Stopwatch.GetTimestamp();
        Assert.True(tracker.TryFind(OsThread.Id, early, out var found));
        Assert.Same(span, found);
        new Activity("child").Start().Dispose();
        Assert.True(tracker.TryFind(OsThread.Id, early, out found));
        Assert.Same(span, found);
    }

    [Fact]
    public async Task SpanGoesWithItsWorkToAnotherThread()
    {
        using var tracker = new SpanTracker(changeLimit: 64, threadLimit: 10_000);
        tracker.OpenWindow();
        using var span = new Activity("travels").Start();
        var (thread, time) = await Task.Factory.StartNew(() => (OsThread.Id, Stopwatch.GetTimestamp()), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Assert.True(tracker.TryFind(thread, time, out var found));
        Assert.Same(span, found);
    }

    [Fact]
    public void ThreadsAboveTheLimitAreCounted()
    {
        using var tracker = new SpanTracker(changeLimit: 64, threadLimit: 1);
        using var both = new Barrier(2);
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            using var span = new Activity("one too many").Start();
            both.SignalAndWait();
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        // Threads of other tests may count too.
        Assert.InRange(tracker.UntrackedThreads, 1, long.MaxValue);
    }

    [Fact]
    public void ThreadAboveTheLimitKeepsNoSpan()
    {
        using var tracker = new SpanTracker(changeLimit: 64, threadLimit: 0);
        tracker.OpenWindow();
        using var ended = new ManualResetEventSlim();
        using var looked = new ManualResetEventSlim();
        WeakReference? span = null;
        var thread = new Thread(() =>
        {
            span = StartAndEnd();
            ended.Set();
            looked.Wait(Patience.Limit);
        });
        thread.Start();
        Assert.True(ended.Wait(Patience.Limit), "The other thread did not end its span.");
        tracker.CloseWindow();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var kept = span?.IsAlive;
        looked.Set();
        thread.Join();

        Assert.False(kept);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference StartAndEnd()
        {
            using var activity = new Activity("short").Start();
            return new(activity);
        }
    }

    [Fact]
    public void WhatThreadsOfTheOperatingSystemAreCalledDiffers()
    {
        var other = 0L;
        var thread = new Thread(() => other = OsThread.Id);
        thread.Start();
        thread.Join();
        Assert.True(OsThread.Id != 0 && other != 0 && OsThread.Id != other);
        Assert.Equal(OsThread.Id, OsThread.Id);
    }

    [Fact]
    public void WhatARingForgotIsNotGuessed()
    {
        var spans = Enumerable.Range(0, 10).Select(i => new Activity($"{i}")).ToArray();
        var ring = new SpanRing(window: 1, capacity: 4);
        for (var i = 0; i < spans.Length; i++) ring.Add(10 * i, spans[i]);

        Assert.True(ring.TryFind(95, out var last));
        Assert.Same(spans[9], last);
        Assert.True(ring.TryFind(79, out var earlier));
        Assert.Same(spans[7], earlier);
        // The slot of 6 is the next to be written, so it isn't trusted.
        Assert.False(ring.TryFind(69, out _));
        Assert.False(ring.TryFind(5, out _));
    }

    [Fact]
    public void RingReadWhileItIsWrittenTellsTheTruthOrNothing()
    {
        const int Changes = 2_000_000, Capacity = 64;
        var spans = Enumerable.Range(0, 97).Select(i => new Activity($"{i}")).ToArray();
        var ring = new SpanRing(window: 1, Capacity);
        ring.Add(long.MinValue, null);
        var written = 0L;
        var writer = new Thread(() =>
        {
            for (var time = 1L; time <= Changes; time++)
            {
                ring.Add(time, spans[time % spans.Length]);
                Volatile.Write(ref written, time);
            }
        });
        writer.Start();
        var found = 0L;
        while (writer.IsAlive || found == 0)
        {
            var time = Volatile.Read(ref written);
            if (time == 0 || !ring.TryFind(time, out var span)) continue;
            found++;
            Assert.Same(spans[time % spans.Length], span);
        }
        Assert.InRange(found, 1, long.MaxValue);
    }
}
