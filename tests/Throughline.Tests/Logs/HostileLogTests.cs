using Throughline.Engine.Logs;
using Throughline.Engine.Logs.Storage;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>Records that nobody should send, and bounds that are hit: the store keeps what it was sent, and says what it left out.</summary>
public sealed class HostileLogTests
{
    [Fact]
    public async Task ABodyOfFiveMegabytesComesBackWholeAndIsSearched()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        var body = new string('x', 5_000_000) + " needle 42";
        await store.AppendAsync(new PlainLog { Time = SpanGen.Base, Body = PlainValue.Of(body) }, new PlainLog { Time = SpanGen.Base + 1, Body = PlainValue.Of("small") });
        foreach (var flush in (bool[])[false, true])
        {
            if (flush) await store.Store.FlushAsync(default);
            var page = await store.Store.SearchAsync(new LogPlan { Texts = ["NEEDLE 42"], Total = TotalWanted.Exact }, default);
            Assert.Equal(body, Assert.Single(page.Entries).Body);
        }
    }

    [Fact]
    public async Task ManyThousandKeysShareTheirPages()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        var logs = Enumerable.Range(0, 4_000).Select(i => new PlainLog
        {
            Time = SpanGen.Base + (ulong)i,
            Attributes = [.. Enumerable.Range(0, 10).Select(k => new PlainAttribute($"key{i}.{k}", k % 2 == 0 ? PlainValue.Of(i) : PlainValue.Of($"value {i}")))],
        }).ToArray();
        await store.AppendAsync(logs);
        await store.Store.FlushAsync(default);
        var found = await store.Store.SearchAsync(new LogPlan { Attributes = [new LogCondition(AttributeScope.Span, "key1234.3", AttributeOperator.Equal, new AttributeLiteral("value 1234", true))], Total = TotalWanted.Exact }, default);
        Assert.Equal(logs[1234].Content, PlainLog.ContentOf(Assert.Single(found.Entries)));
        Assert.Equal(40_000, (await store.Store.GetKeysAsync(null, null, default)).Keys.Count);
        // With pages of its own, each key would take some hundred bytes.
        Assert.InRange(store.Store.GetStatistics().BlockBytes, 1, 40_000 * 60);
    }

    [Fact]
    public async Task RecordsWithEqualIdsAndTimesArePagedInTheOrderOfArrival()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        var log = new PlainLog { Time = 1, TraceId = new TraceId(1, 2), SpanId = 3, Body = PlainValue.Of("same") };
        for (var i = 0; i < 4; i++)
        {
            await store.AppendAsync([.. Enumerable.Repeat(log, 500)]);
            if (i == 1) await store.Store.FlushAsync(default);
        }
        foreach (var descending in (bool[])[true, false])
        {
            var pages = await store.PagesAsync(new LogPlan { Trace = log.TraceId, Limit = 300, Descending = descending });
            var numbers = pages.SelectMany(p => p.Entries).Select(e => e.Sequence).ToArray();
            var expected = Enumerable.Range(1, 2_000).Select(i => (ulong)i);
            Assert.Equal(descending ? expected.Reverse() : expected, numbers);
        }
    }

    [Fact]
    public async Task APageStaysWhereItIsWhenRecordsArriveAndBlocksAreMerged()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        PlainLog[] Some(int first) => [.. Enumerable.Range(first, 50).Select(i => new PlainLog { Time = SpanGen.Base + (ulong)(i % 7), Body = PlainValue.Of($"line {i}") })];
        await store.AppendAsync(Some(0));
        await store.Store.FlushAsync(default);
        await store.AppendAsync(Some(50));
        var expected = NaiveLogs.Search(new LogPlan(), store.Logs).Select(l => l.Sequence).ToArray();
        var first = await store.Store.SearchAsync(new LogPlan { Limit = 30 }, default);
        await store.AppendAsync(Some(100));
        await store.Store.FlushAsync(default);
        await store.Store.CompactAsync(default);
        await store.ReopenAsync();
        var rest = await store.PagesAsync(new LogPlan { Limit = 30, After = first.Next });
        var got = first.Entries.Concat(rest.SelectMany(p => p.Entries)).Select(e => e.Sequence).Where(s => s <= 100);
        Assert.Equal(expected, got);
    }

    [Fact]
    public async Task AQueryThatIsOverItsTimeOrMemorySaysSo()
    {
        await using var store = await LogStoreUnderTest.OpenAsync(new LogQueryOptions { MaxBytes = 20_000 });
        await store.AppendAsync([.. Enumerable.Range(0, 200).Select(i => new PlainLog { Time = (ulong)i + 1, Body = PlainValue.Of(new string('a', 300) + i) })]);
        await store.Store.FlushAsync(default);
        var page = await store.Store.SearchAsync(new LogPlan { Limit = 200 }, default);
        Assert.Equal("memory", page.Truncated?.Reason);
        Assert.False(page.Total.IsExact);
        Assert.InRange(page.Entries.Count, 1, 100);
    }

    [Fact]
    public async Task APageThatABoundCutsGoesOnWithTheRecordThatWasNotRead()
    {
        await using var store = await LogStoreUnderTest.OpenAsync(new LogQueryOptions { MaxBytes = 20_000 });
        await store.AppendAsync([.. Enumerable.Range(0, 90).Select(i => new PlainLog { Time = (ulong)i + 1, Body = PlainValue.Of(new string('a', 300) + i) })]);
        foreach (var flush in (bool[])[false, true])
        {
            if (flush) await store.Store.FlushAsync(default);
            var pages = await store.PagesAsync(new LogPlan { Limit = 200 });
            Assert.True(pages.Count > 2 && pages.SkipLast(1).All(p => p.Truncated?.Reason == "memory"));
            Assert.Equal(Enumerable.Range(1, 90).Reverse(), pages.SelectMany(p => p.Entries).Select(e => (int)e.Sequence));
        }
    }

    /// <summary>The records of a page lie in several parts by turns: what is left out of one of them is on the next page, also when another was not begun.</summary>
    [Fact]
    public async Task APageThatABoundCutsInOnePartLosesNothingOfAnother()
    {
        await using var store = await LogStoreUnderTest.OpenAsync(new LogQueryOptions { MaxBytes = 20_000 });
        PlainLog[] logs = [.. Enumerable.Range(0, 90).Select(i => new PlainLog { Time = (ulong)i + 1, Body = PlainValue.Of(new string('a', 300) + i) })];
        foreach (var part in logs.GroupBy(log => log.Time % 11 < 8))
        {
            await store.AppendAsync([.. part]);
            await store.Store.FlushAsync(default);
        }
        var pages = await store.PagesAsync(new LogPlan { Limit = 200 });
        Assert.True(pages.Count > 2);
        Assert.Equal(logs.Select(log => log.Time).Reverse(), pages.SelectMany(p => p.Entries).Select(e => e.TimeUnixNano));
    }

    [Fact]
    public async Task WhatWasFoundBeforeTheTimeWasOverIsShown()
    {
        await using var store = await LogStoreUnderTest.OpenAsync(new LogQueryOptions { TimeLimit = TimeSpan.FromMilliseconds(150) }, new PassingTime(TimeSpan.FromMilliseconds(1)));
        for (var i = 0; i < 60; i++)
        {
            await store.AppendAsync(new PlainLog { Time = (ulong)i + 1, Body = PlainValue.Of($"line {i}") });
            await store.Store.FlushAsync(default);
        }
        var page = await store.Store.SearchAsync(new LogPlan { Texts = ["line"], Limit = 10, Total = TotalWanted.Exact }, default);
        Assert.Equal(("time", false), (page.Truncated?.Reason, page.Total.IsExact));
        Assert.Equal(Enumerable.Range(51, 10).Reverse(), page.Entries.Select(e => (int)e.Sequence));
    }

    [Fact]
    public async Task ALimitHasNoUpperBound()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        await store.AppendAsync(new PlainLog { Time = 1 }, new PlainLog { Time = 2 });
        Assert.Equal(2, (await store.Store.SearchAsync(new LogPlan { Limit = int.MaxValue }, default)).Entries.Count);
    }

    [Fact]
    public async Task KeysAndServicesSayWhatKeptThemFromBeingWhole()
    {
        await using var store = await LogStoreUnderTest.OpenAsync(new LogQueryOptions { MaxBytes = 20_000 });
        await store.AppendAsync([.. Enumerable.Range(0, 500).Select(i => new PlainLog { Time = (ulong)i + 1, Attributes = [new($"key {i}", PlainValue.Of(i))], Resource = PlainResource.Of($"service {i}") })]);
        foreach (var flush in (bool[])[false, true])
        {
            if (flush) await store.Store.FlushAsync(default);
            Assert.Equal("memory", (await store.Store.GetKeysAsync(null, null, default)).Truncated?.Reason);
            Assert.Equal("memory", (await store.Store.GetServicesAsync(null, null, default)).Truncated?.Reason);
        }
    }

    [Fact]
    public async Task KeysByTheThousandOfManyRecordsTakeNoPageEach()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        var attributes = Enumerable.Range(0, 3_000).Select(k => new PlainAttribute($"key {k}", PlainValue.Of($"value {k % 7}"))).ToArray();
        var logs = Enumerable.Range(0, 20).Select(i => new PlainLog { Time = SpanGen.Base + (ulong)i, Attributes = attributes }).ToArray();
        await store.AppendAsync(logs);
        await store.Store.FlushAsync(default);
        var reads = store.Files.Reads;
        var page = await store.Store.SearchAsync(new LogPlan { Limit = 100, Descending = false }, default);
        Assert.Equal(logs.Select(l => l.Content), page.Entries.Select(PlainLog.ContentOf));
        // Of two pages a key there would be six thousand.
        Assert.InRange(store.Files.Reads - reads, 1, 2_500);
    }

    /// <summary>A clock that goes on a little whenever it is looked at.</summary>
    private sealed class PassingTime(TimeSpan step) : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _ticks, step.Ticks);
    }

    [Fact]
    public async Task ACancelledQueryEnds()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        await store.AppendAsync(new PlainLog { Time = 1 });
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.Store.SearchAsync(new LogPlan { Texts = ["x"] }, gone.Token));
    }

    [Fact]
    public async Task TheNewestAreFoundWithoutReadingOlderBlocks()
    {
        await using var store = await LogStoreUnderTest.OpenAsync();
        for (var i = 0; i < 10; i++)
        {
            await store.AppendAsync([.. Enumerable.Range(0, 20).Select(k => new PlainLog { Time = SpanGen.Base + (ulong)(i * 100 + k), Body = PlainValue.Of($"line {k}") })]);
            await store.Store.FlushAsync(default);
        }
        var before = store.Files.Reads;
        Assert.Equal(10, (await store.Store.SearchAsync(new LogPlan { Limit = 10, Texts = ["line"] }, default)).Entries.Count);
        var some = store.Files.Reads - before;
        Assert.Equal(200, (await store.Store.SearchAsync(new LogPlan { Limit = 1000, Texts = ["line"] }, default)).Entries.Count);
        Assert.InRange(some, 1, (store.Files.Reads - before) / 4);
    }
}
