using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>
/// A random sequence of all that can happen to a store, one step after the other, that is cut off at a chosen operation on its files; and the judgement over what is there afterwards. The same seed
/// takes the same steps.
/// </summary>
internal sealed class LifecycleRun(int seed, int cutAt)
{
    private const int Steps = 26;

    private readonly Random _random = new(seed);
    private readonly SpanLedger _ledger = new(seed);
    private readonly MemoryFileSystem _files = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly HashSet<TraceId> _pinned = [];
    private readonly HashSet<TraceId> _uncertainPins = [];
    private readonly bool _limitsTraces = seed % 2 == 1;
    private readonly bool _fails = seed % 3 == 2;

    /// <summary>Operations on files that the run made.</summary>
    public int Operations { get; private set; }

    /// <summary>Merges that the store made after the cut and before it, as far as it came.</summary>
    public long Merges { get; private set; }

    /// <summary>Takes the steps until the cut, or to the end; then opens what is left, looks at it, sends again what was not acknowledged, compacts, and looks again. Null when all is well.</summary>
    public async Task<string?> RunAsync()
    {
        var operation = 0;
        var faults = new Random(seed * 31 + cutAt);
        _files.Before = (what, path) =>
        {
            var number = Interlocked.Increment(ref operation);
            if (number == cutAt)
            {
                _files.Stop();
                // A flush on a disk that is gone is tried again for ever; who waits for it gives up.
                _gone.Cancel();
            }
            else if (_fails && number < cutAt && Fails(faults)) throw new IOException($"Input/output error: {what} of '{path}'");
        };
        await StepAsync();
        Operations = Volatile.Read(ref operation);
        _files.Before = null;
        for (var luck = 0; luck < 3; luck++)
        {
            var wrong = await LookAsync(_files.Crash(luck == 0 ? null : new Random(seed * 1_000 + luck)), $"seed {seed}, cut at {cutAt}, luck {luck}", resends: luck == 2);
            if (wrong is not null) return wrong;
        }
        return null;
    }

    private static bool Fails(Random faults)
    {
        lock (faults) return faults.Next(40) == 0;
    }

    private async Task StepAsync()
    {
        TraceStore? store = null;
        try
        {
            store = await ReopenAsync();
            for (var step = 0; step < Steps && !_files.IsStopped; step++)
            {
                var kind = _random.Next(100);
                if (kind < 50) await CrashStore.SendAsync(store, _ledger.Next());
                else if (kind < 62) await TryAsync(() => store.FlushAsync(_gone.Token));
                else if (kind < 76) await TryAsync(() => store.CompactAsync(_gone.Token));
                else if (kind < 86) await PinAsync(store);
                else if (kind < 90) await UnpinAsync(store);
                else
                {
                    Merges += store.GetStatistics().Compaction.Merges;
                    await store.DisposeAsync();
                    store = await ReopenAsync();
                }
            }
            Merges += store.GetStatistics().Compaction.Merges;
        }
        catch (Exception e) when (e is IOException or StoreOpenException)
        {
            // The power went, or the disk refused, while the store was opened.
        }
        if (store is not null) await store.DisposeAsync();
    }

    /// <summary>Opens the store; on a disk that refuses now and then, at the next try.</summary>
    private async Task<TraceStore> ReopenAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            try
            {
                return await OpenAsync(_files);
            }
            catch (Exception e) when (e is IOException or StoreOpenException && _fails && !_files.IsStopped)
            {
                Assert.Contains("Input/output error", e.Message);
                Assert.False(limit.IsCancellationRequested, $"The store cannot be opened for {Patience.Limit.TotalMinutes} minutes: {e.Message}");
            }
        }
    }

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The store says that it could not; what it holds is looked at after the cut.
        }
    }

    private async Task PinAsync(TraceStore store)
    {
        var traces = _ledger.Requests.Where(r => r.IsAcknowledged).SelectMany(r => r.Spans).Select(s => s.Trace).Distinct().ToArray();
        if (traces.Length == 0) return;
        var trace = traces[_random.Next(traces.Length)];
        _uncertainPins.Add(trace);
        await TryAsync(async () =>
        {
            if (await store.PinAsync(trace, default) == PinResult.Pinned) _pinned.Add(trace);
            _uncertainPins.Remove(trace);
        });
    }

    private async Task UnpinAsync(TraceStore store)
    {
        if (_pinned.Count == 0) return;
        var trace = _pinned.Order().ElementAt(_random.Next(_pinned.Count));
        _uncertainPins.Add(trace);
        _pinned.Remove(trace);
        await TryAsync(async () =>
        {
            await store.UnpinAsync(trace, default);
            _uncertainPins.Remove(trace);
        });
    }

    private async Task<string?> LookAsync(MemoryFileSystem files, string when, bool resends)
    {
        await using var store = await OpenAsync(files);
        if (await JudgeAsync(store) is { } wrong) return $"{when}: {wrong}";
        if (resends)
        {
            foreach (var request in _ledger.Requests.Where(r => !r.IsAcknowledged)) await CrashStore.SendAsync(store, request);
            if (await JudgeAsync(store) is { } again) return $"{when}, sent again: {again}";
        }
        await store.FlushAsync(default);
        await store.CompactAsync(default);
        var named = store.GetStatistics().Blocks;
        var there = files.ListFiles($"{CrashStore.Root}/0/traces/blocks").Count;
        if (named != there) return $"{when}: {named} blocks and {there} files";
        return await JudgeAsync(store) is { } after ? $"{when}, compacted: {after}" : null;
    }

    private async Task<string?> JudgeAsync(TraceStore store)
    {
        var found = await CrashStore.ReadAsync(store, _ledger);
        var statistics = store.GetStatistics();
        if (statistics.Problems.Count > 0) return string.Join("; ", statistics.Problems);
        if (_pinned.Except(_uncertainPins).FirstOrDefault(p => !store.PinnedTraces.Contains(p)) is { IsValid: true } lost) return $"the pin of {lost} is gone";
        if (!_limitsTraces)
        {
            if (_ledger.Check(found, out var spans) is { } wrong) return wrong;
            return spans == statistics.Spans ? null : $"{spans} spans are there, {statistics.Spans} are stored";
        }
        return _ledger.CheckServed(found) ?? CheckShown(store, found, statistics.Retention.HiddenBeforeUnixNano);
    }

    /// <summary>Under a limit by number: every acknowledged span of a trace that starts at the cut or later, or is pinned, is there.</summary>
    private string? CheckShown(TraceStore store, IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>> found, ulong cut)
    {
        foreach (var trace in _ledger.Requests.SelectMany(r => r.Spans).GroupBy(s => s.Trace))
        {
            var isSurelyShown = trace.Min(s => s.StartUnixNano) >= cut || (_pinned.Contains(trace.Key) && store.PinnedTraces.Contains(trace.Key));
            if (!isSurelyShown) continue;
            var acknowledged = _ledger.Requests.Where(r => r.IsAcknowledged).SelectMany(r => r.Spans).Where(s => s.Trace == trace.Key).Select(s => s.Id);
            var there = found.TryGetValue(trace.Key, out var spans) ? spans.Select(s => s.Id).ToHashSet() : [];
            if (acknowledged.FirstOrDefault(id => !there.Contains(id)) is var missing and not 0) return $"span {missing:x16} of the shown trace {trace.Key} is not there";
        }
        return null;
    }

    private Task<TraceStore> OpenAsync(IFileSystem files) => CrashStore.OpenAsync(files, headMaxSpans: 24, o => o with
    {
        Compaction = new CompactionOptions { IsOn = false },
        Retention = new RetentionOptions { MaxTraces = _limitsTraces ? 10 : 0 },
    });
}
