using System.Text;
using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Sampling;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Sampling;

/// <summary>Which traces become part of blocks is decided when they are quiet: whole, once, and for good.</summary>
public sealed class TailSamplingTests
{
    private static readonly TraceStoreOptions Options = new() { Directory = StoreUnderTest.Directory, HeadMaxSpans = 40, Compaction = new CompactionOptions { IsOn = false } };

    [Fact]
    public async Task EverythingIsSearchableUntilItIsDecidedAndThenTheKeptTracesAre()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options with { HeadMaxSpans = 100_000 });
        var sampler = new RuledSampler(0.25);
        store.Store.TailSampler = sampler;
        var traces = Enumerable.Range(0, 4_000).Select(Id).ToArray();
        foreach (var some in traces.Chunk(500)) await store.AppendAsync([.. some.SelectMany(id => new[] { Span(id, 1), Span(id, 2) })]);
        Assert.Equal(8_000, store.Store.GetStatistics().Spans);
        await store.FlushAsync();
        var kept = traces.Where(id => sampler.Told[id]).ToArray();
        Assert.Equal(1_000, kept.Length, 120.0);
        Assert.Equal(2 * kept.Length, store.Store.GetStatistics().Spans);
        var weight = 0.0;
        foreach (var id in traces)
        {
            var trace = await store.Store.GetTraceAsync(id, default);
            Assert.Equal(sampler.Told[id], trace is not null);
            if (trace is null) continue;
            Assert.Equal(2, trace.Spans.RowCount);
            for (var row = 0; row < 2; row++) weight += WeightOf(trace.Spans, row);
        }
        Assert.Equal(8_000, weight, 800.0);
    }

    [Fact]
    public async Task ErrorsAreKeptWithTheirOwnWeightAndWhatTheSenderSaidStays()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options);
        store.Store.TailSampler = new RuledSampler(0.5);
        var (low, high) = (new TraceId(1, 1), new TraceId(1, SamplingThreshold.Range - 1));
        await store.AppendAsync(Span(low, 1) with { Status = 2, TraceState = "ot=th:4,v=1" }, Span(low, 2), Span(high, 1) with { TraceState = "ot=th:e" }, Span(high, 2) with { TraceState = "a=b,ot=rv:11111111111111" });
        await store.FlushAsync();
        Assert.Equal(["ot=th:4,v=1", ""], await StatesAsync(store, low));
        Assert.Equal(["ot=th:e", "ot=th:8;rv:11111111111111,a=b"], await StatesAsync(store, high));
    }

    [Fact]
    public async Task LateSpansFollowTheirTraceAlsoAfterACrash()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options);
        store.Store.TailSampler = new RuledSampler(0.5);
        var (dropped, kept) = (new TraceId(1, 1), new TraceId(1, SamplingThreshold.Range - 1));
        await store.AppendAsync(Span(dropped, 1), Span(kept, 1));
        await store.FlushAsync();
        await store.AppendAsync(Span(dropped, 2) with { Status = 2 }, Span(kept, 2));
        await using var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(), store.Time, default);
        crashed.TailSampler = new RuledSampler(1);
        foreach (var after in new[] { store.Store, crashed })
        {
            await after.FlushAsync(default);
            Assert.Null(await after.GetTraceAsync(dropped, default));
            var trace = await after.GetTraceAsync(kept, default);
            Assert.Equal([2.0, 2.0], [WeightOf(trace!.Spans, 0), WeightOf(trace.Spans, 1)]);
            Assert.Equal(2, after.GetStatistics().Spans);
        }
    }

    [Fact]
    public async Task ActiveTracesWaitAndAreDecidedEarlyWhereNoMoreMayWait()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options with { TailMaxSpans = 10 });
        var sampler = new RuledSampler(0);
        store.Store.TailSampler = sampler;
        await store.AppendAsync([.. Enumerable.Range(0, 20).Select(i => Span(Id(i), 1))]);
        store.Time.Advance(TimeSpan.FromSeconds(11));
        await store.AppendAsync([.. Enumerable.Range(20, 20).Select(i => Span(Id(i), 1))]);
        // The sampler is told when the block is there.
        await Patience.UntilAsync(() => store.Store.GetStatistics().HeadSpans == 10 && sampler.Told.Count == 30,
            () => $"{store.Store.GetStatistics().HeadSpans} spans wait, {sampler.Told.Count} traces are decided");
        Assert.Equal(10, sampler.Early);
        // The ten that wait may still become errors, and a trace that was decided does not come back.
        await store.AppendAsync([.. Enumerable.Range(0, 40).Select(i => Span(Id(i), 2) with { Status = 2 })]);
        await store.FlushAsync();
        var waited = Enumerable.Range(0, 40).Select(Id).Where(id => sampler.Told[id]).ToArray();
        Assert.Equal(10, waited.Length);
        foreach (var id in Enumerable.Range(0, 40).Select(Id)) Assert.Equal(waited.Contains(id) ? 2 : null, (await store.Store.GetTraceAsync(id, default))?.Spans.RowCount);
    }

    [Fact]
    public async Task PinnedTracesAndThoseOfBeforeTheRulesStay()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options);
        var (stored, pinned) = (Id(1), Id(2));
        await store.AppendAsync(Span(stored, 1));
        await store.FlushAsync();
        store.Store.TailSampler = new RuledSampler(0);
        await store.AppendAsync(Span(stored, 2), Span(pinned, 1), Span(Id(3), 1));
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(pinned, default));
        await store.FlushAsync();
        Assert.Equal((2, 1, null), ((await store.Store.GetTraceAsync(stored, default))?.Spans.RowCount, (await store.Store.GetTraceAsync(pinned, default))?.Spans.RowCount, (await store.Store.GetTraceAsync(Id(3), default))?.Spans.RowCount));
        await store.Store.CompactAsync(default);
        Assert.Equal(3, store.Store.GetStatistics().Spans);
    }

    [Fact]
    public async Task AHeadOfWhichNothingIsKeptLeavesNoBlockAndNoLog()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options);
        store.Store.TailSampler = new RuledSampler(0);
        await store.AppendAsync(Span(Id(1), 1));
        await store.FlushAsync();
        Assert.Equal((0, 0), (store.Store.GetStatistics().Spans, store.Store.GetStatistics().Blocks));
        await using var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(), store.Time, default);
        Assert.Equal(0, crashed.GetStatistics().Spans);
    }

    [Fact]
    public async Task DecisionsThatCannotBeReadAreToldAndTheRestGoesOn()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options);
        store.Store.TailSampler = new RuledSampler(1);
        await store.AppendAsync(Span(Id(1), 1));
        await store.FlushAsync();
        await store.Store.DisposeAsync();
        const string Path = StoreUnderTest.Root + "/tail-decisions";
        var bytes = new byte[64];
        store.Files.Delete(Path);
        using (var file = store.Files.CreateFile(Path)) file.Append([bytes]);
        await using var again = await TraceStore.OpenAsync(store.Options, store.Files, store.Time, default);
        Assert.Contains(again.GetStatistics().Problems, p => p.Contains("tail decisions", StringComparison.Ordinal));
        Assert.NotNull(await again.GetTraceAsync(Id(1), default));
    }

    /// <summary>Random lives that are cut off at every operation on the files: afterwards every trace is there with all its acknowledged spans, or not at all, as its rule says.</summary>
    [Fact]
    public async Task KeptTracesAreWholeAndNothingKeptIsLostWhereverAStoreIsCutOff()
    {
        var (cuts, seen) = (0, (Kept: 0, Dropped: 0));
        for (var seed = 1; seed <= 6; seed++)
        {
            for (var cutAt = 1; ; cutAt += 3)
            {
                var life = new TailLife(seed, cutAt);
                await life.RunAsync();
                seen = (seen.Kept + life.Kept, seen.Dropped + life.Dropped);
                if (!life.WasCut) break;
                cuts++;
            }
        }
        Assert.True(cuts > 100, $"only {cuts} cuts");
        Assert.True(seen.Kept > 1_000 && seen.Dropped > 1_000, $"{seen}");
    }

    private static async Task<IEnumerable<string>> StatesAsync(StoreUnderTest store, TraceId id)
    {
        var spans = (await store.Store.GetTraceAsync(id, default))!.Spans;
        return Enumerable.Range(0, spans.RowCount).OrderBy(row => spans.SpanId[row]).Select(row => Encoding.UTF8.GetString(spans.Strings[spans.TraceState[row]]));
    }

    internal static double WeightOf(SpanBatch spans, int row) => SamplingThreshold.WeightOf(SamplingThreshold.Read(spans.Strings[spans.TraceState[row]]));

    /// <summary>Trace ids whose random bits are spread.</summary>
    internal static TraceId Id(int number) => new(7, (ulong)(number + 1) * 0x9E3779B97F4A7C15);

    internal static PlainSpan Span(TraceId trace, ulong id) => new() { TraceId = trace, SpanId = id, Start = SpanGen.Base + id, End = SpanGen.Base + id + 5, Name = "n" };
}
