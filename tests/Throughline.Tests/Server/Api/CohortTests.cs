using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Server.Api;

/// <summary>GET /api/v1/search/compare: some of a search's matches against the others.</summary>
public sealed class CohortTests
{
    /// <summary>Twenty traces of a caller and what it calls; five of them wait long, and are of another camera.</summary>
    private static async Task StoreAsync(ServerUnderTest server)
    {
        for (var number = 1; number <= 20; number++)
        {
            var isSlow = number % 4 == 0;
            var wait = isSlow ? 900 + number : 100;
            var attributes = Export.Attributes(("camera", isSlow ? "front" : "back"), ("request.id", $"r{number}"));
            var trace = Export.Trace(number);
            await server.StoreAsync(Export.Json("api",
                Export.Span(trace, Export.Id(1), "handle", startMs: number * 10_000, ms: wait + 50, more: attributes),
                Export.Span(trace, Export.Id(2), "window", Export.Id(1), number * 10_000 + 10, wait, Export.Attributes(("wait.kind", "batch_window"))),
                Export.Span(trace, Export.Id(3), "work", Export.Id(1), number * 10_000 + 10 + wait, 30, isSlow ? "\"status\":{\"code\":2}" : "")));
        }
    }

    [Fact]
    public async Task TellsWhereTheTimeOfTheSlowOnesGoes()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreAsync(server);
        var answer = await server.GetAsync("/api/v1/search/compare?q=name%3Dhandle&bq=duration%3E500ms");
        var (a, b) = (answer.GetProperty("a"), answer.GetProperty("b"));
        Assert.Equal((15, 5), (a.GetProperty("total").GetProperty("value").GetInt32(), b.GetProperty("total").GetProperty("value").GetInt32()));
        Assert.Equal((15, 5), (a.GetProperty("looked").GetInt32(), b.GetProperty("looked").GetInt32()));
        Assert.Equal((0, 5), (a.GetProperty("errors").GetInt32(), b.GetProperty("errors").GetInt32()));
        Assert.Equal("150000000", a.GetProperty("meanNano").GetString());
        // 904, 908, 912, 916 and 920, and 50.
        Assert.Equal(("962000000", "962000000"), (b.GetProperty("meanNano").GetString(), b.GetProperty("p50Nano").GetString()));
        Assert.Equal("912000000", b.GetProperty("meanWaitingNano").GetString());
        var nodes = answer.GetProperty("nodes").EnumerateArray().ToList();
        Assert.Equal(["handle -1", "window 0 batch_window", "work 0"], nodes.Select(n => $"{n.GetProperty("name")} {n.GetProperty("parent")} {n.GetProperty("wait")}".Trim()));
        // 10 ms before its children, 10 ms behind them.
        Assert.Equal(("20000000", "20000000"), (Nano(nodes[0], "a", "wallNano"), Nano(nodes[0], "b", "selfNano")));
        Assert.Equal(("100000000", "912000000"), (Nano(nodes[1], "a", "wallNano"), Nano(nodes[1], "b", "wallNano")));
        Assert.Equal("30000000", Nano(nodes[2], "b", "p50Nano"));
        Assert.Equal(5, nodes[2].GetProperty("b").GetProperty("errors").GetInt32());
    }

    [Fact]
    public async Task RanksTheAttributesThatTellThemApart()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreAsync(server);
        var answer = await server.GetAsync("/api/v1/search/compare?bq=errors%3E0");
        var attribute = Assert.Single(answer.GetProperty("attributes").EnumerateArray());
        // Ids differ everywhere, and say nothing; what all have says nothing either.
        Assert.Equal(("camera", 1.0), (attribute.GetProperty("key").GetString(), attribute.GetProperty("score").GetDouble()));
        Assert.Equal(["back 15 0", "front 0 5"], attribute.GetProperty("values").EnumerateArray().Select(v => $"{v.GetProperty("value")} {v.GetProperty("a")} {v.GetProperty("b")}"));
        Assert.Equal(4, answer.GetProperty("keys").GetProperty("looked").GetInt32());
    }

    [Fact]
    public async Task ComparesNumbersAsDistributions()
    {
        await using var server = await ServerUnderTest.StartAsync();
        for (var number = 1; number <= 40; number++)
        {
            await server.StoreAsync(Export.Json("api", Export.Span(Export.Trace(number), Export.Id(1), ms: number > 20 ? 500 : 5, startMs: number * 1000,
                more: $$$"""
                "attributes":[{"key":"size","value":{"intValue":"{{{(number > 20 ? 1000 : 0) + number}}}"}},{"key":"other","value":{"intValue":"{{{number % 20}}}"}}]
                """)));
        }
        var answer = await server.GetAsync("/api/v1/search/compare?bq=duration%3E100ms");
        var attribute = Assert.Single(answer.GetProperty("attributes").EnumerateArray());
        Assert.Equal("size", attribute.GetProperty("key").GetString());
        Assert.Equal([10.0, 1030.0], attribute.GetProperty("medians").EnumerateArray().Select(m => m.GetDouble()));
        Assert.Empty(attribute.GetProperty("values").EnumerateArray());
    }

    [Fact]
    public async Task ASampleIsTheSameEachTimeAndOfBothKinds()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { HeadMaxSpans = 25 } });
        await StoreAsync(server);
        var answer = await server.GetAsync("/api/v1/search/compare?bq=camera%3Dfront&sample=3");
        Assert.Equal((15, 5), (answer.GetProperty("a").GetProperty("total").GetProperty("value").GetInt32(), answer.GetProperty("b").GetProperty("total").GetProperty("value").GetInt32()));
        Assert.Equal((3, 3), (answer.GetProperty("a").GetProperty("looked").GetInt32(), answer.GetProperty("b").GetProperty("looked").GetInt32()));
        var work = answer.GetProperty("nodes").EnumerateArray().Single(n => n.GetProperty("name").GetString() == "work");
        Assert.Equal((0, 3), (work.GetProperty("a").GetProperty("errors").GetInt32(), work.GetProperty("b").GetProperty("errors").GetInt32()));
        Assert.Equal(answer.GetRawText(), (await server.GetAsync("/api/v1/search/compare?bq=camera%3Dfront&sample=3")).GetRawText());
    }

    [Fact]
    public async Task AreTracesOfATime()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreAsync(server);
        var from = Export.BaseNano + 100_000_000_000;
        var answer = await server.GetAsync($"/api/v1/search/compare?bTraceFrom={from}&bTraceTo={from + 40_000_000_000}");
        Assert.Equal((16, 4), (answer.GetProperty("a").GetProperty("looked").GetInt32(), answer.GetProperty("b").GetProperty("looked").GetInt32()));
    }

    [Fact]
    public async Task SaysWhatIsWrongWithAQuestion()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync("/api/v1/search/compare?bq=duration%3E5mss", HttpStatusCode.BadRequest);
        Assert.Equal("bq", problem.GetProperty("parameter").GetString());
        Assert.Equal(JsonValueKind.Number, problem.GetProperty("position").ValueKind);
        Assert.Equal("sample", (await server.GetProblemAsync("/api/v1/search/compare?sample=501", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
        Assert.Equal("bTraceFrom", (await server.GetProblemAsync("/api/v1/search/compare?bTraceFrom=9&bTraceTo=9", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
        var empty = await server.GetAsync("/api/v1/search/compare?bq=error%3Dtrue");
        Assert.Equal((0, 0), (empty.GetProperty("a").GetProperty("looked").GetInt32(), empty.GetProperty("nodes").GetArrayLength()));
    }

    /// <summary>Whatever spans there are: what is told of the trace's length by places is all of it, and no self time is longer than its span.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task TimeByPlacesAddsUpToTheLength(int seed)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var random = new Random(seed);
        var spans = new List<string>();
        for (var id = 1; id <= 60; id++)
        {
            // Children outlive parents, begin before them, and some end before they start; each operation has its own name.
            var parent = id == 1 || random.Next(8) == 0 ? "" : Export.Id(random.Next(1, id));
            spans.Add(Export.Span(Export.Trace(1), Export.Id(id), $"op{id}", parent, random.Next(0, 2000), random.Next(-50, 700)));
        }
        await server.StoreAsync(Export.Json("api", [.. spans]));
        var answer = await server.GetAsync("/api/v1/search/compare");
        var b = answer.GetProperty("b");
        var nodes = answer.GetProperty("nodes").EnumerateArray().ToList();
        Assert.Equal(60, nodes.Count);
        Assert.Equal(long.Parse(b.GetProperty("meanNano").GetString() ?? ""), nodes.Sum(n => long.Parse(Nano(n, "b", "wallNano") ?? "")) + long.Parse(b.GetProperty("betweenNano").GetString() ?? ""));
        Assert.All(nodes, n => Assert.True(long.Parse(Nano(n, "b", "selfNano") ?? "") <= long.Parse(Nano(n, "b", "p50Nano") ?? "")));
    }

    private static string? Nano(JsonElement node, string side, string name) => node.GetProperty(side).GetProperty(name).GetString();
}
