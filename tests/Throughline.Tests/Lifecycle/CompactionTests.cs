using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Lifecycle;

/// <summary>Blocks are merged while the store goes on: nothing is lost or doubled, whatever fails and whoever still reads.</summary>
public sealed class CompactionTests
{
    [Fact]
    public async Task SmallBlocksBecomeOneWithEveryTraceRejoinedAndEverySpanOnce()
    {
        await using var store = await OpenAsync();
        for (var block = 0; block < 5; block++)
        {
            // One trace that lies in all blocks, one of this block, and a span that all blocks have.
            await store.AppendAsync(Span(1, (ulong)block + 10), Span(100 + block, 1), Span(2, 1));
            await store.FlushAsync();
        }
        Assert.Equal((15, 5), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks));
        await store.Store.CompactAsync(default);
        await AssertCompactedAsync(store);
        await store.ReopenAsync();
        await AssertCompactedAsync(store);
        Assert.Single(store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
    }

    [Fact]
    public async Task BlocksAreMergedByThemselvesWhenTheyMakeALargeOne()
    {
        await using var store = await OpenAsync(new CompactionOptions { TargetSpans = 40 });
        for (var i = 0; i < 40; i++) await AppendAndFlushAsync(store, i);
        await store.UntilAsync(() => store.Store.GetStatistics() is { Compaction.IsIdle: true, Blocks: 1 });
        Assert.Equal([new LevelStatistics(1, 1, 40, store.Store.GetStatistics().BlockBytes)], store.Store.GetStatistics().Levels);
        Assert.Equal((1, 40), (store.Store.GetStatistics().Compaction.Merges, store.Store.GetStatistics().Compaction.MergedSpans));
    }

    [Fact]
    public async Task BlocksThatWaitAreMergedWhenTheyAreOld()
    {
        await using var store = await OpenAsync(new CompactionOptions());
        for (var i = 0; i < 3; i++) await AppendAndFlushAsync(store, i);
        await store.UntilAsync(() => store.Store.GetStatistics().Compaction.IsIdle);
        Assert.Equal((3, 3), (store.Store.GetStatistics().Blocks, store.Store.GetStatistics().Compaction.BacklogBlocks));
        store.Time.Advance(TimeSpan.FromMinutes(16));
        await store.UntilAsync(() => store.Store.GetStatistics() is { Compaction.IsIdle: true, Blocks: 1 });
        Assert.Equal(0, store.Store.GetStatistics().Compaction.BacklogBlocks);
    }

    [Fact]
    public async Task SnapshotOfACursorReadsTheBlocksThatWereMergedMeanwhile()
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 6; i++) await AppendAndFlushAsync(store, i);
        var plan = new SearchPlan { Limit = 2, Descending = false };
        var first = await store.Store.SearchAsync(plan, default);
        await store.Store.CompactAsync(default);
        // The files of the six stay as long as the cursor's snapshot.
        Assert.Equal(7, store.Files.ListFiles(StoreUnderTest.Root + "/blocks").Count);
        await AppendAndFlushAsync(store, 6);
        var second = await store.Store.SearchAsync(plan with { After = first.Next }, default);
        Assert.Equal((6, false), (second.Total.Value, second.SnapshotExpired));
        Assert.Equal([Span(2, 1).TraceId, Span(3, 1).TraceId], second.Traces.Select(t => t.TraceId));
        store.Time.Advance(store.Options.SnapshotLease + TimeSpan.FromSeconds(31));
        Assert.Equal(2, store.Files.ListFiles(StoreUnderTest.Root + "/blocks").Count);
        Assert.Empty(store.Store.GetStatistics().Problems);
    }

    [Theory]
    [InlineData(FileOperation.Create, ".block.tmp")]
    [InlineData(FileOperation.Append, ".block.tmp")]
    [InlineData(FileOperation.Sync, ".block.tmp")]
    [InlineData(FileOperation.Rename, ".block")]
    [InlineData(FileOperation.SyncDirectory, "blocks")]
    [InlineData(FileOperation.Create, "manifest.json.tmp")]
    [InlineData(FileOperation.Append, "manifest.json.tmp")]
    [InlineData(FileOperation.Sync, "manifest.json.tmp")]
    [InlineData(FileOperation.Rename, "manifest.json")]
    [InlineData(FileOperation.SyncDirectory, "traces")]
    public async Task FailedMergeIsToldLosesNothingAndIsTriedAgain(FileOperation operation, string ending)
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 4; i++) await AppendAndFlushAsync(store, i);
        store.Files.Before = (o, path) =>
        {
            if (o == operation && path.EndsWith(ending, StringComparison.Ordinal)) throw new IOException("no space left");
        };
        var refused = await Assert.ThrowsAsync<IOException>(() => store.Store.CompactAsync(default));
        Assert.Contains("no space left", refused.Message);
        Assert.Contains("no space left", Assert.Single(store.Store.GetStatistics().Problems));
        Assert.Equal(4, (await store.Store.SearchAsync(new SearchPlan(), default)).Total.Value);
        for (var luck = 0; luck < 8; luck++)
        {
            await using var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(luck == 0 ? null : new Random(luck)), store.Time, default);
            Assert.Equal((4, 4, 0), (crashed.GetStatistics().Spans, (await crashed.SearchAsync(new SearchPlan(), default)).Total.Value, crashed.GetStatistics().Problems.Count));
        }
        store.Files.Before = null;
        await store.Store.CompactAsync(default);
        Assert.Equal((4, 1, 0), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks, store.Store.GetStatistics().Problems.Count));
        Assert.Single(store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
    }

    [Fact]
    public async Task InputsOfAMergeAreThereAsLongAsAManifestThatNamesThemMayComeBack()
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 4; i++) await AppendAndFlushAsync(store, i);
        // The manifest with the merged block is in its place, its name is not durable; and the next process takes what it sees.
        store.Files.Before = (o, path) =>
        {
            if (o == FileOperation.SyncDirectory && path == StoreUnderTest.Root) throw new IOException("no answer from the disk");
        };
        await Assert.ThrowsAsync<IOException>(() => store.Store.CompactAsync(default));
        await store.Store.DisposeAsync();
        store.Files.Before = null;
        await store.ReopenAsync();
        Assert.Equal((4, 1), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks));
        for (var luck = 0; luck < 32; luck++)
        {
            await using var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(luck == 0 ? null : new Random(luck)), store.Time, default);
            Assert.Empty(crashed.GetStatistics().Problems);
            Assert.Equal(4, (await crashed.SearchAsync(new SearchPlan(), default)).Total.Value);
        }
    }

    [Fact]
    public async Task DamagedBlockStaysAsItIsAndTheOthersAreMerged()
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 4; i++) await AppendAndFlushAsync(store, i);
        await store.Store.DisposeAsync();
        BlockDamage.FlipTraceIds(store.Files, StoreUnderTest.Root + "/blocks/0000000002.block");
        await store.ReopenAsync();
        await store.Store.CompactAsync(default);
        Assert.Contains("0000000002.block", Assert.Single(store.Store.GetStatistics().Problems));
        Assert.Equal((4, 2), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks));
        Assert.Equal(["0000000002.block", "0000000006.block"], store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
        foreach (var i in new[] { 0, 2, 3 }) Assert.NotNull(await store.Store.GetTraceAsync(Span(i, 1).TraceId, default));
    }

    [Fact]
    public async Task SearchesSeeEverySpanOnceWhileBlocksAreMerged()
    {
        await using var store = await OpenAsync(new CompactionOptions { TargetSpans = 60, MaxSmallBlocks = 4 });
        using var stop = new CancellationTokenSource();
        var searching = Task.Run(async () =>
        {
            long seen = 0;
            while (!stop.IsCancellationRequested)
            {
                var result = await store.Store.SearchAsync(new SearchPlan { Limit = 1_000 }, default);
                Assert.Null(result.Truncated);
                Assert.True(result.Total.Value >= seen, "a later snapshot holds what an earlier one held");
                Assert.All(result.Traces, t => Assert.Equal(2, t.Spans));
                seen = result.Total.Value;
            }
        });
        // The more blocks wait for a merge, the fewer merges there are: on a busy machine it takes more of them.
        var traces = 0;
        for (; traces < 150 || (store.Store.GetStatistics().Compaction.Merges <= 10 && traces < 10_000); traces++)
        {
            await store.AppendAsync(Span(traces, 1), Span(traces, 2));
            await store.FlushAsync();
        }
        await store.Store.CompactAsync(default);
        await stop.CancelAsync();
        await searching;
        Assert.Equal(2 * traces, store.Store.GetStatistics().Spans);
        Assert.Equal(store.Store.GetStatistics().Blocks, store.Files.ListFiles(StoreUnderTest.Root + "/blocks").Count);
        Assert.True(store.Store.GetStatistics().Compaction.Merges > 10);
    }

    private static async Task AssertCompactedAsync(StoreUnderTest store)
    {
        Assert.Equal((11, 7, 1), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Traces, store.Store.GetStatistics().Blocks));
        Assert.Equal(5, (await store.Store.GetTraceAsync(Span(1, 1).TraceId, default))?.Spans.RowCount);
        Assert.Equal(11, (await store.Store.GetServicesAsync(null, null, default)).Sum(s => s.Spans));
        // Retries are still recognised.
        for (var request = 0; request < store.RequestCount; request++) await store.RetryAsync(request);
    }

    private static Task<StoreUnderTest> OpenAsync(CompactionOptions? compaction = null) =>
        StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, Compaction = compaction ?? new CompactionOptions { IsOn = false } });

    private static async Task AppendAndFlushAsync(StoreUnderTest store, int i)
    {
        await store.AppendAsync(Span(i, 1));
        await store.FlushAsync();
    }

    private static PlainSpan Span(int trace, ulong id) =>
        new() { TraceId = new(1, (ulong)trace), SpanId = id, Start = SpanGen.Base + (ulong)trace, End = SpanGen.Base + (ulong)trace + 5, Name = "n" };

}
