using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Inspection;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>
/// Knows what a store has to hold after all that happened to it, bits that were flipped included: every acknowledged span once and whole, and the right answers; of what lay in a damaged file as much as
/// it can read, and for all that is missing a problem that names the file. Each answer is null when all is well.
/// </summary>
internal sealed class LifeJudge(SpanLedger ledger, bool limitsTraces, Func<IFileSystem, Task<TraceStore>> openUnlimited)
{
    private readonly List<DamagedFile> _damage = [];
    private readonly HashSet<(TraceId, ulong)> _told = [];

    private sealed record DamagedFile(string Name, HashSet<(TraceId Trace, ulong Id)> AtRisk);

    /// <summary>Spans that retention had dropped when their trace was pinned: of a trace that lies in several blocks it may drop some before others.</summary>
    private readonly HashSet<(TraceId, ulong)> _droppedBeforePin = [];

    /// <summary>Traces that were pinned and not unpinned.</summary>
    public HashSet<TraceId> Pinned { get; } = [];

    /// <summary>Traces of which the disk did not let anybody know whether they are pinned.</summary>
    public HashSet<TraceId> UncertainPins { get; } = [];

    /// <summary>Bits that were flipped.</summary>
    public int Flips => _damage.Count;

    /// <summary>Spans that were missing and told.</summary>
    public int Told { get; private set; }

    /// <summary>Flips a bit; what the store would lose without the whole file is what it may lose. Nothing when the file is gone: a merge that nobody waits for any more may just have replaced it.</summary>
    public async Task FlipAsync(MemoryFileSystem files, string path, Random random)
    {
        var (whole, without) = (files.Copy(), files.Copy());
        without.Delete(path);
        var atRisk = await ServedAsync(whole);
        atRisk.ExceptWith(await ServedAsync(without));
        try
        {
            files.FlipBit(path, random.NextInt64(files.ReadAll(path).Length * 8L));
        }
        catch (FileNotFoundException)
        {
            return;
        }
        _damage.Add(new DamagedFile(Path.GetFileName(path), atRisk));
    }

    /// <summary>A trace has been pinned: what is there of it stays.</summary>
    public async Task PinAsync(TraceStore store, TraceId trace)
    {
        Pinned.Add(trace);
        if (!limitsTraces || await store.GetTraceAsync(trace, default) is not { } view) return;
        var there = view.Spans.SpanId.Span.ToArray();
        foreach (var span in ledger.Requests.Where(r => r.IsAcknowledged).SelectMany(r => r.Spans).Where(s => s.Trace == trace && !there.Contains(s.Id))) _droppedBeforePin.Add((trace, span.Id));
    }

    /// <summary>Looks at an open store, whose disk works.</summary>
    public async Task<string?> JudgeAsync(TraceStore store)
    {
        if (limitsTraces)
        {
            // Retention may still be about to hide and to drop; the questions are to meet one state.
            await store.FlushAsync(default);
            await store.CompactAsync(default);
        }
        var found = await CrashStore.ReadAsync(store, ledger);
        var all = await store.SearchAsync(new SearchPlan { Limit = 1_000 }, default);
        var name = $"work {ledger.Requests.Count % 7}";
        var named = await store.SearchAsync(new SearchPlan { Limit = 1_000, Span = new SpanPredicate.TextIs(SpanTextField.Name, [name]) }, default);
        var services = await store.GetServicesAsync(null, null, default);
        var statistics = store.GetStatistics();
        return ledger.CheckServed(found)
            ?? CheckProblems(statistics.Problems)
            ?? CheckPins(store)
            ?? CheckAcknowledged(found, statistics)
            ?? CheckWholeRequests(found)
            ?? CheckSearch("a search for all", all, found, _ => true)
            ?? CheckSearch($"a search for '{name}'", named, found, s => s.Name == name)
            ?? CheckCounts(found, statistics, services);
    }

    /// <summary>Only files that were damaged are told.</summary>
    public string? CheckProblems(IEnumerable<string> problems) =>
        problems.FirstOrDefault(p => !_damage.Any(d => p.Contains(d.Name, StringComparison.Ordinal))) is { } unfounded ? $"nothing was done to what is told: {unfounded}" : null;

    /// <summary>What <c>throughline check</c> says of the closed store.</summary>
    public string? CheckClosed(MemoryFileSystem files)
    {
        var damage = StoreCheck.Run(CrashStore.Root, files, default).Findings.Where(f => f.IsDamage).Select(f => f.ToString());
        return CheckProblems(damage) is { } unfounded ? $"the check of the closed store: {unfounded}" : null;
    }

    private async Task<HashSet<(TraceId, ulong)>> ServedAsync(MemoryFileSystem files)
    {
        await using var store = await openUnlimited(files);
        return [.. (await CrashStore.ReadAsync(store, ledger)).SelectMany(t => t.Value.Select(s => (t.Key, s.Id)))];
    }

    private bool IsAtRisk(CrashSpan span) => _damage.Any(d => d.AtRisk.Contains((span.Trace, span.Id)));

    private string? CheckPins(TraceStore store) =>
        Pinned.Except(UncertainPins).FirstOrDefault(p => !store.PinnedTraces.Contains(p)) is { IsValid: true } lost ? $"the pin of {lost} is gone" : null;

    private string? CheckAcknowledged(IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>> found, StoreStatistics statistics)
    {
        var there = found.SelectMany(t => t.Value.Select(s => (t.Key, s.Id))).ToHashSet();
        var starts = ledger.Requests.SelectMany(r => r.Spans).GroupBy(s => s.Trace).ToDictionary(t => t.Key, t => t.Min(s => s.StartUnixNano));
        foreach (var span in ledger.Requests.Where(r => r.IsAcknowledged).SelectMany(r => r.Spans))
        {
            if (there.Contains((span.Trace, span.Id))) continue;
            // Under a limit by number: shown are a trace that starts at the cut or later, and a pinned one.
            var isShown = !limitsTraces || starts[span.Trace] >= statistics.Retention.HiddenBeforeUnixNano || (Pinned.Contains(span.Trace) && !UncertainPins.Contains(span.Trace) && !_droppedBeforePin.Contains((span.Trace, span.Id)));
            if (isShown && !IsTold(span, statistics.Problems))
                return $"span {span.Id:x16} of trace {span.Trace} was acknowledged and is not there; {(IsAtRisk(span) ? "it lay in a damaged file, which is not told" : "it lay in no damaged file")}";
        }
        return null;
    }

    /// <summary>True when a problem names the damaged file in which a span was. What the log has lost is told until its segment is not needed any more, and gone from then on.</summary>
    private bool IsTold((TraceId, ulong) span, IReadOnlyList<string> problems)
    {
        if (_told.Contains(span)) return true;
        var file = _damage.FirstOrDefault(d => d.AtRisk.Contains(span) && problems.Any(p => p.Contains(d.Name, StringComparison.Ordinal)));
        if (file is null) return false;
        Told++;
        if (file.Name.EndsWith(".wal", StringComparison.Ordinal)) _told.Add(span);
        return true;
    }

    private bool IsTold(CrashSpan span, IReadOnlyList<string> problems) => IsTold((span.Trace, span.Id), problems);

    private string? CheckWholeRequests(IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>> found)
    {
        if (limitsTraces) return null;
        var there = found.SelectMany(t => t.Value.Select(s => (t.Key, s.Id))).ToHashSet();
        foreach (var request in ledger.Requests)
        {
            var present = request.Spans.Count(s => there.Contains((s.Trace, s.Id)));
            if (present != 0 && present != request.Spans.Count && !request.Spans.Any(IsAtRisk)) return $"request {request.Number} is there in part: {present} of {request.Spans.Count} spans";
        }
        return null;
    }

    /// <summary>Against the traces as they are read one by one: the same ones, but for those that lay in damaged files.</summary>
    private string? CheckSearch(string what, SearchResult result, IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>> found, Func<FoundSpan, bool> matches)
    {
        var doubtful = _damage.SelectMany(d => d.AtRisk).Select(s => s.Trace).ToHashSet();
        var expected = found.Where(t => t.Value.Any(matches)).Select(t => t.Key).ToHashSet();
        if (result.Truncated is { } truncated && (_damage.Count == 0 || truncated.Reason != "unreadable")) return $"{what} ended early: {truncated}";
        if (result.Traces.GroupBy(t => t.TraceId).FirstOrDefault(t => t.Count() > 1) is { } twice) return $"{what} has trace {twice.Key} twice";
        // Under a limit by number, what of a damaged block can be read decides which traces show, and that differs with the columns that are asked for.
        if (limitsTraces && _damage.Count > 0) return null;
        foreach (var trace in result.Traces)
        {
            if (doubtful.Contains(trace.TraceId)) continue;
            if (!expected.Contains(trace.TraceId)) return $"{what} has trace {trace.TraceId}, which it should not";
            if (trace.Spans != found[trace.TraceId].Count) return $"{what} has {trace.Spans} spans of trace {trace.TraceId}, which has {found[trace.TraceId].Count}";
        }
        var missing = expected.Except(doubtful).Except(result.Traces.Select(t => t.TraceId)).ToArray();
        if (missing.Length > 0) return $"{what} does not have {missing.Length} traces that are there, {missing[0]} among them";
        return _damage.Count > 0 || result.Total == new Total(expected.Count, true) ? null : $"{what} counts {result.Total}, {expected.Count} match";
    }

    private string? CheckCounts(IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>> found, StoreStatistics statistics, IReadOnlyList<ServiceStat> services)
    {
        if (limitsTraces || _damage.Count > 0) return null;
        var spans = found.Sum(t => (long)t.Value.Count);
        return (spans, spans) == (statistics.Spans, services.Sum(s => s.Spans)) ? null : $"{spans} spans are there, {statistics.Spans} are stored, the services have {services.Sum(s => s.Spans)}";
    }
}
