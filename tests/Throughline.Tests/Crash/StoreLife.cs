using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>
/// A store's life on a machine that loses its power again and again, at random operations on its files, while senders send. After every cut the store is
/// opened on what was durable, and asked for everything.
/// </summary>
internal sealed class StoreLife(int seed, bool sync)
{
    private const int Cuts = 5;
    private const int Senders = 3;
    private const int MostRefused = 200;

    private readonly Random _random = new(seed);
    private readonly SpanLedger _ledger = new(seed);

    /// <summary>What was wrong after a cut; null when nothing was.</summary>
    public string? Loss { get; private set; }

    /// <summary>Blocks at the end: more than none, or the life proved nothing about flushing.</summary>
    public int Blocks { get; private set; }

    /// <summary>Requests that were sent again after a cut that left it open whether they were stored.</summary>
    public int Retried { get; private set; }

    /// <summary>Of those, the ones that the store knew.</summary>
    public int Recognised { get; private set; }

    public async Task RunAsync()
    {
        var files = new MemoryFileSystem();
        for (var cut = 0; cut < Cuts && Loss is null; cut++)
        {
            await LiveUntilTheCutAsync(files);
            files = files.Crash(_random.Next(4) == 0 ? null : new Random(_random.Next()));
            try
            {
                await LookAsync(files);
            }
            catch (Exception e) when (e is IOException or StoreOpenException or CorruptDataException)
            {
                Loss = $"after cut {cut}: {e.Message}";
            }
        }
    }

    private async Task LiveUntilTheCutAsync(MemoryFileSystem files)
    {
        var left = _random.Next(1, 250);
        // In some lives the disk refuses now and then before it is gone.
        var failing = _random.Next(3) == 0;
        var faults = new Random(_random.Next());
        // In some the power goes between the write and the sync of a group: what was not acknowledged may be there all the same. Without syncs that moment never comes.
        var betweenWriteAndSync = _random.Next(3) == 0 && sync;
        files.Before = (operation, path) =>
        {
            if (Interlocked.Decrement(ref left) <= 0 && (!betweenWriteAndSync || (operation == FileOperation.Sync && path.EndsWith(".wal", StringComparison.Ordinal))))
                files.Stop();
            else if (failing && Fails(faults))
                throw new IOException($"Input/output error: {operation} of '{path}'");
        };
        try
        {
            await using var store = await CrashStore.OpenAsync(Seen(files));
            await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(() => SendUntilTheCutAsync(store, files))));
        }
        catch (Exception e) when (e is IOException or StoreOpenException)
        {
            // The power went while the store was opened or closed.
        }
    }

    private async Task SendUntilTheCutAsync(TraceStore store, MemoryFileSystem files)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        var refused = 0;
        while (!files.IsStopped)
        {
            Assert.False(limit.IsCancellationRequested, $"seed {seed}: the power has not gone after {_ledger.Requests.Count} requests; {string.Join("; ", store.GetStatistics().Problems)}");
            var request = _ledger.Next();
            var status = await CrashStore.SendAsync(store, request);
            if (status is AppendStatus.Failed && RandomlyTrue())
                status = await CrashStore.SendAsync(store, request);
            refused = status is AppendStatus.Durable or AppendStatus.Duplicate ? 0 : refused + 1;
            // The power does not wait for a store that takes nothing any more, and so touches no file either.
            if (refused > MostRefused) files.Stop();
        }
    }

    private bool RandomlyTrue()
    {
        lock (_random)
            return _random.Next(2) == 0;
    }

    private static bool Fails(Random faults)
    {
        lock (faults)
            return faults.Next(25) == 0;
    }

    private async Task LookAsync(MemoryFileSystem files)
    {
        await using var store = await CrashStore.OpenAsync(Seen(files));
        await CheckAsync(store);
        foreach (var request in _ledger.Requests.Where(r => !r.IsAcknowledged))
        {
            // Some senders give up.
            if (_random.Next(3) == 0 || Loss is not null)
                continue;
            Retried++;
            Recognised += await CrashStore.SendAsync(store, request) == AppendStatus.Duplicate ? 1 : 0;
        }
        await CheckAsync(store);
        Blocks = store.GetStatistics().Blocks;
    }

    private async Task CheckAsync(TraceStore store)
    {
        if (Loss is not null)
            return;
        Loss = _ledger.Check(await CrashStore.ReadAsync(store, _ledger), out var spans);
        var statistics = store.GetStatistics();
        if (Loss is null && statistics.Problems.Count > 0)
            Loss = string.Join("; ", statistics.Problems);
        if (Loss is null && statistics.Spans != spans)
            Loss = $"{spans} spans are there, {statistics.Spans} are stored";
    }

    private IFileSystem Seen(MemoryFileSystem files) => sync ? files : new UnsyncedFileSystem(files);
}
