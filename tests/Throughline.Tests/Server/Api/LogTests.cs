using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Server.Api;

/// <summary>The API of log records over a real server.</summary>
public sealed class LogTests
{
    [Fact]
    public async Task AnEntrySaysAllThatWasSent()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreLogsAsync("""
            {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"h1"}}]},"schemaUrl":"https://r",
            "scopeLogs":[{"scope":{"name":"Shop.Cart","version":"2"},"logRecords":[{"timeUnixNano":"1795219200000000001","observedTimeUnixNano":"1795219200000000009","severityNumber":"SEVERITY_NUMBER_WARN2",
            "severityText":"Warning","body":{"stringValue":"low stock"},"attributes":[{"key":"left","value":{"intValue":"3"}}],"droppedAttributesCount":2,"flags":1,
            "traceId":"4BF92F3577B34DA6A3CE929D0E0E4736","spanId":"00f067aa0ba902b7","eventName":"stock.low"}]}]}]}
            """);
        var answer = await server.GetAsync("/api/v1/logs");
        var entry = Assert.Single(answer.GetProperty("entries").EnumerateArray());
        string Text(string name) => entry.GetProperty(name).ToString();
        Assert.Equal(("1795219200000000001", "1795219200000000001", "1795219200000000009"), (Text("atUnixNano"), Text("timeUnixNano"), Text("observedUnixNano")));
        Assert.Equal(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"), (Text("traceId"), Text("spanId")));
        Assert.Equal(("warn", "14", "Warning", "low stock", "string", "stock.low"), (Text("level"), Text("severityNumber"), Text("severityText"), Text("body"), Text("bodyType"), Text("eventName")));
        Assert.Equal(("1", "2"), (Text("flags"), Text("droppedAttributes")));
        Assert.Equal("""[{"key":"left","type":"int","value":"3"}]""", Text("attributes"));
        Assert.Equal("shop", answer.GetProperty("resources")[0].GetProperty("service").GetString());
        Assert.Equal("h1", answer.GetProperty("resources")[0].GetProperty("attributes")[1].GetProperty("value").GetString());
        Assert.Equal(("Shop.Cart", "2"), (answer.GetProperty("scopes")[0].GetProperty("name").GetString(), answer.GetProperty("scopes")[0].GetProperty("version").GetString()));
    }

    [Theory]
    [InlineData("", "e d c b a")]
    [InlineData("direction=asc", "a b c d e")]
    [InlineData("service=two", "e")]
    [InlineData("service=one&service=two&limit=2", "e d")]
    [InlineData("level=error&level=fatal", "d b")]
    [InlineData("q=level>%3Dwarn", "d c b")]
    [InlineData("q=level%3Derror", "b")]
    [InlineData("q=severity>%3D18", "d")]
    [InlineData("trace=1", "c b")]
    [InlineData("q=trace%3D1+span%3D0000000000000002", "b")]
    [InlineData("span=0000000000000003", "c")]
    [InlineData("traced=false", "e d a")]
    [InlineData("q=camera%3Ddoor", "c")]
    [InlineData("q=camera%21%3Ddoor", "d")]
    [InlineData("q=log.n>2", "e")]
    [InlineData("q=resource.service.name~ON", "d c b a")]
    [InlineData("q=scope%3Dtests+service%3Dtwo", "e")]
    [InlineData("q=YARD", "d")]
    [InlineData("from=1795219200001000000&to=1795219200003000000", "c b")]
    public async Task ASearchFindsWhatItsParametersSay(string parameters, string bodies)
    {
        await using var server = await StartAsync();
        Assert.Equal(bodies, string.Join(' ', await server.LogsAsync(parameters)));
    }

    [Fact]
    public async Task PagesJoinToTheWholeList()
    {
        await using var server = await StartAsync();
        var (bodies, cursor) = (new List<string>(), "");
        do
        {
            var page = await server.GetAsync($"/api/v1/logs?limit=2{cursor}");
            bodies.AddRange(page.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("body").GetString() ?? ""));
            cursor = page.GetProperty("nextCursor").GetString() is { } next ? "&cursor=" + next : "";
        }
        while (cursor.Length > 0);
        Assert.Equal("e d c b a", string.Join(' ', bodies));
    }

    [Fact]
    public async Task WhatCameSinceIsFoundHoweverOldItIs()
    {
        await using var server = await StartAsync();
        var last = (await server.GetAsync("/api/v1/logs?limit=1")).GetProperty("lastSequence").GetString();
        Assert.Empty(await server.LogsAsync("after=" + last));
        await server.StoreLogsAsync(LogExport.Json("one", LogExport.Record("old but new", ms: -5)));
        Assert.Equal(["old but new"], await server.LogsAsync("after=" + last));
    }

    [Fact]
    public async Task TheHistogramCountsEveryMatchByLevel()
    {
        await using var server = await StartAsync();
        var histogram = await server.GetAsync("/api/v1/logs/histogram?from=1795219200000000000&to=1795219200005000000&steps=5");
        string Counts(string level) => string.Join(' ', histogram.GetProperty("levels").GetProperty(level).EnumerateArray());
        Assert.Equal(("1795219200000000000", "1000000"), (histogram.GetProperty("fromUnixNano").GetString(), histogram.GetProperty("stepNano").GetString()));
        Assert.Equal(("1 0 0 0 1", "0 1 0 0 0", "0 0 1 0 0", "0 0 0 1 0"), (Counts("info"), Counts("error"), Counts("warn"), Counts("fatal")));
        Assert.Equal(5, histogram.GetProperty("total").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task KeysValuesAndServicesSayWhatThereIs()
    {
        await using var server = await StartAsync();
        var values = (await server.GetAsync("/api/v1/logs/values?key=service")).GetProperty("values");
        Assert.Equal("""[{"value":"one","entries":4},{"value":"two","entries":1}]""", values.ToString());
        var levels = (await server.GetAsync("/api/v1/logs/values?key=level&q=service%3Dtwo")).GetProperty("values");
        Assert.Equal("""[{"value":"info","entries":1}]""", levels.ToString());
        var keys = (await server.GetAsync("/api/v1/logs/keys")).GetProperty("keys").EnumerateArray().Select(k => $"{k.GetProperty("scope")}.{k.GetProperty("key")}");
        Assert.Equal(["log.camera", "log.n", "resource.service.name"], keys.Order());
        var services = (await server.GetAsync("/api/v1/logs/services")).GetProperty("services");
        Assert.Equal("""[{"name":"one","entries":"4","errors":"2"},{"name":"two","entries":"1","errors":"0"}]""", services.ToString());
    }

    [Theory]
    [InlineData("/api/v1/logs?q=level%3Dloud", "q", "unset, trace, debug, info, warn, error or fatal")]
    [InlineData("/api/v1/logs?q=level~err", "q", "= and >=")]
    [InlineData("/api/v1/logs?q=trace%3Dxyz", "q", "hexadecimal")]
    [InlineData("/api/v1/logs?q=severity>%3D99", "q", "1 to 24")]
    [InlineData("/api/v1/logs?q=a%3D", "q", "value is missing")]
    [InlineData("/api/v1/logs?level=loud", "level", "fatal")]
    [InlineData("/api/v1/logs?trace=0", "trace", "trace id")]
    [InlineData("/api/v1/logs?limit=1001", "limit", "1000")]
    [InlineData("/api/v1/logs?after=x", "after", "lastSequence")]
    [InlineData("/api/v1/logs?cursor=AAAA", "cursor", "no cursor")]
    [InlineData("/api/v1/logs?sevice=x", "sevice", "There is no parameter")]
    [InlineData("/api/v1/logs/histogram?steps=0", "steps", "1 to 1000")]
    [InlineData("/api/v1/logs/values", "key", "Name the key")]
    public async Task WhatIsWrongWithAQuestionIsSaid(string url, string parameter, string detail)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync(url, HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Contains(detail, problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task ACursorOfAnotherSearchIsRefused()
    {
        await using var server = await StartAsync();
        var cursor = (await server.GetAsync("/api/v1/logs?limit=1")).GetProperty("nextCursor").GetString();
        var problem = await server.GetProblemAsync($"/api/v1/logs?limit=1&level=info&cursor={cursor}", HttpStatusCode.BadRequest);
        Assert.Contains("another search", problem.GetProperty("detail").GetString());
    }

    private static async Task<ServerUnderTest> StartAsync()
    {
        var server = await ServerUnderTest.StartAsync();
        await server.StoreLogsAsync(LogExport.Json("one", LogExport.Record("a"), LogExport.Record("b", 17, 1, LogExport.In(1, 2)),
            LogExport.Record("c", 13, 2, LogExport.In(1, 3) + "," + Export.Attributes(("camera", "door"))), LogExport.Record("d", 21, 3, Export.Attributes(("camera", "Backyard")))));
        await server.StoreLogsAsync(LogExport.Json("two", LogExport.Record("e", 9, 4, "\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"7\"}}]")));
        return server;
    }
}
