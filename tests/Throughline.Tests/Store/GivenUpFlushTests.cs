using Throughline.Engine;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>A flush that fails for a reason which is not the disk's is tried three times and then given up: that is told, what was acknowledged is served, memory stays bounded, and a restart has it all.</summary>
public sealed class GivenUpFlushTests
{
    private const int HeadMaxSpans = 20;

    [Fact]
    public async Task FlushThatFailsInternallyThreeTimesIsGivenUpAndARestartRecoversAll()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = HeadMaxSpans });
        await store.AppendAsync(Span(0));
        await store.FlushAsync();
        var tries = FailInternally(store, int.MaxValue);
        var taken = 1;
        for (; taken < 10; taken++) await store.AppendAsync(Span(taken));
        var timers = store.Time.TimerCount;
        var flush = store.Store.FlushAsync(default);
        for (var failure = 1; failure <= 3; failure++)
        {
            await store.UntilAsync(() => store.Store.GetStatistics().Problems.Any(p => p.Contains($"try {failure}", StringComparison.Ordinal)));
            Assert.Contains("internal error", Assert.Single(store.Store.GetStatistics().Problems));
            Assert.Equal(failure, tries.Count);
            Assert.Equal(failure == 3, store.Store.GetStatistics().Problems[0].Contains("start the server again", StringComparison.Ordinal));
            if (failure == 3) break;
            // The next try is due when its timer is there.
            await store.UntilAsync(() => store.Time.TimerCount > timers);
            store.Time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Contains("start the server again", (await Assert.ThrowsAsync<IOException>(() => flush)).Message);
        await Assert.ThrowsAsync<IOException>(() => store.Store.FlushAsync(default));

        taken = await FillAsync(store, taken);
        await AssertServedAsync(store.Store, taken, blocks: 1);
        // However long it waits, it does not try again, and says the same still.
        store.Time.Advance(TimeSpan.FromHours(2));
        await store.Store.CompactAsync(default);
        Assert.Equal(3, tries.Count);
        Assert.Contains("InvalidOperationException: the third part of nothing, try 3", Assert.Single(store.Store.GetStatistics().Problems));
        await AssertServedAsync(store.Store, taken, blocks: 1);

        await AssertRecoveredAsync(store, store.Files.Crash(), taken);
        store.Files.Before = null;
        await store.Store.DisposeAsync();
        await AssertRecoveredAsync(store, store.Files.Crash(), taken);
    }

    [Fact]
    public async Task FlushThatFailsInternallyTwiceIsNotGivenUp()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = HeadMaxSpans });
        var tries = FailInternally(store, 2);
        await store.AppendAsync(Span(0));
        var flush = store.Store.FlushAsync(default);
        await store.AdvanceUntilAsync(() => flush.IsCompleted);
        await flush;
        Assert.Equal(2, tries.Count);
        Assert.Empty(store.Store.GetStatistics().Problems);
        await AssertServedAsync(store.Store, 1, blocks: 1);
    }

    /// <summary>Lets the writing of blocks fail as only a mistake in the code does; answers the tries so far.</summary>
    private static Tries FailInternally(StoreUnderTest store, int most)
    {
        var tries = new Tries();
        store.Files.Before = (operation, path) =>
        {
            if (operation == FileOperation.Append && path.EndsWith(".block.tmp", StringComparison.Ordinal) && tries.Count < most)
                throw new InvalidOperationException($"the third part of nothing, try {tries.Next()}");
        };
        return tries;
    }

    /// <summary>Appends until the store says that the head is full; answers how many spans were taken in all.</summary>
    private static async Task<int> FillAsync(StoreUnderTest store, int taken)
    {
        while (true)
        {
            var result = await StoreUnderTest.SendAsync(store.Store, [Span(taken)], 1_000_000 + (UInt128)taken);
            if (result.Status == AppendStatus.Durable)
            {
                taken++;
                Assert.True(taken <= 3 * HeadMaxSpans, "there is no bound");
                continue;
            }
            Assert.Equal(AppendStatus.Failed, result.Status);
            Assert.Contains("no more spans are taken in", result.Message);
            Assert.True(result.RetryAfter > TimeSpan.Zero);
            return taken;
        }
    }

    private static async Task AssertRecoveredAsync(StoreUnderTest store, MemoryFileSystem files, int spans)
    {
        await using var again = await TraceStore.OpenAsync(store.Options, files, new ManualTime(), default);
        await again.FlushAsync(default);
        Assert.Empty(again.GetStatistics().Problems);
        Assert.Equal(0, again.GetStatistics().HeadSpans);
        await AssertServedAsync(again, spans, again.GetStatistics().Blocks);
    }

    private static async Task AssertServedAsync(TraceStore store, int spans, int blocks)
    {
        Assert.Equal((spans, blocks), (store.GetStatistics().Spans, store.GetStatistics().Blocks));
        Assert.Equal(spans, (await store.SearchAsync(new SearchPlan(), default)).Total.Value);
        for (var i = 0; i < spans; i++) Assert.Equal(1, (await store.GetTraceAsync(Span(i).TraceId, default))?.Spans.RowCount);
    }

    private static PlainSpan Span(int i) => new() { TraceId = new(1, (ulong)i + 1), SpanId = 1, Start = SpanGen.Base + (ulong)i, End = SpanGen.Base + (ulong)i + 5, Name = "n" };

    private sealed class Tries
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public int Next() => Interlocked.Increment(ref _count);
    }
}
