using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>A large trace that was read is not read again for its next window, and what is shown is what is stored.</summary>
public sealed class TraceCacheTests
{
    private const int Spans = TraceCache.MinSpans;

    private static readonly TraceId Large = new(7, 7);

    [Fact]
    public async Task TheNextWindowAndASpanAreThoseOfTheTraceThatWasRead()
    {
        await using var store = await OpenAsync();
        await store.FlushAsync();
        var first = await store.Store.GetTracePartAsync(Large, new TracePartRequest(10), default);
        var second = await store.Store.GetTracePartAsync(Large, new TracePartRequest(10, SpanGen.Base + 500, SpanGen.Base + 510), default);
        Assert.NotNull(first?.Excerpt);
        Assert.Same(first.Trace, second?.Trace);
        Assert.Same(first.Trace, await store.Store.GetTraceAsync(Large, default));
        Assert.NotEqual(first.Excerpt.Rows, second?.Excerpt?.Rows);
        foreach (var (part, from, to) in new[] { (first, 0ul, ulong.MaxValue), (second, 499ul, 509ul) })
        {
            var expected = TraceExcerpt.Of(first.Trace, 10, from, to, null, default);
            Assert.Equal(expected.Rows, part?.Excerpt?.Rows);
            Assert.Equal(expected.Omitted, part?.Excerpt?.Omitted);
        }
        Assert.Null((await store.Store.GetTracePartAsync(Large, new TracePartRequest(Spans), default))?.Excerpt);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ASpanThatArrivesIsShownAtOnce(bool flushed)
    {
        await using var store = await OpenAsync();
        if (flushed) await store.FlushAsync();
        Assert.Equal(Spans, await CountAsync(store));
        await store.AppendAsync(Span(Spans + 1));
        Assert.Equal(Spans + 1, await CountAsync(store));
        await store.AppendAsync(Span(1) with { TraceId = new(1, 1) });
        var read = await store.Store.GetTraceAsync(Large, default);
        await store.AppendAsync(Span(2) with { TraceId = new(1, 1) });
        Assert.Same(read, await store.Store.GetTraceAsync(Large, default));
        await store.FlushAsync();
        await store.Store.CompactAsync(default);
        Assert.Equal(Spans + 1, await CountAsync(store));
        Assert.NotSame(read, await store.Store.GetTraceAsync(Large, default));
    }

    [Fact]
    public async Task ATraceGoesWhenNobodyAsksForItAndWhenOthersNeedItsPlace()
    {
        await using var store = await OpenAsync();
        var read = await store.Store.GetTraceAsync(Large, default);
        store.Time.Advance(TimeSpan.FromSeconds(90));
        Assert.Same(read, await store.Store.GetTraceAsync(Large, default));
        store.Time.Advance(TimeSpan.FromSeconds(121));
        store.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.NotSame(read, await store.Store.GetTraceAsync(Large, default));
    }

    [Fact]
    public void TheLeastRecentlyUsedGoFirstAndWhatIsTooLargeIsNotKept()
    {
        var time = new ManualTime();
        var traces = Enumerable.Range(1, 3).Select(i => new ReadTrace(ViewOf(new TraceId(0, (ulong)i)))).ToArray();
        var cache = new TraceCache(time, (2 * traces[0].MemoryBytes) + 1, TimeSpan.FromMinutes(2));
        var segment = new object();
        TracePlace[] Places(int i) => [new TracePlace(segment, i, 0)];
        TraceId Id(int i) => traces[i].View.TraceId;
        void Keep(int i)
        {
            cache.Keep(Id(i), Places(i), traces[i]);
            time.Advance(TimeSpan.FromSeconds(1));
        }
        Keep(0);
        Keep(1);
        Assert.Same(traces[0], cache.Find(Id(0), Places(0)));
        time.Advance(TimeSpan.FromSeconds(1));
        Keep(2);
        Assert.Null(cache.Find(Id(1), Places(1)));
        Assert.Same(traces[0], cache.Find(Id(0), Places(0)));
        Assert.Same(traces[2], cache.Find(Id(2), Places(2)));
        Assert.Equal(2 * traces[0].MemoryBytes, cache.Bytes);

        Assert.Null(cache.Find(Id(2), [new TracePlace(segment, 2, 1)]));
        Assert.Null(cache.Find(Id(0), [new TracePlace(new object(), 0, 0)]));
        Assert.Equal(0, cache.Bytes);
        var small = new TraceCache(time, traces[0].MemoryBytes - 1, TimeSpan.FromMinutes(2));
        small.Keep(Id(0), Places(0), traces[0]);
        Assert.Equal((null, 0), (small.Find(Id(0), Places(0)), small.Bytes));
    }

    private static async Task<StoreUnderTest> OpenAsync()
    {
        var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync([.. Enumerable.Range(1, Spans).Select(Span)]);
        return store;
    }

    private static async Task<int?> CountAsync(StoreUnderTest store) => (await store.Store.GetTraceAsync(Large, default))?.Spans.RowCount;

    private static TraceView ViewOf(TraceId id)
    {
        using var segments = new SegmentsUnderTest([[.. Enumerable.Range(1, Spans).Select(i => Span(i) with { TraceId = id })]]);
        var table = new SpanTable();
        TraceAssembly.Assemble(id, segments.Segments, table, [], SegmentsUnderTest.Bounds());
        return TraceAssembly.View(id, table, null, default);
    }

    private static PlainSpan Span(int i) => new()
    {
        TraceId = Large, SpanId = (ulong)i, ParentSpanId = i == 1 ? 0 : (ulong)(i / 2), Start = SpanGen.Base + (ulong)i, End = SpanGen.Base + (ulong)(i + 1 + (i * 7919 % 50)), Status = i % 97 == 0 ? 2 : 0,
    };
}
