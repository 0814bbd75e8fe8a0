using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Server.Api;

/// <summary>GET /api/v1/search: meaning of the parameters, order, pages, cursors, totals; before and after the head has become a block.</summary>
public sealed class SearchTests
{
    [Theory]
    [InlineData("", "1 2 3 4")]
    [InlineData("service=shop", "3")]
    [InlineData("service=shop&service=cam", "1 2 3 4")]
    [InlineData("service=sho", "")]
    [InlineData("operation=detect", "1 2")]
    [InlineData("operation=detect&operation=pay", "1 2 3")]
    [InlineData("service=shop&operation=detect", "")]
    [InlineData("status=error", "2 3")]
    [InlineData("status=ok", "1")]
    [InlineData("status=unset", "1 2 3 4")]
    [InlineData("status=ok&status=error", "1 2 3")]
    [InlineData("minDuration=100ms", "1 2")]
    [InlineData("minDuration=100ms&maxDuration=150ms", "1")]
    [InlineData("maxDuration=0.1s", "1 3 4")]
    [InlineData("from=1795219201000000000", "2 3 4")]
    [InlineData("to=1795219201000000000", "1")]
    [InlineData("from=1795219201000000000&to=1795219202000000000", "2")]
    [InlineData("from=1795219201000000000&to=1795219201000000000", "")]
    [InlineData("q=camera.name%3Dfront", "1 4")]
    [InlineData("q=camera.name!%3Dfront", "2")]
    [InlineData("q=camera.name~RON", "1 4")]
    [InlineData("q=camera.name%3Dfront+name%3Ddetect", "1")]
    [InlineData("q=error%3Dtrue", "2 3")]
    [InlineData("q=size>5", "2")]
    [InlineData("q=size>=5+size<6", "1")]
    [InlineData("q=size%3D%225%22", "")]
    [InlineData("q=OUT+of", "2")]
    [InlineData("q=span.duration>=200ms", "2")]
    [InlineData("q=duration>=100ms+spans<2", "")]
    [InlineData("q=spans>=2+errors%3D0", "1")]
    [InlineData("q=resource.zone%3Da", "1 2 4")]
    [InlineData("q=span.zone%3Da", "")]
    [InlineData("q=nothing-like-it", "")]
    public async Task FindsTheTracesThatItSays(string parameters, string expected)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreFourAsync(server);
        Assert.Equal(expected, Numbers(await server.SearchAsync(parameters + "&direction=asc")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OrdersByEachValueBothWaysAcrossPages(bool inBlocks)
    {
        await using var server = await ServerUnderTest.StartAsync(o => inBlocks ? o with { Store = o.Store with { HeadMaxSpans = 40 } } : o);
        const int traces = 60;
        var random = new Random(20261123);
        for (var i = 1; i <= traces; i++)
        {
            var (spans, errors) = (random.Next(1, 5), random.Next(0, 3));
            await server.StoreAsync(Export.Json("svc", [.. Enumerable.Range(1, spans).Select(s => Export.Span(Export.Trace(i), Export.Id(s), "s", s == 1 ? "" : Export.Id(1),
                startMs: i % 20 * 10 + s, ms: random.Next(1, 40), more: s <= errors ? "\"status\":{\"code\":2}" : ""))]));
        }
        foreach (var (order, field) in new[] { ("start", "startUnixNano"), ("duration", "durationNano"), ("spans", "spans"), ("errors", "errors"), ("waiting", "waitingNano") })
        {
            foreach (var direction in new[] { "asc", "desc" })
            {
                var seen = new List<(decimal Key, string Id)>();
                string? cursor = null;
                do
                {
                    var page = await server.GetAsync($"/api/v1/search?order={order}&direction={direction}&limit=7{(cursor is null ? "" : "&cursor=" + cursor)}");
                    Assert.Equal(("exact", traces), (page.GetProperty("total").GetProperty("relation").GetString(), page.GetProperty("total").GetProperty("value").GetInt32()));
                    Assert.Empty(page.GetProperty("notes").EnumerateArray());
                    Assert.Equal(JsonValueKind.Null, page.GetProperty("truncated").ValueKind);
                    seen.AddRange(page.GetProperty("traces").EnumerateArray().Select(t => (decimal.Parse(t.GetProperty(field).ToString(), CultureInfo.InvariantCulture), t.GetProperty("traceId").GetString() ?? "")));
                    cursor = page.GetProperty("nextCursor").GetString();
                }
                while (cursor is not null);
                Assert.Equal(traces, seen.Select(t => t.Id).Distinct().Count());
                Assert.Equal(traces, seen.Count);
                var sorted = direction == "asc" ? seen.OrderBy(t => t.Key) : seen.OrderByDescending(t => t.Key);
                Assert.Equal(sorted.ThenBy(t => t.Id, StringComparer.Ordinal), seen);
            }
        }
    }

    [Fact]
    public async Task PagesStayStableWhileSpansArrive()
    {
        await using var server = await ServerUnderTest.StartAsync();
        for (var i = 1; i <= 10; i++) await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(i), Export.Id(1), startMs: i)));
        var first = await server.GetAsync("/api/v1/search?limit=5");
        for (var i = 11; i <= 20; i++) await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(i), Export.Id(1), startMs: i)));
        var second = await server.GetAsync("/api/v1/search?limit=50&cursor=" + first.GetProperty("nextCursor").GetString());
        Assert.Equal("5 4 3 2 1", Numbers(second.GetProperty("traces").EnumerateArray().Select(t => t.GetProperty("traceId").GetString() ?? "")));
        Assert.Equal(10, second.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Null(second.GetProperty("nextCursor").GetString());
        Assert.Equal(20, (await server.SearchAsync("")).Length);
    }

    [Fact]
    public async Task ACursorIsTakenOnlyUnchangedAndForItsSearch()
    {
        await using var server = await ServerUnderTest.StartAsync();
        for (var i = 1; i <= 4; i++) await server.StoreAsync(Export.OneSpan(i));
        var cursor = (await server.GetAsync("/api/v1/search?limit=2&service=svc&order=duration")).GetProperty("nextCursor").GetString() ?? "";
        Assert.Equal("3 4", Numbers(await server.SearchAsync("limit=9&order=duration&service=svc&cursor=" + cursor)));

        foreach (var parameters in new[] { "order=duration", "service=svc", "service=svc&order=duration&direction=asc", "service=svc&order=duration&q=x", "service=svc&service=other&order=duration" })
        {
            var foreign = await server.GetProblemAsync($"/api/v1/search?{parameters}&cursor={cursor}", HttpStatusCode.BadRequest);
            Assert.Equal("cursor", foreign.GetProperty("parameter").GetString());
            Assert.Contains("another search", foreign.GetProperty("detail").GetString());
        }
        for (var i = 0; i < cursor.Length; i++)
        {
            var mangled = cursor[..i] + (cursor[i] == 'A' ? 'B' : 'A') + cursor[(i + 1)..];
            var problem = await server.GetProblemAsync($"/api/v1/search?service=svc&order=duration&cursor={mangled}", HttpStatusCode.BadRequest);
            Assert.Equal("cursor", problem.GetProperty("parameter").GetString());
        }
        foreach (var odd in new[] { "x", cursor[..^1], cursor + "A", "%F0%9F%98%80" }) await server.GetProblemAsync($"/api/v1/search?service=svc&order=duration&cursor={odd}", HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("order=name", "order")]
    [InlineData("direction=up", "direction")]
    [InlineData("status=failed", "status")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=-1", "from")]
    [InlineData("from=2&to=1", "from")]
    [InlineData("to=99999999999999999999", "to")]
    [InlineData("minDuration=5", "minDuration")]
    [InlineData("minDuration=2s&maxDuration=1s", "minDuration")]
    [InlineData("sevrice=x", "sevrice")]
    public async Task AWrongParameterIsNamed(string parameters, string parameter)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync("/api/v1/search?" + parameters, HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Equal(JsonValueKind.Null, problem.GetProperty("position").ValueKind);
    }

    [Fact]
    public async Task AWrongFilterTextIsPointedAt()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync("/api/v1/search?q=camera.name%3Dfront+duration%3E5", HttpStatusCode.BadRequest);
        Assert.Equal("q", problem.GetProperty("parameter").GetString());
        Assert.Equal("camera.name=front duration>".Length, problem.GetProperty("position").GetInt32());
    }

    [Fact]
    public async Task AnEmptyParameterIsAsNone()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        Assert.Equal("1", Numbers(await server.SearchAsync("service=&q=&from=&to=&status=&limit=&cursor=&order=&minDuration=")));
    }

    [Fact]
    public async Task TotalsAndSummariesAreOfTheWholeTrace()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreFourAsync(server);
        var result = await server.GetAsync("/api/v1/search?operation=detect&limit=1&order=errors");
        Assert.Equal("""{"value":2,"relation":"exact"}""", result.GetProperty("total").GetRawText());
        Assert.Equal("""{"value":1,"relation":"exact"}""", result.GetProperty("errorTraces").GetRawText());
        var trace = result.GetProperty("traces")[0];
        Assert.Equal(Export.Trace(2), trace.GetProperty("traceId").GetString());
        Assert.Equal("""{"service":"cam","name":"upload"}""", trace.GetProperty("root").GetRawText());
        Assert.Equal("""[{"name":"cam","spans":2,"errors":1}]""", trace.GetProperty("services").GetRawText());
        Assert.Equal("out of memory", trace.GetProperty("errorType").GetString());
    }

    [Fact]
    public async Task ServicesAndOperationsAreCountedOverTheRange()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await StoreFourAsync(server);
        Assert.Equal("""{"services":[{"name":"cam","spans":"5","errors":"1"},{"name":"shop","spans":"1","errors":"1"}]}""", (await server.GetAsync("/api/v1/services")).GetRawText());
        Assert.Equal("""{"services":[{"name":"cam","spans":"2","errors":"0"}]}""", (await server.GetAsync("/api/v1/services?to=1795219201000000000")).GetRawText());
        Assert.Equal("""{"operations":[{"service":"shop","name":"pay","kind":"client","spans":"1","errors":"1"}]}""", (await server.GetAsync("/api/v1/operations?service=shop")).GetRawText());
        Assert.Equal(4, (await server.GetAsync("/api/v1/operations")).GetProperty("operations").GetArrayLength());
        Assert.Empty((await server.GetAsync("/api/v1/operations?service=nobody")).GetProperty("operations").EnumerateArray());
        await server.GetProblemAsync("/api/v1/services?from=x", HttpStatusCode.BadRequest);
        await server.GetProblemAsync("/api/v1/operations?from=2&to=1", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task StatusSaysWhatCameAndWhatIsThere()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var before = await server.GetAsync("/api/v1/status");
        Assert.Equal(JsonValueKind.Null, before.GetProperty("received").GetProperty("lastUnixNano").ValueKind);
        Assert.Equal(JsonValueKind.Null, before.GetProperty("store").GetProperty("earliestStartUnixNano").ValueKind);
        await StoreFourAsync(server);
        await server.ExportAsync([0x7F]);
        var status = await server.GetAsync("/api/v1/status");
        Assert.Equal(("4", "6"), (status.GetProperty("received").GetProperty("requests").GetString(), status.GetProperty("received").GetProperty("spans").GetString()));
        var refused = Assert.Single(status.GetProperty("refused").EnumerateArray());
        Assert.Equal(("malformed", "1"), (refused.GetProperty("reason").GetString(), refused.GetProperty("count").GetString()));
        var store = status.GetProperty("store");
        Assert.Equal(("6", "4", "6", 0), (store.GetProperty("spans").GetString(), store.GetProperty("traces").GetString(), store.GetProperty("headSpans").GetString(), store.GetProperty("blocks").GetInt32()));
        Assert.Equal(("1795219200000000000", "1795219203000000000"), (store.GetProperty("earliestStartUnixNano").GetString(), store.GetProperty("latestStartUnixNano").GetString()));
        Assert.Empty(store.GetProperty("problems").EnumerateArray());
    }

    /// <summary>
    /// Four traces, a second apart. 1: 100 ms, upload and a detect of size 5 that is ok. 2: 200 ms, upload and a failed detect of size 6.5. 3: another service, an error by
    /// attribute. 4: upload alone.
    /// </summary>
    private static async Task StoreFourAsync(ServerUnderTest server)
    {
        static string Of(string service, string zone, params string[] spans) => Export.Json(service, spans).Replace(
            "\"attributes\":[{\"key\":\"service.name\"", "\"attributes\":[{\"key\":\"zone\",\"value\":{\"stringValue\":\"" + zone + "\"}},{\"key\":\"service.name\"");
        await server.StoreAsync(Of("cam", "a",
            Export.Span(Export.Trace(1), Export.Id(1), "upload", ms: 100),
            Export.Span(Export.Trace(1), Export.Id(2), "detect", Export.Id(1), 10, 50, """
                "kind":2,"status":{"code":1},"attributes":[{"key":"camera.name","value":{"arrayValue":{"values":[{"stringValue":"garden"},{"stringValue":"front"}]}}},{"key":"size","value":{"intValue":"5"}}]
                """)));
        await server.StoreAsync(Of("cam", "a",
            Export.Span(Export.Trace(2), Export.Id(1), "upload", startMs: 1000, ms: 200),
            Export.Span(Export.Trace(2), Export.Id(2), "detect", Export.Id(1), 1010, 50, """
                "kind":2,"status":{"code":2,"message":"out of memory"},"attributes":[{"key":"camera.name","value":{"stringValue":"back"}},{"key":"size","value":{"doubleValue":6.5}}]
                """)));
        await server.StoreAsync(Of("shop", "b", Export.Span(Export.Trace(3), Export.Id(1), "pay", startMs: 2000, more: """
            "kind":3,"attributes":[{"key":"error","value":{"boolValue":true}}]
            """)));
        await server.StoreAsync(Of("cam", "a", Export.Span(Export.Trace(4), Export.Id(1), "upload", startMs: 3000, more: "\"kind\":1," + Export.Attributes(("camera.name", "front")))));
    }

    private static string Numbers(IEnumerable<string> traceIds) => string.Join(' ', traceIds.Select(id => int.Parse(id, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
}
