using CsCheck;
using Throughline.Engine.Logs;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>Whatever is sent, however it is flushed, merged and reopened between: the store answers as plain lists of records do.</summary>
public sealed class LogStorePropertyTests
{
    private const string Seed = "0000a3dJw5e2";

    [Fact]
    public Task EveryRecordIsThereOnceWithAllItsContent() => LogGen.Steps.SampleAsync(async steps =>
    {
        await using var store = await LogStoreUnderTest.AfterAsync(steps);
        var page = await store.Store.SearchAsync(new LogPlan { Limit = 1000, Total = TotalWanted.Exact, Descending = false }, default);
        Assert.Equal(NaiveLogs.Search(new LogPlan { Descending = false }, store.Logs).Select(l => l.Content), page.Entries.Select(StoredLog.ContentOf));
        Assert.Equal(new(store.Logs.Count, true), page.Total);
        Assert.Equal(store.Logs.Count == 0 ? 0 : (ulong)store.Logs.Count, page.LastSequence);
        Assert.Null(page.Truncated);
        Assert.Empty(store.Store.GetStatistics().Problems);
    }, seed: Seed, iter: 300, print: Print);

    [Fact]
    public Task SearchEqualsTheNaiveEvaluatorPageByPage() => Gen.Select(LogGen.Steps, LogGen.Plan.Array[16]).SampleAsync(async (steps, plans) =>
    {
        await using var store = await LogStoreUnderTest.AfterAsync(steps);
        foreach (var plan in plans)
        {
            var expected = NaiveLogs.Search(plan, store.Logs);
            var pages = await store.PagesAsync(plan);
            Assert.Equal(expected.Select(l => l.Content), pages.SelectMany(p => p.Entries).Select(StoredLog.ContentOf));
            foreach (var page in pages)
            {
                Assert.True(page.Total.IsExact ? page.Total.Value == expected.Count : page.Total.Value <= expected.Count && plan.Total == TotalWanted.AtLeast, $"{plan}: {page.Total} of {expected.Count}");
                Assert.True(page.Entries.Count <= plan.Limit && page.Truncated is null);
            }
            var counted = await store.Store.SearchAsync(plan with { Limit = 0, Total = TotalWanted.AtLeast }, default);
            Assert.Equal(new(expected.Count, true), counted.Total);
        }
    }, seed: Seed, iter: 300, print: c => Print(c.Item1) + string.Join("\n", c.Item2.Select(p => p.ToString())));

    [Fact]
    public Task HistogramsEqualNaiveCounts() => Gen.Select(LogGen.Steps, LogGen.Plan.Array[8], Gen.OneOf(1, 7, 60)).SampleAsync(async (steps, plans, count) =>
    {
        await using var store = await LogStoreUnderTest.AfterAsync(steps);
        foreach (var plan in plans)
        {
            var expected = NaiveLogs.Search(plan, store.Logs);
            var histogram = await store.Store.GetHistogramAsync(plan, count, default);
            Assert.Equal(new(expected.Count, true), histogram.Total);
            Assert.True(histogram.Steps.Count <= count);
            for (var step = 0; step < histogram.Steps.Count; step++)
            {
                var from = histogram.FromUnixNano + (ulong)step * histogram.StepNano;
                for (var level = LogLevel.Unset; level <= LogLevel.Fatal; level++)
                    Assert.Equal(expected.Count(l => l.At >= from && (step == histogram.Steps.Count - 1 || l.At - from < histogram.StepNano) && NaiveLogs.Level(l.Log.Severity) == level), histogram.Steps[step][(int)level]);
            }
        }
    }, seed: Seed, iter: 150, print: c => string.Join("\n", c.Item2.Select(p => p.ToString())) + Print(c.Item1));

    [Fact]
    public Task ValuesServicesAndKeysEqualNaiveCounts() => Gen.Select(LogGen.Steps, LogGen.Plan.Array[4], Gen.OneOf("", "", "x", "É")).SampleAsync(async (steps, plans, contains) =>
    {
        await using var store = await LogStoreUnderTest.AfterAsync(steps);
        foreach (var plan in plans)
        {
            var matches = NaiveLogs.Search(plan, store.Logs);
            foreach (var key in (string[])["service", "level", "severity", "scope", "event", "a", "log.a", "host", "resource.host", "rare", "rare1", "zzz"])
            {
                var expected = matches.SelectMany(l => NaiveLogs.Values(l.Log, key)).Where(v => v.Contains(contains, StringComparison.OrdinalIgnoreCase)).GroupBy(v => v)
                    .Select(g => new LogValueCount(g.Key, g.Count())).OrderByDescending(v => v.Entries).ThenBy(v => v.Text, StringComparer.Ordinal).ToArray();
                var values = await store.Store.GetValuesAsync(plan, key, 5, contains, default);
                Assert.Equal(expected.Take(5), values.Values);
                Assert.Equal(new(expected.Length, true), values.Distinct);
            }
            var inRange = NaiveLogs.Search(new LogPlan { FromUnixNano = plan.FromUnixNano, ToUnixNano = plan.ToUnixNano }, store.Logs);
            Assert.Equal(
                inRange.GroupBy(l => l.Log.Resource.Service).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new LogService(g.Key, g.Count(), g.Count(l => NaiveLogs.Level(l.Log.Severity) >= LogLevel.Error))),
                (await store.Store.GetServicesAsync(plan.FromUnixNano, plan.ToUnixNano, default)).Services);
        }
        var keys = (await store.Store.GetKeysAsync(null, null, default)).Keys;
        Assert.Equal(store.Logs.SelectMany(l => l.Log.Attributes).Select(a => a.Key).Distinct().Order(StringComparer.Ordinal), keys.Where(k => !k.IsResource).Select(k => k.Key));
        foreach (var key in keys.Where(k => !k.IsResource))
            Assert.Equal(store.Logs.SelectMany(l => l.Log.Attributes).Where(a => a.Key == key.Key).Select(a => a.Value.Type).Distinct().Order(), key.Types);
    }, seed: Seed, iter: 150, print: c => Print(c.Item1));

    private static string Print(LogStep[] steps) => string.Join("\n", (object[])steps);
}
