using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Signals;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Signals;

/// <summary>What the store of a signal promises, whatever its format.</summary>
public sealed class SignalStoreTests
{
    private readonly MemoryFileSystem _files = new();
    private readonly ManualTime _time = new();

    private static PlainItem Item(ulong value) => new(1_000 + value, value);

    [Fact]
    public async Task WhatIsAppendedIsVisibleAndSurvivesTheLossOfPower()
    {
        var store = await PlainStore.OpenAsync(_files, _time);
        Assert.Equal(AppendStatus.Durable, await store.SendAsync(Item(1), Item(2)));
        Assert.Equal(AppendStatus.Durable, await store.SendAsync(Item(3)));
        Assert.Equal([Item(1), Item(2), Item(3)], store.Read());
        _files.Stop();
        await store.DisposeAsync();

        await using var again = await PlainStore.OpenAsync(_files.Crash(), _time);
        Assert.Equal([Item(1), Item(2), Item(3)], again.Read());
        Assert.Empty(again.Store.GetStatistics().Problems);
    }

    [Fact]
    public async Task AHeadBecomesABlockAndItsLogGoes()
    {
        await using var store = await PlainStore.OpenAsync(_files, _time);
        await store.SendAsync(Item(1));
        await store.Store.FlushAsync(default);
        await store.SendAsync(Item(2));
        var figures = store.Store.GetStatistics();
        Assert.Equal((2, 1, 1), (figures.Items, figures.HeadItems, figures.Blocks));
        Assert.Equal((1_001ul, 1_002ul), (figures.EarliestUnixNano, figures.LatestUnixNano));
        Assert.Equal([Item(1), Item(2)], store.Read());
        Assert.Single(_files.ListFiles(PlainStore.Paths.Log));
    }

    [Fact]
    public async Task AnEqualRequestIsADuplicateAcrossBlocksAndRestartsUntilItsTimeIsOver()
    {
        await using (var store = await PlainStore.OpenAsync(_files, _time))
        {
            await store.SendAsync(Item(1));
            Assert.Equal(AppendStatus.Duplicate, await store.SendAsync(Item(1)));
            await store.Store.FlushAsync(default);
            await store.SendAsync(Item(2));
            await store.Store.FlushAsync(default);
            await store.Store.CompactAsync(default);
            await store.SendAsync(Item(3));
        }
        await using var again = await PlainStore.OpenAsync(_files, _time);
        foreach (var value in new ulong[] { 1, 2, 3 }) Assert.Equal(AppendStatus.Duplicate, await again.SendAsync(Item(value)));
        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(AppendStatus.Durable, await again.SendAsync(Item(1)));
    }

    [Fact]
    public async Task ASnapshotStaysAsItIsWhileTheStoreGoesOn()
    {
        await using var store = await PlainStore.OpenAsync(_files, _time);
        await store.SendAsync(Item(1));
        await store.Store.FlushAsync(default);
        await store.SendAsync(Item(2));
        var snapshot = store.Store.TakeSnapshot();
        for (ulong value = 3; value < 20; value++) await store.SendAsync(Item(value));
        await store.Store.FlushAsync(default);
        await store.Store.CompactAsync(default);
        Assert.Equal(1, store.Store.GetStatistics().Blocks);
        Assert.Equal([Item(1), Item(2)], PlainStore.Read(snapshot));
        Assert.Equal(2, _files.ListFiles(PlainStore.Paths.Blocks).Count);
        snapshot.Dispose();
        // The blocks that it held are gone with it.
        Assert.Single(_files.ListFiles(PlainStore.Paths.Blocks));
        Assert.Equal(19, store.Read().Length);
    }

    [Fact]
    public async Task ASnapshotOutlivesTheStore()
    {
        var store = await PlainStore.OpenAsync(_files, _time);
        await store.SendAsync(Item(1));
        await store.Store.FlushAsync(default);
        var snapshot = store.Store.TakeSnapshot();
        await store.DisposeAsync();
        Assert.Equal([Item(1)], PlainStore.Read(snapshot));
        Assert.Throws<ObjectDisposedException>(store.Store.TakeSnapshot);
        snapshot.Dispose();
        Assert.Equal(0, _files.OpenFiles);
    }

    [Fact]
    public async Task AFullHeadIsFlushedByItself()
    {
        await using var store = await PlainStore.OpenAsync(_files, _time, PlainStore.Small with { HeadMaxItems = 2 });
        for (ulong value = 0; value < 9; value++)
        {
            // As a sender does: again, when blocks are written slower than items come.
            while (await store.SendAsync(Item(value)) == AppendStatus.Overloaded) await store.Store.FlushAsync(default);
        }
        await store.Store.FlushAsync(default);
        Assert.InRange(store.Store.GetStatistics().Blocks, 2, 5);
        Assert.Equal(9, store.Read().Length);
    }

    [Fact]
    public async Task SendersAreToldToTryAgainWhileBlocksAreWrittenTooSlowly()
    {
        using var disk = new ManualResetEventSlim();
        await using var store = await PlainStore.OpenAsync(_files, _time, PlainStore.Small with { HeadMaxItems = 2 }, new PlainFormat { BeforeWrite = disk.Wait });
        ulong value = 0;
        while (await store.SendAsync(Item(value)) == AppendStatus.Durable) value++;
        // The head that is being written, and twice as much in the next one.
        Assert.InRange(value, 5ul, 12ul);
        Assert.Equal((int)value, store.Read().Length);
        disk.Set();
        await store.Store.FlushAsync(default);
        Assert.Equal(AppendStatus.Durable, await store.SendAsync(Item(value)));
    }

    [Fact]
    public async Task AnOldHeadIsFlushedByItself()
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var store = await PlainStore.OpenAsync(_files, _time, format: new PlainFormat { BeforeWrite = () => written.TrySetResult() });
        await store.SendAsync(Item(1));
        _time.Advance(TimeSpan.FromMinutes(29));
        Assert.False(written.Task.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(2));
        await written.Task.WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task BlocksGoByAgeFromWhenTheyWereReceived()
    {
        await using var store = await PlainStore.OpenAsync(_files, _time, PlainStore.Small with { MaxAge = TimeSpan.FromDays(1) });
        await store.SendAsync(Item(1));
        await store.Store.FlushAsync(default);
        _time.Advance(TimeSpan.FromHours(23));
        await store.SendAsync(Item(2));
        await store.Store.FlushAsync(default);
        await store.Store.CompactAsync(default);
        _time.Advance(TimeSpan.FromHours(2));
        await store.Store.CompactAsync(default);
        // Merged into one block they go together, a block that was received later stays.
        Assert.Equal([Item(1), Item(2)], store.Read());
        _time.Advance(TimeSpan.FromHours(23));
        await store.Store.CompactAsync(default);
        Assert.Empty(store.Read());
        Assert.Empty(_files.ListFiles(PlainStore.Paths.Blocks));
        Assert.Equal((1, 2), (store.Store.GetStatistics().DroppedBlocks, store.Store.GetStatistics().DroppedItems));
    }

    [Fact]
    public async Task AClockThatIsAheadForAMomentDropsNothingAndOneThatStaysIsBelieved()
    {
        var time = new JumpingTime();
        await using var store = await PlainStore.OpenAsync(_files, time, PlainStore.Small with { MaxAge = TimeSpan.FromDays(1) });
        await store.SendAsync(Item(1));
        await store.Store.FlushAsync(default);
        await store.Store.CompactAsync(default);
        time.Offset = TimeSpan.FromDays(365);
        await store.Store.CompactAsync(default);
        time.Offset = TimeSpan.Zero;
        await store.Store.CompactAsync(default);
        Assert.Equal([Item(1)], store.Read());
        time.Offset = TimeSpan.FromDays(365);
        await store.Store.CompactAsync(default);
        time.Advance(RetentionClock.Doubt + TimeSpan.FromMinutes(1));
        await store.Store.CompactAsync(default);
        Assert.Empty(store.Read());
    }

    [Fact]
    public async Task TheOldestBlocksGoWhenTheyAreTooManyBytes()
    {
        await using var store = await PlainStore.OpenAsync(_files, _time, PlainStore.Small with { MaxBytes = 500 });
        for (ulong value = 0; value < 10; value++)
        {
            await store.SendAsync(Item(value));
            await store.Store.FlushAsync(default);
        }
        await store.Store.CompactAsync(default);
        var figures = store.Store.GetStatistics();
        Assert.InRange(figures.BlockBytes, 300, 500);
        Assert.Equal(Enumerable.Range(10 - (int)figures.Items, (int)figures.Items).Select(i => Item((ulong)i)), store.Read());
        Assert.Equal(10, figures.DroppedItems + figures.Items);
    }

    [Fact]
    public async Task TwoStoresOfASignalAreNotOpenAtOnce()
    {
        using var directory = DataDirectory.Take(PlainStore.Directory, _files);
        await using var store = await SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock>.OpenAsync(directory, new PlainFormat(), PlainStore.Small, _files, _time, default);
        await Assert.ThrowsAsync<StoreOpenException>(() => SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock>.OpenAsync(directory, new PlainFormat(), PlainStore.Small, _files, _time, default));
        Assert.Contains("in use by another process", Assert.Throws<StoreOpenException>(() => DataDirectory.Take(PlainStore.Directory, _files)).Message);
    }

    [Fact]
    public async Task ItLiesBesideTheTracesUnderOneLock()
    {
        using (var directory = DataDirectory.Take(PlainStore.Directory, _files))
        {
            await using var traces = await TraceStore.OpenAsync(new TraceStoreOptions { Directory = PlainStore.Directory }, directory, _files, _time, default);
            await using var store = await SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock>.OpenAsync(directory, new PlainFormat(), PlainStore.Small, _files, _time, default);
        }
        Assert.Equal(0, _files.OpenFiles);
        // Whoever opens only one of them finds a store, and no stranger's directory.
        await using var alone = await PlainStore.OpenAsync(_files, _time);
    }
}
