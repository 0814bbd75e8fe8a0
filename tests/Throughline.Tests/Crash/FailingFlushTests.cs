using Throughline.Engine;
using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>A disk that refuses somewhere in a flush: the flush is tried again, and nothing is lost or doubled, whenever the power goes.</summary>
public sealed class FailingFlushTests
{
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
    [InlineData(FileOperation.Delete, ".wal")]
    [InlineData(FileOperation.SyncDirectory, "log")]
    public async Task EverySpanIsThereOnceAfterAFailedFlushAndAfterALossOfPowerDuringTheNextTry(FileOperation failing, string ending)
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var files = new MemoryFileSystem();
            var ledger = new SpanLedger(seed);
            using var power = new CancellationTokenSource();
            await using (var store = await CrashStore.OpenAsync(files))
            {
                var failures = 1 + seed % 3;
                var losesPower = seed % 2 == 0;
                var left = int.MaxValue;
                files.Before = (operation, path) =>
                {
                    if (Interlocked.Decrement(ref left) == 0)
                    {
                        files.Stop();
                        power.Cancel();
                    }
                    if (operation != failing || !path.EndsWith(ending, StringComparison.Ordinal) || Interlocked.Decrement(ref failures) < 0)
                        return;
                    // The power goes a few operations after the last failure, in every second life not at all.
                    if (Volatile.Read(ref failures) == 0 && losesPower)
                        Volatile.Write(ref left, 2 + seed);
                    throw new IOException($"Input/output error: {operation} of '{path}'");
                };
                for (var i = 0; i < 40 && !files.IsStopped; i++)
                    await CrashStore.SendAsync(store, ledger.Next());
                if (await FlushedAsync(store, power.Token) && !losesPower)
                    await AssertAllThereAsync(store, ledger, $"seed {seed}, before the store was closed");
            }
            // What the disk kept of the unsynced is a matter of luck: try some.
            for (var luck = 0; luck < 8; luck++)
            {
                await using var again = await CrashStore.OpenAsync(files.Crash(luck == 0 ? null : new Random(luck * 1_000 + seed)));
                await AssertAllThereAsync(again, ledger, $"seed {seed}, luck {luck}");
                Assert.Empty(again.GetStatistics().Problems);
            }
        }
    }

    /// <summary>
    /// The sync of the manifest's name fails, and the store is closed and opened again before the power goes: the manifest that the second opening sees may not be the one that the power leaves, and log
    /// segments that only the other one can do without are still needed.
    /// </summary>
    [Fact]
    public async Task EverySpanIsThereWhenThePowerTakesBackAManifestThatASecondOpeningHasSeen()
    {
        var files = new MemoryFileSystem();
        var ledger = new SpanLedger(3);
        await using (var store = await CrashStore.OpenAsync(files, headMaxSpans: 100_000))
        {
            for (var i = 0; i < 40; i++) Assert.Equal(AppendStatus.Durable, await CrashStore.SendAsync(store, ledger.Next()));
            using var refused = new CancellationTokenSource();
            files.Before = (operation, path) =>
            {
                if (operation != FileOperation.SyncDirectory || !path.EndsWith("traces", StringComparison.Ordinal)) return;
                refused.Cancel();
                throw new IOException($"Input/output error: {operation} of '{path}'");
            };
            Assert.False(await FlushedAsync(store, refused.Token));
        }
        files.Before = null;
        await using (var second = await CrashStore.OpenAsync(files))
        {
            await AssertAllThereAsync(second, ledger, "the second opening");
            files.Stop();
        }
        await using var third = await CrashStore.OpenAsync(files.Crash());
        await AssertAllThereAsync(third, ledger, "after the loss of power");
        Assert.Empty(third.GetStatistics().Problems);
    }

    private static async Task<bool> FlushedAsync(TraceStore store, CancellationToken power)
    {
        try
        {
            await store.FlushAsync(power);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private static async Task AssertAllThereAsync(TraceStore store, SpanLedger ledger, string when)
    {
        var loss = ledger.Check(await CrashStore.ReadAsync(store, ledger), out var spans);
        Assert.True(loss is null, $"{when}: {loss}");
        Assert.Equal(spans, store.GetStatistics().Spans);
    }
}
