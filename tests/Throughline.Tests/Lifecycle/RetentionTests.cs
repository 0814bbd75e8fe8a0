using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Files;
using Throughline.Tests.Server;
using Throughline.Tests.Store;

namespace Throughline.Tests.Lifecycle;

/// <summary>What retention hides, drops and keeps.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task BlocksGoWhenTheirLastRequestWasReceivedTooLongAgo()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        // Started long ago, received now: age counts from the receive time.
        await store.AppendAsync(Span(1) with { Start = 5, End = 6 });
        await store.FlushAsync();
        store.Time.Advance(TimeSpan.FromDays(6));
        await store.AppendAsync(Span(2));
        await store.FlushAsync();
        await store.Store.CompactAsync(default);
        Assert.Equal(["1", "2"], await PresentAsync(store, 1, 2));
        store.Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        await store.Store.CompactAsync(default);
        Assert.Equal(["2"], await PresentAsync(store, 1, 2));
        var statistics = store.Store.GetStatistics();
        Assert.Equal((1, 1, 1), (statistics.Blocks, statistics.Retention.DroppedBlocks, statistics.Retention.DroppedTraces));
        Assert.Single(store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
        await store.ReopenAsync();
        Assert.Equal(["2"], await PresentAsync(store, 1, 2));
    }

    [Fact]
    public async Task AnUnexpectedFailureIsToldAndTriedAgain()
    {
        var (files, time) = (new FailingFileSystem(new MemoryFileSystem()) { IsUnexpected = true }, new ManualTime());
        await using var store = await TraceStore.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, Retention = new RetentionOptions() }, files, time, default);
        Assert.Equal(AppendStatus.Durable, (await StoreUnderTest.SendAsync(store, [Span(1)], 1)).Status);
        await store.FlushAsync(default);
        // The clock wakes the store, which must not be done before the disk fails.
        files.Fails = true;
        time.Advance(TimeSpan.FromDays(8));
        var told = await Assert.ThrowsAsync<IOException>(() => store.CompactAsync(default));
        Assert.Contains("internal error: InvalidOperationException: a mistake", told.Message);
        Assert.Equal([told.Message], store.GetStatistics().Problems);
        files.Fails = false;
        await store.CompactAsync(default);
        Assert.Empty(store.GetStatistics().Problems);
        Assert.Equal(0, store.GetStatistics().Blocks);
    }

    [Fact]
    public async Task PinnedTracesOutliveTheirBlocks()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        for (var i = 0; i < 4; i++) await store.AppendAsync(Span(i), Span(i) with { SpanId = 9 });
        await store.FlushAsync();
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(Span(2).TraceId, default));
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(Span(2).TraceId, default));
        Assert.Equal(PinResult.NotFound, await store.Store.PinAsync(Span(7).TraceId, default));
        await store.ReopenAsync();
        store.Time.Advance(TimeSpan.FromDays(8));
        await store.Store.CompactAsync(default);
        Assert.Equal(["2"], await PresentAsync(store, 0, 1, 2, 3));
        Assert.Equal((2, 1, 3), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks, store.Store.GetStatistics().Retention.DroppedTraces));
        store.Time.Advance(TimeSpan.FromDays(8));
        await store.Store.CompactAsync(default);
        await store.ReopenAsync();
        Assert.Equal([Span(2).TraceId], store.Store.PinnedTraces);
        Assert.Equal(2, (await store.Store.GetTraceAsync(Span(2).TraceId, default))?.Spans.RowCount);
        Assert.True(await store.Store.UnpinAsync(Span(2).TraceId, default));
        Assert.False(await store.Store.UnpinAsync(Span(2).TraceId, default));
        await store.Store.CompactAsync(default);
        Assert.Empty(await PresentAsync(store, 0, 1, 2, 3));
        Assert.Empty(store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
    }

    [Fact]
    public async Task PinsAreLimited()
    {
        await using var store = await OpenAsync(new RetentionOptions(), maxPinned: 2);
        for (var i = 0; i < 3; i++) await store.AppendAsync(Span(i));
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(Span(0).TraceId, default));
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(Span(1).TraceId, default));
        Assert.Equal(PinResult.TooMany, await store.Store.PinAsync(Span(2).TraceId, default));
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(Span(1).TraceId, default));
    }

    [Fact]
    public async Task PinThatTheDiskRefusesIsNoPin()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        await store.AppendAsync(Span(1));
        store.Files.Before = (operation, path) =>
        {
            if (operation == FileOperation.Sync && path.Contains("manifest", StringComparison.Ordinal)) throw new IOException("no space left");
        };
        await Assert.ThrowsAsync<IOException>(() => store.Store.PinAsync(Span(1).TraceId, default).AsTask());
        Assert.Empty(store.Store.PinnedTraces);
        store.Files.Before = null;
        await store.ReopenAsync();
        Assert.Empty(store.Store.PinnedTraces);
    }

    [Fact]
    public async Task PinThatMayBeThereIsTakenAwayDurably()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        await store.AppendAsync(Span(1));
        // The manifest with the pin is in its place, and nobody knows whether it is durable.
        store.Files.Before = (operation, path) =>
        {
            if (operation == FileOperation.SyncDirectory && path == StoreUnderTest.Root) throw new IOException("no answer from the disk");
        };
        await Assert.ThrowsAsync<IOException>(() => store.Store.PinAsync(Span(1).TraceId, default).AsTask());
        await Assert.ThrowsAsync<IOException>(() => store.Store.UnpinAsync(Span(1).TraceId, default).AsTask());
        store.Files.Before = null;
        Assert.False(await store.Store.UnpinAsync(Span(1).TraceId, default));
        for (var luck = 0; luck < 8; luck++)
        {
            await using var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(luck == 0 ? null : new Random(luck)), store.Time, default);
            Assert.Empty(crashed.PinnedTraces);
        }
        await store.ReopenAsync();
        Assert.Empty(store.Store.PinnedTraces);
    }

    [Fact]
    public async Task LimitByNumberHidesTheEarliestTracesExactlyWhereverTheyLie()
    {
        await using var store = await OpenAsync(new RetentionOptions { MaxTraces = 5 });
        for (var i = 0; i < 8; i++) await store.AppendAsync(Span(i));
        // Before the flush, which has retention look at once: what it hides cannot be pinned any more.
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(Span(1).TraceId, default));
        await store.FlushAsync();
        for (var i = 8; i < 10; i++) await store.AppendAsync(Span(i));
        await store.Store.CompactAsync(default);
        Assert.Equal(Span(5).Start, store.Store.GetStatistics().Retention.HiddenBeforeUnixNano);
        Assert.Equal(["1", "5", "6", "7", "8", "9"], await PresentAsync(store, [.. Enumerable.Range(0, 10)]));
        // Half of the block was hidden, so it has been rewritten without; the trace that is pinned stayed.
        Assert.Equal((6, 4), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Retention.DroppedTraces));
        await store.ReopenAsync();
        Assert.Equal(["1", "5", "6", "7", "8", "9"], await PresentAsync(store, [.. Enumerable.Range(0, 10)]));
    }

    [Fact]
    public async Task BlockThatIsRewrittenNamesNoTraceThatItHasNotAnyMore()
    {
        await using var store = await OpenAsync(new RetentionOptions { MaxTraces = 4 });
        // Trace 0 lies in both blocks, which are too far apart to be merged. The second one is rewritten without it, since most of that is hidden.
        await store.AppendAsync(Span(0), Span(10), Span(11), Span(12));
        await store.FlushAsync();
        store.Time.Advance(TimeSpan.FromDays(2));
        await store.AppendAsync(Span(0) with { SpanId = 2 }, Span(1), Span(2), Span(7));
        await store.FlushAsync();
        await store.Store.CompactAsync(default);
        Assert.Equal(["7", "10", "11", "12"], await PresentAsync(store, 0, 1, 2, 7, 10, 11, 12));
        Assert.Equal((2, 5), (store.Store.GetStatistics().Blocks, store.Store.GetStatistics().Spans));
        await store.Store.DisposeAsync();
        Assert.Empty(Engine.Inspection.StoreCheck.Run(StoreUnderTest.Directory, store.Files, default).Findings);
    }

    [Fact]
    public async Task HiddenTraceDoesNotShowAgainInPartWhenTheBlockThatHidesItIsRewritten()
    {
        await using var store = await OpenAsync(new RetentionOptions { MaxTraces = 3 });
        // Trace 0 begins in the first block and goes on in the second, behind the cut; they are too far apart to be merged.
        await store.AppendAsync(Span(0), Span(1), Span(2));
        await store.FlushAsync();
        store.Time.Advance(TimeSpan.FromDays(2));
        await store.AppendAsync(Span(9) with { TraceId = Span(0).TraceId, SpanId = 2 }, Span(7), Span(8), Span(10));
        await store.FlushAsync();
        await store.Store.CompactAsync(default);
        Assert.Equal(Span(8).Start, store.Store.GetStatistics().Retention.HiddenBeforeUnixNano);
        Assert.Equal(["8", "10"], await PresentAsync(store, 0, 1, 2, 7, 8, 9, 10));
        // What hides it is all that is left of the first block.
        Assert.Equal((2, 5), (store.Store.GetStatistics().Blocks, store.Store.GetStatistics().Spans));
        await store.ReopenAsync();
        await store.Store.CompactAsync(default);
        Assert.Equal(["8", "10"], await PresentAsync(store, 0, 1, 2, 7, 8, 9, 10));
        // It goes with the rest.
        await store.AppendAsync(Span(20), Span(21), Span(22));
        await store.FlushAsync();
        await store.Store.CompactAsync(default);
        Assert.Equal(["20", "21", "22"], await PresentAsync(store, 0, 8, 9, 10, 20, 21, 22));
        Assert.Equal((1, 3), (store.Store.GetStatistics().Blocks, store.Store.GetStatistics().Spans));
    }

    [Fact]
    public async Task HiddenTraceDoesNotShowAgainInPartWhileItGoesOnInTheHead()
    {
        await using var store = await OpenAsync(new RetentionOptions { MaxTraces = 3 });
        await store.AppendAsync(Span(0), Span(1), Span(2));
        await store.FlushAsync();
        await store.AppendAsync(Span(9) with { TraceId = Span(0).TraceId, SpanId = 2 }, Span(7), Span(8), Span(10));
        await store.Store.CompactAsync(default);
        Assert.Equal(["8", "10"], await PresentAsync(store, 0, 1, 2, 7, 8, 9, 10));
        Assert.Equal(5, store.Store.GetStatistics().Spans);
    }

    [Fact]
    public async Task LateSpansOfAHiddenTimeStayHidden()
    {
        await using var store = await OpenAsync(new RetentionOptions { MaxTraces = 2 });
        for (var i = 5; i < 9; i++) await store.AppendAsync(Span(i));
        await store.FlushAsync();
        await store.Store.CompactAsync(default);
        await store.AppendAsync(Span(1));
        Assert.Equal(["7", "8"], await PresentAsync(store, 1, 5, 6, 7, 8));
    }

    [Fact]
    public async Task LimitByBytesDropsTheEarliestBlocks()
    {
        await using var unlimited = await OpenAsync(new RetentionOptions());
        await AppendBlockAsync(unlimited, 0);
        var bytes = unlimited.Store.GetStatistics().BlockBytes;

        await using var store = await OpenAsync(new RetentionOptions { MaxBytes = bytes * 5 / 2 });
        for (var block = 0; block < 6; block++)
        {
            await AppendBlockAsync(store, block);
            await store.Store.CompactAsync(default);
        }
        var statistics = store.Store.GetStatistics();
        Assert.InRange(statistics.BlockBytes, bytes, bytes * 5 / 2);
        Assert.InRange(statistics.Traces, 40, 119);
        Assert.True(statistics.Retention.HiddenBeforeUnixNano > Span(0).Start);
        Assert.NotNull(await store.Store.GetTraceAsync(Span(119).TraceId, default));
        Assert.Null(await store.Store.GetTraceAsync(Span(0).TraceId, default));
    }

    [Fact]
    public async Task WithoutLimitsNothingIsHiddenOrDropped()
    {
        await using var store = await OpenAsync(new RetentionOptions { MaxAge = TimeSpan.Zero });
        for (var i = 0; i < 3; i++)
        {
            await store.AppendAsync(Span(i));
            await store.FlushAsync();
        }
        store.Time.Advance(TimeSpan.FromDays(3_000));
        await store.Store.CompactAsync(default);
        Assert.Equal(["0", "1", "2"], await PresentAsync(store, 0, 1, 2));
        Assert.Equal((0ul, 0), (store.Store.GetStatistics().Retention.HiddenBeforeUnixNano, store.Store.GetStatistics().Retention.DroppedBlocks));
    }

    [Fact]
    public async Task BlocksThatCannotBeOpenedGoWhenTheyAreOldUnlessSomethingIsPinned()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        await store.AppendAsync(Span(1));
        await store.FlushAsync();
        await store.Store.DisposeAsync();
        const string block = StoreUnderTest.Root + "/blocks/0000000001.block";
        store.Files.FlipBit(block, 8 * (store.Files.ReadAll(block).Length - 4));
        await store.ReopenAsync();
        Assert.Single(store.Store.GetStatistics().Problems);
        await store.AppendAsync(Span(2));
        await store.FlushAsync();
        await store.Store.PinAsync(Span(2).TraceId, default);
        store.Time.Advance(TimeSpan.FromDays(8));
        await store.Store.CompactAsync(default);
        Assert.True(store.Files.FileExists(block));
        await store.Store.UnpinAsync(Span(2).TraceId, default);
        await store.Store.CompactAsync(default);
        Assert.Empty(store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
        await store.ReopenAsync();
        Assert.Empty(store.Store.GetStatistics().Problems);
    }

    [Fact]
    public async Task SearchesAndAggregatesSayThatABlockIsMissingWhereItMayMatterUntilItIsDropped()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        await store.AppendAsync(Span(1), Span(2));
        await store.FlushAsync();
        await store.Store.DisposeAsync();
        const string block = StoreUnderTest.Root + "/blocks/0000000001.block";
        store.Files.FlipBit(block, 8 * (store.Files.ReadAll(block).Length - 4));
        await store.ReopenAsync();
        await store.AppendAsync(Span(9));
        var everything = new SearchPlan { Limit = 10 };
        var later = new SearchPlan { Limit = 10, Span = new SpanPredicate.And([new SpanPredicate.StartsIn(Span(3).Start, null)]) };
        var found = await store.Store.SearchAsync(everything, default);
        Assert.Equal((1, false, "unreadable"), (found.Traces.Count, found.Total.IsExact, found.Truncated?.Reason));
        Assert.Contains("0000000001.block", found.Truncated?.Message, StringComparison.Ordinal);
        Assert.Null((await store.Store.SearchAsync(later, default)).Truncated);
        Assert.Equal("unreadable", (await store.Store.GetDependenciesAsync(null, null, default)).Truncated?.Reason);
        Assert.Null((await store.Store.GetDependenciesAsync(Span(3).Start, null, default)).Truncated);
        Assert.Single(store.Store.GetStatistics().Problems);
        store.Time.Advance(TimeSpan.FromDays(8));
        await store.Store.CompactAsync(default);
        Assert.Null((await store.Store.SearchAsync(everything, default)).Truncated);
    }

    private static Task<StoreUnderTest> OpenAsync(RetentionOptions retention, int maxPinned = 100) =>
        StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, Retention = retention, MaxPinnedTraces = maxPinned, Compaction = new CompactionOptions { IsOn = false } });

    private static async Task AppendBlockAsync(StoreUnderTest store, int block)
    {
        await store.AppendAsync([.. Enumerable.Range(block * 20, 20).Select(i => Span(i) with { Name = $"{new Random(i).NextInt64():x16}" })]);
        await store.FlushAsync();
    }

    private static async Task<string[]> PresentAsync(StoreUnderTest store, params int[] traces)
    {
        var present = new List<string>();
        foreach (var i in traces)
        {
            if (await store.Store.GetTraceAsync(new TraceId(1, (ulong)i), default) is not null) present.Add($"{i}");
        }
        return [.. present];
    }

    private static PlainSpan Span(int i) => new() { TraceId = new(1, (ulong)i), SpanId = 1, Start = SpanGen.Base + ((ulong)i * 10), End = SpanGen.Base + ((ulong)i * 10) + 5, Name = "n" };
}
