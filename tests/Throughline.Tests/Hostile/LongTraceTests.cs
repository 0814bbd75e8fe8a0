using Throughline.Engine;
using Throughline.Engine.Blocks;
using Throughline.Engine.Inspection;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Hostile;

/// <summary>A trace that goes on for days, through everything that happens to blocks meanwhile: carried over, flushed, merged over and over within a day's width, cut off at the age that retention allows.</summary>
public sealed class LongTraceTests
{
    private const int Days = 12;
    private const int SpansADay = 48;
    private const int HeadMaxSpans = 20;

    [Fact]
    public async Task TraceOfManyDaysKeepsTheSpansOfTheDaysThatRetentionKeeps()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        var received = await LiveAsync(store);
        var oldest = store.Time.GetUtcNow() - TimeSpan.FromDays(7);
        var spans = (await store.Store.GetTraceAsync(Long(0).TraceId, default))?.Spans.SpanId.Span.ToArray() ?? [];
        Assert.Equal(spans.Length, spans.Distinct().Count());
        var missing = received.Where(r => r.At >= oldest && !spans.Contains(r.Span)).ToArray();
        Assert.True(missing.Length == 0, $"{missing.Length} spans of the last seven days are missing");
        // A block goes whole, with its last span: it spans a day of receiving at most.
        var expired = received.Where(r => r.At < oldest - TimeSpan.FromDays(1) && spans.Contains(r.Span)).ToArray();
        Assert.True(expired.Length == 0, $"{expired.Length} spans are kept that were received more than a day before the age of retention");
        Assert.True(spans.Length < received.Count, "nothing was dropped");
        var summary = Assert.Single((await store.Store.SearchAsync(SearchPlan.Parse("name=long"), default)).Traces);
        Assert.Equal(spans.Length, summary.Spans);
    }

    [Fact]
    public async Task TraceOfManyDaysThatIsPinnedIsKeptWhole()
    {
        await using var store = await OpenAsync(new RetentionOptions());
        await store.AppendAsync(Long(0));
        Assert.Equal(PinResult.Pinned, await store.Store.PinAsync(Long(0).TraceId, default));
        var received = await LiveAsync(store, first: 1);
        var view = await store.Store.GetTraceAsync(Long(0).TraceId, default);
        Assert.Equal(received.Count + 1, view?.Spans.RowCount);
        Assert.Null(await store.Store.GetTraceAsync(Short(HeadMaxSpans).TraceId, default));
    }

    /// <summary>A span of the long trace every half hour, with as many short traces as make a head full, so that the span waits for the next block; the store is opened anew every other day.</summary>
    private static async Task<List<(ulong Span, DateTimeOffset At)>> LiveAsync(StoreUnderTest store, int first = 0)
    {
        var received = new List<(ulong Span, DateTimeOffset At)>();
        var carried = 0;
        for (var i = first; i < Days * SpansADay; i++)
        {
            await AppendAsync(store, [.. Enumerable.Range(i * HeadMaxSpans, HeadMaxSpans).Select(Short), Long(i)]);
            received.Add((Long(i).SpanId, store.Time.GetUtcNow()));
            if (Manifest.Read(store.Files, StoreUnderTest.Root).Carried.Any(c => c.Id == Long(0).TraceId)) carried++;
            store.Time.Advance(TimeSpan.FromMinutes(30));
            if (i % SpansADay == 0) await store.Store.CompactAsync(default);
            if (i % (2 * SpansADay) == SpansADay) await store.ReopenAsync();
        }
        await store.Store.CompactAsync(default);
        var statistics = store.Store.GetStatistics();
        Assert.Empty(statistics.Problems);
        Assert.True(carried > 0, "the trace was never carried over");
        Assert.True(statistics.Levels.Any(l => l.Level > 0), "nothing was merged");
        Assert.True(statistics.Blocks >= 6, $"{statistics.Blocks} blocks: merged blocks are wider than a day");
        Assert.DoesNotContain(StoreCheck.Run(StoreUnderTest.Directory, store.Files.Copy(), default).Findings, f => f.IsDamage);
        return received;
    }

    private static async Task AppendAsync(StoreUnderTest store, params PlainSpan[] spans)
    {
        // A full head becomes a block by itself, whether or not more spans come.
        await store.UntilAsync(() => store.Store.GetStatistics().HeadSpans <= 2 * HeadMaxSpans);
        await store.AppendAsync(spans);
    }

    private static Task<StoreUnderTest> OpenAsync(RetentionOptions retention) =>
        StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = HeadMaxSpans, Retention = retention });

    private static PlainSpan Long(int i) => Span(1, i) with { Name = "long" };

    private static PlainSpan Short(int i) => Span(2 + i, i) with { Name = "short" };

    private static PlainSpan Span(int trace, int i)
    {
        var start = SpanGen.Base + ((ulong)i * 90_000_000_000);
        return new PlainSpan { TraceId = new(7, (ulong)trace), SpanId = (ulong)i + 1, Start = start, End = start + 1_000 };
    }
}
