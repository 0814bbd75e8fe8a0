using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Server.Api;

/// <summary>GET /api/v1/traces/{id}/typical: which trace is chosen to compare one with, and what is said about the choice.</summary>
public sealed class TypicalTests
{
    private const long MinuteMs = 60_000;

    [Fact]
    public async Task IsOfTheMedianAndNearestInTime()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreAsync(server, 1, minute: 10, ms: 9000);
        await StoreAsync(server, 2, minute: 1, ms: 100);
        await StoreAsync(server, 3, minute: 2, ms: 300);
        await StoreAsync(server, 4, minute: 3, ms: 301);
        await StoreAsync(server, 5, minute: 4, ms: 800);
        var answer = await TypicalAsync(server, 1);
        // The median of 100, 300, 301 and 800 is 300; 301 is as good, and nearer in time.
        Assert.Equal("300000000", answer.GetProperty("medianNano").GetString());
        Assert.Equal(Export.Trace(4), Chosen(answer));
        Assert.Equal(4, answer.GetProperty("among").GetProperty("value").GetInt32());
        Assert.Equal("exact", answer.GetProperty("among").GetProperty("relation").GetString());
        Assert.True(answer.GetProperty("sameServices").GetBoolean());
    }

    [Fact]
    public async Task LeavesOutFailedOnesOtherRootsAndItself()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreAsync(server, 1, minute: 0, ms: 500);
        await StoreAsync(server, 2, minute: 1, ms: 500, more: """ "status":{"code":2} """);
        await StoreAsync(server, 3, minute: 2, ms: 500, name: "other");
        // The operation occurs in it, but not as its root.
        await server.StoreAsync(Export.Json("svc",
            Export.Span(Export.Trace(4), Export.Id(1), "outer", startMs: 3 * MinuteMs, ms: 500),
            Export.Span(Export.Trace(4), Export.Id(2), "work", Export.Id(1), 3 * MinuteMs, 500)));
        // A span of it names a parent that is not there.
        await server.StoreAsync(Export.Json("svc",
            Export.Span(Export.Trace(5), Export.Id(1), startMs: 4 * MinuteMs, ms: 500),
            Export.Span(Export.Trace(5), Export.Id(2), "child", Export.Id(9), 4 * MinuteMs, 500)));
        var alone = await TypicalAsync(server, 1);
        Assert.Equal(JsonValueKind.Null, alone.GetProperty("typical").ValueKind);
        Assert.Equal(0, alone.GetProperty("among").GetProperty("value").GetInt32());

        await StoreAsync(server, 6, minute: 5, ms: 700);
        Assert.Equal(Export.Trace(6), Chosen(await TypicalAsync(server, 1)));
        // A failed trace is compared with a successful one all the same.
        Assert.Equal(Export.Trace(1), Chosen(await TypicalAsync(server, 2)));
    }

    [Fact]
    public async Task PrefersTheSameServices()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreAsync(server, 1, minute: 0, ms: 500);
        foreach (var number in new[] { 2, 3, 4 })
        {
            await StoreAsync(server, number, minute: number, ms: 500);
            await server.StoreAsync(Export.Json("cache", Export.Span(Export.Trace(number), Export.Id(2), "get", Export.Id(1), number * MinuteMs, 5)));
        }
        var without = await TypicalAsync(server, 1);
        Assert.Equal(Export.Trace(2), Chosen(without));
        Assert.False(without.GetProperty("sameServices").GetBoolean());

        // Though it lies days away.
        await StoreAsync(server, 5, minute: 5 * 24 * 60, ms: 900);
        var same = await TypicalAsync(server, 1);
        Assert.Equal(Export.Trace(5), Chosen(same));
        Assert.True(same.GetProperty("sameServices").GetBoolean());
        Assert.Equal(JsonValueKind.Null, same.GetProperty("fromUnixNano").ValueKind);
    }

    [Fact]
    public async Task StaysNearInTimeWhenThereAreEnough()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreAsync(server, 1, minute: 0, ms: 500);
        for (var i = 0; i < 30; i++) await StoreAsync(server, 10 + i, minute: 1 + i % 20, ms: 200 + i);
        for (var i = 0; i < 100; i++) await StoreAsync(server, 100 + i, minute: 60 + i, ms: 9000);
        var answer = await TypicalAsync(server, 1);
        Assert.Equal(30, answer.GetProperty("among").GetProperty("value").GetInt32());
        Assert.Equal("214000000", answer.GetProperty("medianNano").GetString());
        Assert.Equal((Export.BaseNano - 30 * 60_000_000_000ul).ToString(), answer.GetProperty("fromUnixNano").GetString());
        Assert.Equal((Export.BaseNano + 30 * 60_000_000_000ul).ToString(), answer.GetProperty("toUnixNano").GetString());
    }

    /// <summary>Against a choice made the plain way over everything that was stored.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ChoosesWhatAPlainSearchWouldChoose(int seed)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { HeadMaxSpans = 25 } });
        var random = new Random(seed);
        var stored = new List<(int Number, long StartMs, long Ms, bool Failed)>();
        for (var number = 1; number <= 60; number++)
        {
            var trace = (number, random.Next(0, 29) * MinuteMs, random.Next(1, 60) * 100L, random.Next(4) == 0);
            stored.Add(trace);
            await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(number), Export.Id(1), startMs: trace.Item2, ms: trace.Item3, more: trace.Item4 ? "\"status\":{\"code\":2}" : "")));
        }
        foreach (var asked in stored.Take(20))
        {
            var among = stored.Where(t => t.Number != asked.Number && !t.Failed).ToList();
            var durations = among.Select(t => t.Ms).Order().ToList();
            var median = durations[(durations.Count - 1) / 2];
            var near = among.Where(t => Math.Abs(t.Ms - median) * 50 <= median).ToList();
            var distance = near.Min(t => Math.Abs(t.StartMs - asked.StartMs));
            var expected = near.Where(t => Math.Abs(t.StartMs - asked.StartMs) == distance).Min(t => t.Number);
            var answer = await TypicalAsync(server, asked.Number);
            Assert.True(Export.Trace(expected) == Chosen(answer), $"seed {seed}, trace {asked.Number}: {Chosen(answer)} instead of {expected}");
            Assert.Equal(among.Count, answer.GetProperty("among").GetProperty("value").GetInt32());
        }
    }

    [Fact]
    public async Task ATraceThatIsNotThereHasNone()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(7)}/typical", HttpStatusCode.NotFound);
        await server.GetProblemAsync("/api/v1/traces/xyz/typical", HttpStatusCode.BadRequest);
        await StoreAsync(server, 7, 0, 5);
        Assert.Equal("near", (await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(7)}/typical?near=1h", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    private static string? Chosen(JsonElement answer) => answer.GetProperty("typical").GetProperty("traceId").GetString();

    private static Task<JsonElement> TypicalAsync(ServerUnderTest server, int trace) => server.GetAsync($"/api/v1/traces/{Export.Trace(trace)}/typical");

    private static Task StoreAsync(ServerUnderTest server, int trace, long minute, long ms, string name = "work", string more = "") =>
        server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(trace), Export.Id(1), name, startMs: minute * MinuteMs, ms: ms, more: more)));
}
