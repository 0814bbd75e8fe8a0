using Throughline.Engine.Logs;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>Blocks of row groups of all sizes, which merges copy or write anew.</summary>
public sealed class LogMergeTests
{
    [Fact]
    public async Task LargeRowGroupsAreCopiedAndSmallOnesWrittenTogether()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        // More than a row group holds, some more than half of one, and two small ones; times overlap.
        foreach (var count in (int[])[40_000, 20_000, 300, 2_000])
        {
            var first = store.Logs.Count;
            await store.AppendAsync([.. Enumerable.Range(first, count).Select(Line)]);
            await store.Store.FlushAsync(default);
        }
        Assert.Equal(4, store.Store.GetStatistics().Blocks);
        await CheckAsync(store);
        await store.Store.CompactAsync(default);
        Assert.Equal(1, store.Store.GetStatistics().Blocks);
        await CheckAsync(store);
        await store.ReopenAsync();
        await store.AppendAsync(Line(0));
        await CheckAsync(store);
        Assert.Empty(store.Store.GetStatistics().Problems);
    }

    private static PlainLog Line(int i) => new()
    {
        Time = SpanGen.Base + (ulong)(i * 7919 % 50_000),
        TraceId = new((ulong)(i / 10 % 3_000), 7),
        SpanId = (ulong)(i % 3),
        Severity = i % 100 == 0 ? 17 : 9,
        Body = PlainValue.Of($"frame {i} of camera{i % 40} took {i % 977 / 10.0:0.0} ms user=u{i % 500}"),
        Attributes = [new("n", PlainValue.Of(i)), new("camera", PlainValue.Of($"camera {i % 40}")), new("share", PlainValue.Of(i % 8 / 8.0))],
        Resource = PlainResource.Of($"service {i / 500 % 5}"),
    };

    private static async Task CheckAsync(LogStoreUnderTest store)
    {
        foreach (var plan in (LogPlan[])
        [
            new(), new() { Descending = false }, new() { Trace = new(1234, 7) }, new() { Texts = ["camera7 took 9"] }, new() { Services = ["service 3"], MinimumSeverity = 17 },
            new() { Attributes = [new LogCondition(AttributeScope.Span, "n", AttributeOperator.Equal, new AttributeLiteral("61234", false))] }, new() { FromUnixNano = SpanGen.Base + 400, ToUnixNano = SpanGen.Base + 420 },
        ])
        {
            var expected = NaiveLogs.Search(plan, store.Logs);
            var page = await store.Store.SearchAsync(plan with { Limit = 150, Total = TotalWanted.Exact }, default);
            Assert.Equal(expected.Take(150).Select(l => l.Content), page.Entries.Select(StoredLog.ContentOf));
            Assert.Equal(new(expected.Count, true), page.Total);
        }
        var services = await store.Store.GetServicesAsync(null, null, default);
        Assert.Equal(store.Logs.Count, services.Services.Sum(s => s.Entries));
    }
}
