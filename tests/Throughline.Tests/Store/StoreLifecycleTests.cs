using Throughline.Engine;
using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>A store through its life: flushes that fail, damage, clocks, cursors and neighbours.</summary>
public sealed class StoreLifecycleTests
{
    private const string FirstBlock = StoreUnderTest.Root + "/blocks/0000000001.block";
    private const string ManifestPath = StoreUnderTest.Root + "/" + Manifest.FileName;

    [Fact]
    public async Task FlushMovesSpansFromLogToBlock()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1), Span(2));
        Assert.Equal((2, 2, 0), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().HeadSpans, store.Store.GetStatistics().Blocks));
        await store.FlushAsync();
        var statistics = store.Store.GetStatistics();
        Assert.Equal((2, 0, 1), (statistics.Spans, statistics.HeadSpans, statistics.Blocks));
        Assert.Equal((Span(1).Start, Span(2).Start), (statistics.EarliestStartUnixNano, statistics.LatestStartUnixNano));
        Assert.Equal(store.Files.ReadAll(FirstBlock).Length, statistics.BlockBytes);
        Assert.Single(store.Files.ListFiles(StoreUnderTest.Root + "/log"));
    }

    [Fact]
    public async Task RetryIsRecognisedAfterFlushAndReopening()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1));
        await store.RetryAsync(0);
        await store.FlushAsync();
        await store.ReopenAsync();
        await store.RetryAsync(0);
        store.Time.Advance(store.Options.DuplicateWindow + TimeSpan.FromSeconds(1));
        Assert.Equal(AppendStatus.Durable, (await StoreUnderTest.SendAsync(store.Store, [Span(1)], 1)).Status);
        Assert.Equal(1, (await store.Store.GetTraceAsync(Span(1).TraceId, default))?.Spans.RowCount);
    }

    [Fact]
    public async Task OldHeadBecomesABlockByItself()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1));
        store.Time.Advance(store.Options.HeadMaxAge + TimeSpan.FromMinutes(1));
        await store.Store.FlushAsync(default);
        Assert.Equal(1, store.Store.GetStatistics().Blocks);
    }

    [Fact]
    public async Task FullHeadsBecomeBlocksWithoutLosingASpan()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = 50 });
        for (var i = 0; i < 60; i++)
        {
            var spans = Enumerable.Range(0, 10).Select(n => Span((i * 10) + n)).ToArray();
            await StoreUnderTest.SendUntilTakenAsync(store.Store, spans, (UInt128)i + 1);
        }
        await store.Store.FlushAsync(default);
        Assert.InRange(store.Store.GetStatistics().Blocks, 2, 60);
        Assert.Equal(600, (await store.Store.SearchAsync(new SearchPlan(), default)).Total.Value);
        await store.ReopenAsync();
        Assert.Equal(600, (await store.Store.SearchAsync(new SearchPlan(), default)).Total.Value);
    }

    [Theory]
    [InlineData(FileOperation.Append)]
    [InlineData(FileOperation.Sync)]
    [InlineData(FileOperation.Rename)]
    [InlineData(FileOperation.SyncDirectory)]
    public async Task FailedFlushIsToldAndTriedAgain(FileOperation operation)
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1), Span(2));
        var failures = 0;
        store.Files.Before = (o, path) =>
        {
            if (o == operation && !path.Contains("/log", StringComparison.Ordinal) && Interlocked.Increment(ref failures) == 1) throw new IOException("the disk is full");
        };
        var flush = store.Store.FlushAsync(default);
        await store.UntilAsync(() => store.Store.GetStatistics().Problems.Count > 0);
        Assert.Contains("the disk is full", Assert.Single(store.Store.GetStatistics().Problems));
        Assert.Equal(2, (await store.Store.SearchAsync(new SearchPlan(), default)).Total.Value);
        // What a crash leaves now holds all spans, too.
        await using (var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(), store.Time, default))
            Assert.Equal(2, (await crashed.SearchAsync(new SearchPlan(), default)).Total.Value);
        await store.AdvanceUntilAsync(() => flush.IsCompleted);
        Assert.Equal((2, 1, 0), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks, store.Store.GetStatistics().Problems.Count));
        Assert.Single(store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
        await store.ReopenAsync();
        Assert.Equal(2, store.Store.GetStatistics().Spans);
    }

    [Fact]
    public async Task LogThatCouldNotBeCutIsToldUntilItCanBe()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = 3 });
        store.Files.Before = (o, path) =>
        {
            if (o == FileOperation.Create && path.EndsWith(".wal", StringComparison.Ordinal)) throw new IOException("no space left");
        };
        await store.AppendAsync(Span(1), Span(2), Span(3));
        await store.UntilAsync(() => store.Store.GetStatistics().Problems.Count > 0);
        Assert.Contains("the log cannot begin a segment: no space left", Assert.Single(store.Store.GetStatistics().Problems));
        store.Files.Before = null;
        await store.Store.FlushAsync(default);
        Assert.Empty(store.Store.GetStatistics().Problems);
        Assert.Equal((3, 1), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks));
    }

    [Fact]
    public async Task ManifestThatMayBeThereIsNeverLeftWithoutItsBlock()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1), Span(2));
        // The new manifest is in place and durable, but its writer was told of a failure; the second try is cut off in the middle of its block.
        var failed = false;
        store.Files.Before = (o, path) =>
        {
            if (o == FileOperation.SyncDirectory && path == StoreUnderTest.Root && !failed)
            {
                failed = true;
                throw new IOException("no answer from the disk");
            }
            if (failed && o == FileOperation.Append && path.Contains("/blocks/", StringComparison.Ordinal)) throw new IOException("gone");
        };
        var flush = store.Store.FlushAsync(default);
        await store.UntilAsync(() => store.Store.GetStatistics().Problems.Any(p => p.Contains("no answer", StringComparison.Ordinal)));
        await store.AdvanceUntilAsync(() => store.Store.GetStatistics().Problems.Any(p => p.Contains("gone", StringComparison.Ordinal)));
        store.Files.Before = null;
        store.Files.SyncDirectory(StoreUnderTest.Root);
        await using (var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(), store.Time, default))
        {
            Assert.Empty(crashed.GetStatistics().Problems);
            Assert.Equal(2, (await crashed.SearchAsync(new SearchPlan(), default)).Total.Value);
        }
        store.Files.Before = null;
        await store.AdvanceUntilAsync(() => flush.IsCompleted);
        Assert.Single(store.Files.ListFiles(StoreUnderTest.Root + "/blocks"));
    }

    [Fact]
    public async Task LogThatCannotBeDeletedDoesNotDoubleTheSpans()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1));
        store.Files.Before = (o, path) =>
        {
            if (o == FileOperation.Delete && path.EndsWith(".wal", StringComparison.Ordinal)) throw new IOException("read-only");
        };
        await store.FlushAsync();
        Assert.Contains("cannot be deleted", Assert.Single(store.Store.GetStatistics().Problems));
        Assert.Equal((1, 1), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks));
        store.Files.Before = null;
        await store.ReopenAsync();
        Assert.Equal((1, 1), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks));
        Assert.DoesNotContain("0000000001.wal", store.Files.ListFiles(StoreUnderTest.Root + "/log"));
    }

    [Fact]
    public async Task DamagedManifestRefusesTheStoreWithOneLine()
    {
        var store = await StoreWithBlockAsync();
        store.Files.FlipBit(ManifestPath, 100);
        var refusal = await Assert.ThrowsAsync<StoreOpenException>(() => TraceStore.OpenAsync(store.Options, store.Files, store.Time, default));
        Assert.Contains(ManifestPath, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task MissingManifestBesideBlocksRefusesTheStoreAndKeepsThem()
    {
        var store = await StoreWithBlockAsync();
        store.Files.Delete(ManifestPath);
        var refusal = await Assert.ThrowsAsync<StoreOpenException>(() => TraceStore.OpenAsync(store.Options, store.Files, store.Time, default));
        Assert.Contains("0000000001.block", refusal.Message);
        Assert.True(store.Files.FileExists(FirstBlock));
    }

    [Fact]
    public async Task UnreadableBlockIsToldAndTheRestIsServed()
    {
        var store = await StoreWithBlockAsync();
        await store.ReopenAsync();
        await store.AppendAsync(Span(7));
        await store.Store.DisposeAsync();
        store.Files.Delete(FirstBlock);
        await using var opened = await TraceStore.OpenAsync(store.Options, store.Files, store.Time, default);
        Assert.Contains("0000000001.block", Assert.Single(opened.GetStatistics().Problems));
        Assert.Equal(1, (await opened.SearchAsync(new SearchPlan(), default)).Total.Value);
    }

    [Fact]
    public async Task DamageInsideABlockEndsNoSearchButIsSaid()
    {
        var store = await StoreWithBlockAsync();
        BlockDamage.FlipTraceIds(store.Files, FirstBlock);
        await store.ReopenAsync();
        await store.AppendAsync(Span(7));
        var result = await store.Store.SearchAsync(new SearchPlan { Span = new SpanPredicate.TextIs(SpanTextField.Name, ["n"]) }, default);
        Assert.Equal(Span(7).TraceId, Assert.Single(result.Traces).TraceId);
        Assert.Equal("unreadable", result.Truncated?.Reason);
        Assert.False(result.Total.IsExact);
        Assert.Matches(@"0000000001\.block at byte \d+: expected", Assert.Single(store.Store.GetStatistics().Problems));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task PagesOfALeasedSnapshotDoNotSeeNewerTraces()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        for (var i = 0; i < 5; i++) await store.AppendAsync(Span(i));
        var plan = new SearchPlan { Limit = 2, Descending = false };
        var first = await store.Store.SearchAsync(plan, default);
        await store.AppendAsync(Span(5));
        await store.FlushAsync();
        store.Time.Advance(store.Options.SnapshotLease - TimeSpan.FromSeconds(1));
        var second = await store.Store.SearchAsync(plan with { After = first.Next }, default);
        Assert.Equal((5, false), (second.Total.Value, second.SnapshotExpired));
        store.Time.Advance(store.Options.SnapshotLease + TimeSpan.FromSeconds(1));
        var third = await store.Store.SearchAsync(plan with { After = second.Next }, default);
        Assert.Equal((6, true), (third.Total.Value, third.SnapshotExpired));
        Assert.Equal([Span(4).TraceId, Span(5).TraceId], third.Traces.Select(t => t.TraceId));
        Assert.Null(third.Next);
    }

    [Fact]
    public async Task SearchesBesideAppendsAndFlushesSeeWholeRequestsInOrder()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = 300 });
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 400; i++)
            {
                PlainSpan[] spans = [Span(i), Span(i) with { SpanId = 2, ParentSpanId = 1 }, Span(i) with { SpanId = 3, ParentSpanId = 2, Name = $"unique {i}" }];
                await StoreUnderTest.SendUntilTakenAsync(store.Store, spans, (UInt128)i + 1);
            }
        });
        long seen = 0;
        using var limit = new CancellationTokenSource(Patience.Limit);
        do
        {
            Assert.False(limit.IsCancellationRequested, $"{seen} of 400 traces are found after {Patience.Limit.TotalMinutes} minutes");
            var result = await store.Store.SearchAsync(new SearchPlan { Limit = 1000, Span = new SpanPredicate.FreeText("unique") }, default);
            Assert.True(result.Total.Value >= seen, "a later snapshot holds what an earlier one held");
            Assert.All(result.Traces, t => Assert.Equal((3, 0), (t.Spans, t.Orphans)));
            seen = result.Total.Value;
        }
        while (seen < 400 && !sending.IsFaulted);
        await sending;
    }

    [Fact]
    public async Task SecondStoreOnTheDirectoryIsRefused()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        var refusal = await Assert.ThrowsAsync<StoreOpenException>(() => TraceStore.OpenAsync(store.Options, store.Files, store.Time, default));
        Assert.Contains("in use", refusal.Message);
    }

    [Fact]
    public async Task ClosedStoreAnswersNoQueries()
    {
        var store = await StoreUnderTest.OpenAsync();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.Store.SearchAsync(new SearchPlan(), default).AsTask());
    }

    [Fact]
    public async Task SearchWhoseTimeIsOverSaysSo()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, SearchTimeLimit = TimeSpan.FromTicks(-1) });
        await store.AppendAsync(Span(1));
        var result = await store.Store.SearchAsync(new SearchPlan { Span = new SpanPredicate.IsError() }, default);
        Assert.Equal("time", result.Truncated?.Reason);
        Assert.False(result.Total.IsExact);
    }

    private static PlainSpan Span(int i) => new() { TraceId = new(1, (ulong)i), SpanId = 1, Start = SpanGen.Base + (ulong)i, End = SpanGen.Base + (ulong)i + 5, Name = "n" };

    private static async Task<StoreUnderTest> StoreWithBlockAsync()
    {
        var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1), Span(2));
        await store.FlushAsync();
        await store.Store.DisposeAsync();
        return store;
    }

}
