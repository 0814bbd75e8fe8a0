using Throughline.Engine;
using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>
/// A store's life in sessions, in each of which its disk has another fault; in between the power goes or the store is closed, and in every second life bits flip at rest. After each session a judge opens
/// the store on a disk that works. All of it follows from the seed.
/// </summary>
internal sealed class FaultLife
{
    private const int Sessions = 5;
    private const int StepsInASession = 24;
    private const string Root = $"{CrashStore.Root}/0/traces";

    private readonly int _seed;
    private readonly Random _random;
    private readonly SpanLedger _ledger;
    private readonly LifeJudge _judge;
    private readonly SteppedTime _time = new();
    private readonly bool _limitsTraces;
    private readonly bool _flips;
    private MemoryFileSystem _files = new();

    public FaultLife(int seed)
    {
        _seed = seed;
        _random = new Random(seed);
        _ledger = new SpanLedger(seed);
        _limitsTraces = seed % 5 == 4;
        _flips = seed % 2 == 1;
        _judge = new LifeJudge(_ledger, _limitsTraces, files => OpenAsync(files, limitsTraces: false));
    }

    /// <summary>What happened, for the test to see that the lives reach everything.</summary>
    public LifeFigures Figures { get; private set; } = new();

    /// <summary>Lives; null when all was well.</summary>
    public async Task<string?> RunAsync()
    {
        for (var session = 0; session < Sessions; session++)
        {
            var fault = (DiskFault)_random.Next(Enum.GetValues<DiskFault>().Length);
            var (wrong, isClosed) = await LiveAsync(fault);
            if (wrong is null && _flips) await FlipAtRestAsync(isClosed);
            wrong ??= await LookAsync();
            if (wrong is not null) return $"seed {_seed}, session {session}, {fault}, {(isClosed ? "closed" : "cut off")}: {wrong}";
        }
        Figures = Figures with { Flips = _judge.Flips, ToldSpans = _judge.Told };
        return null;
    }

    /// <summary>Takes steps on a disk with a fault, and then goes on without it and closes the store, or loses the power.</summary>
    private async Task<(string? Wrong, bool IsClosed)> LiveAsync(DiskFault fault)
    {
        var disk = new FaultyDisk(_files, fault, _random.Next());
        var roomAt = _random.Next(StepsInASession);
        var ends = _random.Next(2) == 0;
        var store = await ReopenAsync(disk);
        for (var step = 0; step < StepsInASession && store is not null; step++)
        {
            if (step == roomAt) disk.MakeRoom();
            disk.BeginStep();
            _time.Step(TimeSpan.FromSeconds(_random.Next(12) == 0 ? 12 : _random.Next(3)));
            store = await StepAsync(store, disk);
            if (_files.IsStopped) break;
        }
        Figures = Figures with { Refused = Figures.Refused + disk.Refused, Cuts = Figures.Cuts + (_files.IsStopped ? 1 : 0) };
        string? wrong = null;
        var goesOn = store is not null && !_files.IsStopped && ends;
        if (goesOn && store is not null)
        {
            disk.End();
            wrong = await GoOnAsync(store);
        }
        else
        {
            _files.Stop();
        }
        if (store is not null)
        {
            Figures = Figures with { Merges = Figures.Merges + store.GetStatistics().Compaction.Merges };
            await store.DisposeAsync();
        }
        if (goesOn) return (wrong, true);
        _files = _files.Crash(_random.Next(3) == 0 ? null : new Random(_random.Next()));
        return (wrong, false);
    }

    /// <summary>Null when the power went while the store was opened again.</summary>
    private async Task<TraceStore?> StepAsync(TraceStore store, FaultyDisk disk)
    {
        var kind = _random.Next(100);
        if (kind < 45) await CrashStore.SendAsync(store, _ledger.Next());
        else if (kind < 50 && _ledger.Requests.Count > 0) await CrashStore.SendAsync(store, _ledger.Requests[_random.Next(_ledger.Requests.Count)]);
        else if (kind < 60) await TryAsync(() => store.FlushAsync(disk.Patience));
        else if (kind < 72) await TryAsync(() => store.CompactAsync(disk.Patience));
        else if (kind < 80) await PinAsync(store);
        else if (kind < 84) await UnpinAsync(store);
        else if (kind < 90) await TryAsync(async () => Assert.Null(_ledger.CheckServed(await CrashStore.ReadAsync(store, _ledger))));
        else if (kind < 93) await FlipInUseAsync();
        else
        {
            await store.DisposeAsync();
            return await ReopenAsync(disk);
        }
        return store;
    }

    /// <summary>The disk works again: the store takes spans, writes blocks, merges them and tells nothing but damage.</summary>
    private async Task<string?> GoOnAsync(TraceStore store)
    {
        await store.FlushAsync(default);
        if (await CrashStore.SendAsync(store, _ledger.Next()) is var sent and not AppendStatus.Durable) return $"a request was answered {sent} on a disk that works again";
        if (_random.Next(2) == 0) return null;
        await store.FlushAsync(default);
        await store.CompactAsync(default);
        return _judge.CheckProblems(store.GetStatistics().Problems);
    }

    /// <summary>Opens the store; on a disk that refuses, at a later try. Null when the power is gone.</summary>
    private async Task<TraceStore?> ReopenAsync(FaultyDisk disk)
    {
        while (!_files.IsStopped)
        {
            try
            {
                return await OpenAsync(_files);
            }
            catch (StoreOpenException e)
            {
                Assert.Equal(0, _files.OpenFiles);
                Figures = Figures with { RefusedOpenings = Figures.RefusedOpenings + 1 };
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

    private async Task PinAsync(TraceStore store)
    {
        var traces = _ledger.Requests.Where(r => r.IsAcknowledged).SelectMany(r => r.Spans).Select(s => s.Trace).Distinct().ToArray();
        if (traces.Length == 0) return;
        var trace = traces[_random.Next(traces.Length)];
        _judge.UncertainPins.Add(trace);
        await TryAsync(async () =>
        {
            if (await store.PinAsync(trace, default) == PinResult.Pinned) await _judge.PinAsync(store, trace);
            _judge.UncertainPins.Remove(trace);
        });
    }

    private async Task UnpinAsync(TraceStore store)
    {
        if (_judge.Pinned.Count == 0) return;
        var trace = _judge.Pinned.Order().ElementAt(_random.Next(_judge.Pinned.Count));
        _judge.UncertainPins.Add(trace);
        _judge.Pinned.Remove(trace);
        await TryAsync(async () =>
        {
            await store.UnpinAsync(trace, default);
            _judge.UncertainPins.Remove(trace);
        });
    }

    /// <summary>A bit of a block flips while the store has it open: some of it is in memory, the rest is still to be read.</summary>
    private async Task FlipInUseAsync()
    {
        // Under a limit by number retention may be dropping just that block.
        if (!_flips || _limitsTraces || _files.IsStopped) return;
        if (AnyBlock() is { } path) await _judge.FlipAsync(_files, path, _random);
    }

    /// <summary>The file of some block; null when there is none, or when what the store does in the background has met the end of the power meanwhile.</summary>
    private string? AnyBlock()
    {
        try
        {
            var blocks = Manifest.Read(_files, Root).Blocks;
            if (blocks.Count == 0) return null;
            var path = $"{Root}/blocks/{Manifest.BlockFileName(blocks[_random.Next(blocks.Count)].Number)}";
            return _files.FileExists(path) ? path : null;
        }
        catch (IOException) when (_files.IsStopped)
        {
            return null;
        }
    }

    /// <summary>
    /// Bits of up to two files flip while nobody has them open. The log's only when the store was closed: without the segment that closes it, damage of its last records cannot be told from a torn tail.
    /// </summary>
    private async Task FlipAtRestAsync(bool isClosed)
    {
        for (var flips = _random.Next(3); flips > 0; flips--)
        {
            var paths = _files.Paths.Where(p => p.EndsWith(".block", StringComparison.Ordinal) || (isClosed && p.EndsWith(".wal", StringComparison.Ordinal))).ToArray();
            if (paths.Length > 0) await _judge.FlipAsync(_files, paths[_random.Next(paths.Length)], _random);
        }
        await FlipManifestAsync();
    }

    /// <summary>A manifest with a flipped bit is refused, nothing is touched, and all is there once the bit is right again.</summary>
    private async Task FlipManifestAsync()
    {
        const string manifest = $"{Root}/{Manifest.FileName}";
        if (_random.Next(4) > 0 || !_files.FileExists(manifest)) return;
        var bit = _random.NextInt64(_files.ReadAll(manifest).Length * 8L);
        var before = _files.Paths;
        _files.FlipBit(manifest, bit);
        try
        {
            await using var store = await OpenAsync(_files.Copy());
        }
        catch (StoreOpenException e)
        {
            Assert.Contains(Manifest.FileName, e.Message);
            Figures = Figures with { RefusedManifests = Figures.RefusedManifests + 1 };
        }
        Assert.Equal(before, _files.Paths);
        _files.FlipBit(manifest, bit);
    }

    /// <summary>Opens what is left on a disk that works, and looks at it: as it is, after some senders have sent again, after compaction, and closed.</summary>
    private async Task<string?> LookAsync()
    {
        await using (var store = await OpenAsync(_files))
        {
            if (await _judge.JudgeAsync(store) is { } wrong) return wrong;
            foreach (var request in _ledger.Requests.Where(r => !r.IsAcknowledged))
            {
                // Some senders give up.
                if (_random.Next(3) > 0) await CrashStore.SendAsync(store, request);
            }
            if (_random.Next(2) == 0)
            {
                await store.FlushAsync(default);
                await store.CompactAsync(default);
            }
            if (await _judge.JudgeAsync(store) is { } again) return $"after more requests: {again}";
        }
        return _judge.CheckClosed(_files);
    }

    private Task<TraceStore> OpenAsync(IFileSystem files) => OpenAsync(files, _limitsTraces);

    private Task<TraceStore> OpenAsync(IFileSystem files, bool limitsTraces) => CrashStore.OpenAsync(files, headMaxSpans: 24, o => o with
    {
        Compaction = new CompactionOptions { IsOn = false },
        Retention = new RetentionOptions { MaxAge = TimeSpan.Zero, MaxTraces = limitsTraces ? 10 : 0 },
    }, _time);
}

/// <summary>What happened in a life.</summary>
internal sealed record LifeFigures
{
    public int Cuts { get; init; }

    public int Refused { get; init; }

    public int RefusedOpenings { get; init; }

    public int RefusedManifests { get; init; }

    public int Flips { get; init; }

    public int ToldSpans { get; init; }

    public long Merges { get; init; }
}
