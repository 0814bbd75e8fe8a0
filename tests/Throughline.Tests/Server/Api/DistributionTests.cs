using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Server.Api;

/// <summary>GET /api/v1/search/distribution, and the search for what is marked on its chart.</summary>
public sealed class DistributionTests
{
    private const ulong Start = 1795219200000000000;

    [Fact]
    public async Task MatchesAreCountedByTimeAndDurationAndListedWhileTheyAreFew()
    {
        await using var server = await StoredAsync();
        var found = await server.GetAsync($"/api/v1/search/distribution?axisFrom={Start}&axisTo={Start + 4_000_000_000}&columns=4");
        Assert.Equal((Start.ToString(), "1000000000"), (found.GetProperty("firstUnixNano").GetString(), found.GetProperty("columnNano").GetString()));
        Assert.Equal("""{"value":4,"relation":"exact"}""", found.GetProperty("total").GetRawText());
        Assert.Equal("""{"value":1,"relation":"exact"}""", found.GetProperty("errorTraces").GetRawText());
        Assert.Equal(("[2,1,0,1]", "[0,1,0,0]"), (found.GetProperty("traces").GetRawText(), found.GetProperty("errors").GetRawText()));
        Assert.Equal(("100000000", "400000000", "750000000"), (found.GetProperty("p50Nano").GetString(), found.GetProperty("p99Nano").GetString(), found.GetProperty("durationSumNano").GetString()));
        var points = found.GetProperty("points");
        Assert.Equal(["4", "3", "2", "1"], points.GetProperty("traceId").EnumerateArray().Select(t => (t.GetString() ?? "").TrimStart('0')));
        Assert.Equal("[3000000000,1000000000,500000000,0]", points.GetProperty("start").GetRawText());
        Assert.Equal(("[400000000,200000000,50000000,100000000]", "[0,1,0,0]"), (points.GetProperty("duration").GetRawText(), points.GetProperty("errors").GetRawText()));
        Assert.Equal(4, found.GetProperty("cells").GetProperty("traces").EnumerateArray().Sum(n => n.GetInt32()));
    }

    [Fact]
    public async Task ManyMatchesAreNotListed()
    {
        await using var server = await StoredAsync();
        Assert.Equal(JsonValueKind.Null, (await server.GetAsync("/api/v1/search/distribution?points=3")).GetProperty("points").ValueKind);
        Assert.Equal(JsonValueKind.Object, (await server.GetAsync("/api/v1/search/distribution?points=4")).GetProperty("points").ValueKind);
    }

    [Fact]
    public async Task TheFilterIsTheSearchs()
    {
        await using var server = await StoredAsync();
        foreach (var filter in new[] { "q=error%3Dtrue", "minDuration=100ms", "service=svc", "operation=nobody", $"traceFrom={Start + 1}&traceTo={Start + 1_000_000_001}", $"from={Start}&to={Start + 1}" })
        {
            var search = await server.GetAsync("/api/v1/search?" + filter);
            var found = await server.GetAsync("/api/v1/search/distribution?" + filter);
            Assert.Equal(search.GetProperty("total").GetRawText(), found.GetProperty("total").GetRawText());
            Assert.Equal(search.GetProperty("traces").EnumerateArray().Select(t => t.GetProperty("traceId").GetString()), found.GetProperty("points").GetProperty("traceId").EnumerateArray().Select(t => t.GetString()));
        }
        Assert.Equal(2, (await server.GetAsync($"/api/v1/search?traceFrom={Start + 1}&traceTo={Start + 1_000_000_001}")).GetProperty("total").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task WithoutTracesThereAreNoRows()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var found = await server.GetAsync("/api/v1/search/distribution");
        Assert.Equal(("[]", "[]", "[0]"), (found.GetProperty("rowEdgesNano").GetRawText(), found.GetProperty("histograms").GetProperty("duration").GetProperty("edgesNano").GetRawText(), found.GetProperty("traces").GetRawText()));
        Assert.Equal(JsonValueKind.Null, found.GetProperty("p50Nano").ValueKind);
    }

    [Theory]
    [InlineData("columns=0", "columns")]
    [InlineData("columns=1001", "columns")]
    [InlineData("rows=3", "rows")]
    [InlineData("points=5001", "points")]
    [InlineData("axisFrom=2&axisTo=2", "axisFrom")]
    [InlineData("axisFrom=x", "axisFrom")]
    [InlineData("traceFrom=2&traceTo=1", "traceFrom")]
    [InlineData("traceTo=0", "traceTo")]
    [InlineData("limit=5", "limit")]
    [InlineData("q=a%3D", "q")]
    public async Task AWrongParameterIsNamed(string parameters, string parameter)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync("/api/v1/search/distribution?" + parameters, HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
    }

    /// <summary>Traces 1 to 4: at 0, 0.5, 1 and 3 s; of 100, 50, 200 and 400 ms; the third has an error.</summary>
    private static async Task<ServerUnderTest> StoredAsync()
    {
        var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("svc",
            Export.Span(Export.Trace(1), Export.Id(1), "a", ms: 100),
            Export.Span(Export.Trace(2), Export.Id(1), "a", startMs: 500, ms: 50),
            Export.Span(Export.Trace(3), Export.Id(1), "a", startMs: 1000, ms: 200, more: "\"status\":{\"code\":2}"),
            Export.Span(Export.Trace(4), Export.Id(1), "a", startMs: 3000, ms: 400)));
        return server;
    }
}
