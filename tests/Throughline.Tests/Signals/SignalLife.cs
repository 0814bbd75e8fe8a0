using Throughline.Engine;
using Throughline.Engine.Signals;
using Throughline.Tests.Crash;
using Throughline.Tests.Files;

namespace Throughline.Tests.Signals;

/// <summary>
/// The life of a signal's store in sessions, in each of which its disk has another fault; in between the power goes or the store is closed. After each session the store is opened on a disk that works and looked
/// at. All of it follows from the seed.
/// </summary>
internal sealed class SignalLife(int seed)
{
    private const int Sessions = 5;
    private const int StepsInASession = 24;

    private readonly Random _random = new(seed);
    private readonly PlainLedger _ledger = new(seed);
    private readonly SteppedTime _time = new();
    private MemoryFileSystem _files = new();

    public int Cuts { get; private set; }

    public int Refused { get; private set; }

    public int RefusedOpenings { get; private set; }

    public long Merges { get; private set; }

    /// <summary>Lives; null when all was well.</summary>
    public async Task<string?> RunAsync()
    {
        for (var session = 0; session < Sessions; session++)
        {
            var fault = (DiskFault)_random.Next(Enum.GetValues<DiskFault>().Length);
            var isClosed = await LiveAsync(fault);
            if (await LookAsync() is { } wrong) return $"seed {seed}, session {session}, {fault}, {(isClosed ? "closed" : "cut off")}: {wrong}";
        }
        return null;
    }

    private async Task<bool> LiveAsync(DiskFault fault)
    {
        var disk = new FaultyDisk(_files, fault, _random.Next());
        var roomAt = _random.Next(StepsInASession);
        var closes = _random.Next(2) == 0;
        var store = await ReopenAsync(disk);
        for (var step = 0; step < StepsInASession && store is not null && !_files.IsStopped; step++)
        {
            if (step == roomAt) disk.MakeRoom();
            disk.BeginStep();
            _time.Step(TimeSpan.FromSeconds(_random.Next(3)));
            store = await StepAsync(store, disk);
        }
        Refused += disk.Refused;
        Cuts += _files.IsStopped ? 1 : 0;
        var isClosed = store is not null && !_files.IsStopped && closes;
        if (isClosed) disk.End();
        else _files.Stop();
        if (store is not null)
        {
            Merges += store.Store.GetStatistics().Merges;
            await store.DisposeAsync();
        }
        Assert.Equal(0, _files.OpenFiles);
        if (!isClosed) _files = _files.Crash(_random.Next(3) == 0 ? null : new Random(_random.Next()));
        return isClosed;
    }

    private async Task<PlainStore?> StepAsync(PlainStore store, FaultyDisk disk)
    {
        var kind = _random.Next(100);
        if (kind < 50) await _ledger.Next().SendAsync(store);
        else if (kind < 60 && _ledger.Requests.Count > 0) await _ledger.Any().SendAsync(store);
        else if (kind < 72) await TryAsync(() => store.Store.FlushAsync(disk.Patience));
        else if (kind < 84) await TryAsync(() => store.Store.CompactAsync(disk.Patience));
        else if (kind < 92) Assert.Null(_ledger.Check(store.Read()));
        else
        {
            await store.DisposeAsync();
            return await ReopenAsync(disk);
        }
        return store;
    }

    /// <summary>Opens the store; on a disk that refuses, at a later try. Null when the power is gone.</summary>
    private async Task<PlainStore?> ReopenAsync(FaultyDisk disk)
    {
        while (!_files.IsStopped)
        {
            try
            {
                return await OpenAsync();
            }
            catch (StoreOpenException e)
            {
                Assert.Equal(0, _files.OpenFiles);
                RefusedOpenings++;
                if (e.Message.Contains("No space left", StringComparison.Ordinal)) disk.MakeRoom();
                else if (!_files.IsStopped) Assert.Contains("Input/output error", e.Message);
            }
        }
        return null;
    }

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The store says that it could not; what it holds is looked at afterwards.
        }
    }

    /// <summary>Opens what is left on a disk that works, and looks at it: as it is, after senders have sent again, after a merge, and closed.</summary>
    private async Task<string?> LookAsync()
    {
        await using (var store = await OpenAsync())
        {
            if (_ledger.Check(store.Read()) is { } wrong) return wrong;
            foreach (var request in _ledger.Requests.Where(r => !r.IsAcknowledged))
            {
                // Some senders give up.
                if (_random.Next(3) > 0) await request.SendAsync(store);
            }
            if (_random.Next(2) == 0)
            {
                await store.Store.FlushAsync(default);
                await store.Store.CompactAsync(default);
            }
            var shown = store.Read();
            if (_ledger.Check(shown) is { } again) return $"after more requests: {again}";
            var figures = store.Store.GetStatistics();
            if (figures.Items != shown.Length) return $"{shown.Length} items are shown, and {figures.Items} are told";
            if (figures.Problems.Count > 0) return $"problems on a disk that works: {string.Join("; ", figures.Problems)}";
        }
        var named = SignalManifest.Read(_files, PlainStore.Paths).Blocks.Select(b => SignalPaths.BlockFileName(b.Number)).ToHashSet();
        var there = _files.ListFiles(PlainStore.Paths.Blocks);
        return named.SetEquals(there) ? null : $"the manifest names {string.Join(", ", named)}, and there are {string.Join(", ", there)}";
    }

    private Task<PlainStore> OpenAsync() => PlainStore.OpenAsync(_files, _time, PlainStore.Small with { HeadMaxItems = 24 });
}
