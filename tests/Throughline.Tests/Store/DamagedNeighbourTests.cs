using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>A damaged block costs what lies in it and nothing else: traces that lie in other blocks, or in several of them, are found once and whole, whichever byte it is.</summary>
public sealed class DamagedNeighbourTests
{
    private const string Damaged = StoreUnderTest.Root + "/blocks/0000000002.block";

    /// <summary>Traces by the blocks (and the head, the fourth) that have spans of them.</summary>
    private static readonly int[][] s_places = [[1], [1, 3], [2], [1, 2], [2, 3], [3], [1, 2, 3], [3, 4], [2, 4], [4], [1, 4]];

    [Fact]
    public async Task TracesOfOtherBlocksAreFoundOnceAndWholeWhicheverByteIsDamaged()
    {
        var (files, options) = await FilledAsync();
        var length = files.ReadAll(Damaged).Length;
        var told = 0;
        for (var place = 0; place < length; place += 3)
        {
            var damaged = files.Copy();
            damaged.FlipBit(Damaged, (place * 8L) + (place % 8));
            await using var store = await TraceStore.OpenAsync(options, damaged, new ManualTime(), default);
            foreach (var order in new[] { TraceOrder.Start, TraceOrder.Duration, TraceOrder.Spans })
            {
                var plan = new SearchPlan { Limit = 100, Order = order };
                await AssertServedAsync(store, plan, $"byte {place}, by {order}");
                await AssertServedAsync(store, plan with { Span = new SpanPredicate.TextIs(SpanTextField.Name, ["n"]) }, $"byte {place}, by {order}, with a condition");
            }
            for (var trace = 0; trace < s_places.Length; trace++)
            {
                if (!IsElsewhere(trace)) continue;
                Assert.Equal(s_places[trace].Length, (await store.GetTraceAsync(Id(trace), default))?.Spans.RowCount);
            }
            var problems = store.GetStatistics().Problems;
            Assert.All(problems, p => Assert.Contains("0000000002.block", p));
            told += problems.Count > 0 ? 1 : 0;
        }
        Assert.True(told > length / 3 * 3 / 4, $"only {told} of {length / 3} damaged bytes were met");
    }

    private static async Task AssertServedAsync(TraceStore store, SearchPlan plan, string when)
    {
        var result = await store.SearchAsync(plan, default);
        Assert.True(result.Truncated is null or { Reason: "unreadable" }, $"{when}: {result.Truncated}");
        Assert.True(result.Traces.DistinctBy(t => t.TraceId).Count() == result.Traces.Count, $"{when}: a trace is there twice");
        for (var trace = 0; trace < s_places.Length; trace++)
        {
            var found = result.Traces.SingleOrDefault(t => t.TraceId == Id(trace));
            if (IsElsewhere(trace)) Assert.True(found?.Spans == s_places[trace].Length, $"{when}: trace {trace} has {found?.Spans} spans of {s_places[trace].Length}");
            else if (found?.Spans != s_places[trace].Length) Assert.True(store.GetStatistics().Problems.Count > 0, $"{when}: trace {trace} has {found?.Spans} spans, and nothing is told");
        }
    }

    private static bool IsElsewhere(int trace) => !s_places[trace].Contains(2);

    private static Engine.Model.TraceId Id(int trace) => new(1, (ulong)trace + 1);

    private static async Task<(MemoryFileSystem Files, TraceStoreOptions Options)> FilledAsync()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, Compaction = new CompactionOptions { IsOn = false } });
        for (var block = 1; block <= 4; block++)
        {
            for (var trace = 0; trace < s_places.Length; trace++)
            {
                if (!s_places[trace].Contains(block)) continue;
                var start = SpanGen.Base + ((ulong)trace * 100) + ((ulong)block * 10);
                await store.AppendAsync(new PlainSpan { TraceId = Id(trace), SpanId = (ulong)block, Start = start, End = start + 7, Name = "n", Attributes = [new("block", PlainValue.Of($"value {block}"))] });
            }
            if (block < 4) await store.FlushAsync();
        }
        await store.Store.DisposeAsync();
        return (store.Files, store.Options);
    }
}
