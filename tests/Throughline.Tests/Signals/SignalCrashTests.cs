using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Signals;
using Throughline.Tests.Crash;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Signals;

/// <summary>
/// Signals' stores on disks that cut, fail, tear, fill up and rot: what was acknowledged is there once, or the damage is told and the rest is served. A failure names the seed that repeats it;
/// <c>THROUGHLINE_LIVES</c> asks for a number of random lives.
/// </summary>
public sealed class SignalCrashTests
{
    private static readonly int s_lives = int.TryParse(Environment.GetEnvironmentVariable("THROUGHLINE_LIVES"), CultureInfo.InvariantCulture, out var lives) ? lives : 60;

    [Fact]
    public async Task WhatWasAcknowledgedIsThereOnceInEveryLife()
    {
        var (cuts, refused, openings, merges) = (0, 0, 0, 0L);
        for (var seed = 1; seed <= s_lives; seed++)
        {
            var life = new SignalLife(seed);
            Assert.Null(await life.RunAsync());
            (cuts, refused, openings, merges) = (cuts + life.Cuts, refused + life.Refused, openings + life.RefusedOpenings, merges + life.Merges);
        }
        // The lives reach what they are about.
        Assert.True(cuts >= s_lives / 4 && refused >= s_lives && openings > 0 && merges >= s_lives / 2, $"{cuts} cuts, {refused} refusals, {openings} refused openings, {merges} merges");
    }

    /// <summary>The same steps again and again, with the power cut one operation later each time.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ThePowerMayGoAtEveryOperation(int luck)
    {
        var operations = await StepsAsync(new MemoryFileSystem(), new PlainLedger(1), new CancellationTokenSource());
        Assert.InRange(operations, 60, 400);
        for (var cut = 1; cut <= operations; cut++)
        {
            var files = new MemoryFileSystem();
            var left = cut;
            using var gone = new CancellationTokenSource();
            files.Before = (_, _) =>
            {
                if (Interlocked.Decrement(ref left) != 0) return;
                files.Stop();
                gone.Cancel();
            };
            var ledger = new PlainLedger(1);
            await StepsAsync(files, ledger, gone);
            Assert.Equal(0, files.OpenFiles);
            await JudgeAsync(files.Crash(luck == 0 ? null : new Random(1_000 * luck + cut)), ledger, $"cut at {cut}");
        }
    }

    /// <summary>Every operation fails once, and the power goes at the end of the steps: what failed was told, and what was acknowledged is there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryOperationMayFailOnce(bool isLucky)
    {
        var operations = await StepsAsync(new MemoryFileSystem(), new PlainLedger(1), new CancellationTokenSource());
        for (var fails = 1; fails <= operations; fails++)
        {
            var files = new MemoryFileSystem();
            var left = fails;
            using var gone = new CancellationTokenSource();
            files.Before = (operation, path) =>
            {
                if (Interlocked.Decrement(ref left) == 0) throw new TornAppendException(0.5, $"Input/output error: {operation} of '{path}'");
            };
            var ledger = new PlainLedger(1);
            await StepsAsync(files, ledger, gone);
            files.Before = null;
            await JudgeAsync(files.Copy(), ledger, $"operation {fails} failed");
            await JudgeAsync(files.Crash(isLucky ? new Random(fails) : null), ledger, $"operation {fails} failed, then the power went");
        }
    }

    /// <summary>Two lives with flushes, merges, retention and retries; stops where the disk is gone. Answers the operations.</summary>
    private static async Task<int> StepsAsync(MemoryFileSystem files, PlainLedger ledger, CancellationTokenSource gone)
    {
        for (var life = 0; life < 2; life++)
        {
            try
            {
                await using var store = await PlainStore.OpenAsync(files, new FixedTime(), PlainStore.Small with { LogSegmentBytes = 400 });
                for (var step = 0; step < 4 && !files.IsStopped; step++)
                {
                    await ledger.Next().SendAsync(store);
                    await ledger.Next().SendAsync(store);
                    if (!files.IsStopped) await ledger.Any().SendAsync(store);
                    if (step > 0) await TryAsync(store.Store.FlushAsync, gone.Token);
                    if (step == 2) await TryAsync(store.Store.CompactAsync, gone.Token);
                }
                if (!files.IsStopped) Assert.Null(ledger.Check(store.Read()));
            }
            catch (StoreOpenException)
            {
                // The disk refused the opening: the next life, or the judge, opens it again.
            }
        }
        return files.Operations;
    }

    /// <summary>Waits for a step until it ends or the power is gone: a store whose disk is gone tries for ever.</summary>
    private static async Task TryAsync(Func<CancellationToken, Task> step, CancellationToken gone)
    {
        try
        {
            await step(gone);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Told; the next step tries again.
        }
    }

    private static async Task JudgeAsync(MemoryFileSystem files, PlainLedger ledger, string what)
    {
        await using var store = await PlainStore.OpenAsync(files, new FixedTime());
        var wrong = ledger.Check(store.Read());
        Assert.True(wrong is null, $"{what}: {wrong}");
        foreach (var request in ledger.Requests)
        {
            // Without telling the ledger: the same steps are judged after another end, too.
            var status = await store.SendAsync(request.Items);
            Assert.True(status == AppendStatus.Duplicate || (status == AppendStatus.Durable && !request.IsAcknowledged), $"{what}: {status}");
        }
        await store.Store.FlushAsync(default);
        await store.Store.CompactAsync(default);
        var again = ledger.Check(store.Read());
        Assert.True(again is null, $"{what}, after all was sent again: {again}");
        Assert.Equal(ledger.Requests.Sum(r => r.Items.Length), store.Read().Length);
        Assert.Empty(store.Store.GetStatistics().Problems);
    }

    /// <summary>A manifest whose directory could not be synced is what the next opening sees; the power may go before anything else is written.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatTheManifestBeforeWantsIsNotDeletedBeforeTheNewOneIsDurable(bool merges)
    {
        var files = new MemoryFileSystem();
        var ledger = new PlainLedger(8);
        await using (var store = await PlainStore.OpenAsync(files, new ManualTime()))
        {
            for (var i = 0; i < 2; i++)
            {
                await ledger.Next().SendAsync(store);
                if (i == 0 || merges) await store.Store.FlushAsync(default);
            }
            using var refused = new CancellationTokenSource();
            files.Before = (operation, path) =>
            {
                if (operation != FileOperation.SyncDirectory || path != PlainStore.Paths.Root) return;
                refused.CancelAfter(0);
                throw new IOException($"Input/output error: {operation} of '{path}'");
            };
            await Assert.ThrowsAnyAsync<Exception>(() => merges ? store.Store.CompactAsync(refused.Token) : store.Store.FlushAsync(refused.Token));
        }
        files.Before = null;
        await using (var store = await PlainStore.OpenAsync(files, new FixedTime()))
        {
            Assert.Null(ledger.Check(store.Read()));
            var blockIsWritten = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            files.Before = (_, path) =>
            {
                if (!path.StartsWith(PlainStore.Paths.Manifest, StringComparison.Ordinal)) return;
                files.Stop();
                blockIsWritten.TrySetResult();
            };
            await ledger.Next().SendAsync(store);
            using var gone = new CancellationTokenSource();
            var flush = store.Store.FlushAsync(gone.Token);
            // The power goes when a block is there and its manifest is not.
            await blockIsWritten.Task.WaitAsync(Patience.Limit);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => flush);
        }
        await JudgeAsync(files.Crash(), ledger, "the power went");
    }

    [Fact]
    public async Task AFullDiskRefusesServesAndGoesOnWhenThereIsRoom()
    {
        var files = new MemoryFileSystem();
        var ledger = new PlainLedger(5);
        await using (var store = await PlainStore.OpenAsync(files, new FixedTime()))
        {
            await ledger.Next().SendAsync(store);
            files.Capacity = files.UsedBytes + 2_000;
            for (var refused = 0; refused < 20;) refused += await ledger.Next().SendAsync(store) == AppendStatus.Durable ? 0 : 1;
            Assert.Null(ledger.Check(store.Read()));
            await Assert.ThrowsAsync<IOException>(() => store.Store.FlushAsync(default));
            files.Capacity = long.MaxValue;
            foreach (var request in ledger.Requests) await request.SendAsync(store);
            Assert.All(ledger.Requests, r => Assert.True(r.IsAcknowledged));
            await store.Store.FlushAsync(default);
            Assert.Empty(store.Store.GetStatistics().Problems);
        }
        await JudgeAsync(files.Crash(), ledger, "full disk");
    }

    [Fact]
    public async Task AFlippedBitOfABlockIsToldAndTheRestIsServed()
    {
        var files = new MemoryFileSystem();
        var ledger = new PlainLedger(3);
        await using (var store = await PlainStore.OpenAsync(files, new FixedTime()))
        {
            await ledger.Next().SendAsync(store);
            await store.Store.FlushAsync(default);
            await ledger.Next().SendAsync(store);
            await store.Store.FlushAsync(default);
            await ledger.Next().SendAsync(store);
        }
        var path = PlainStore.Paths.Block(1);
        for (var at = 0; at < files.ReadAll(path).Length; at++)
        {
            var damaged = files.Copy();
            damaged.FlipBit(path, at * 8L + at % 8);
            await using var store = await PlainStore.OpenAsync(damaged, new FixedTime());
            var shown = store.Read();
            Assert.Null(ledger.CheckNothingElse(shown));
            Assert.All(ledger.Requests.Skip(1).SelectMany(r => r.Items), item => Assert.Contains(item, shown));
            // A merge leaves it as it is, and nothing of it is passed on as good.
            await store.Store.FlushAsync(default);
            await store.Store.CompactAsync(default);
            Assert.Equal(shown.OrderBy(i => i.Value), store.Read().OrderBy(i => i.Value));
            Assert.Contains(store.Store.GetStatistics().Problems, p => p.Contains("logs/blocks/0000000001.block", StringComparison.Ordinal));
            Assert.True(damaged.FileExists(path), $"byte {at}");
        }
    }

    [Fact]
    public async Task ADamagedManifestIsRefusedAndNothingIsTouched()
    {
        var files = new MemoryFileSystem();
        var ledger = new PlainLedger(3);
        await using (var store = await PlainStore.OpenAsync(files, new FixedTime()))
        {
            for (var i = 0; i < 3; i++)
            {
                await ledger.Next().SendAsync(store);
                await store.Store.FlushAsync(default);
            }
        }
        var refused = 0;
        var length = files.ReadAll(PlainStore.Paths.Manifest).Length;
        for (var at = 0; at < length; at++)
        {
            var damaged = files.Copy();
            damaged.FlipBit(PlainStore.Paths.Manifest, at * 8L + at % 7);
            var before = damaged.Paths;
            try
            {
                // A letter of a name that stands for nothing may be another; what the manifest says is the same then.
                await using var store = await PlainStore.OpenAsync(damaged, new FixedTime());
                Assert.Null(ledger.Check(store.Read()));
            }
            catch (StoreOpenException e)
            {
                refused++;
                Assert.Contains(SignalManifest.FileName, e.Message);
                Assert.Equal(before, damaged.Paths);
            }
        }
        Assert.True(refused > length * 9 / 10, $"{refused} of {length} were refused");
        files.Delete(PlainStore.Paths.Manifest);
        Assert.Contains("has blocks", (await Assert.ThrowsAsync<StoreOpenException>(() => PlainStore.OpenAsync(files, new FixedTime()))).Message);
    }
}
