using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Net.Client;
using Throughline.Tests.Protos;
using Throughline.Tests.Server;
using static Throughline.Tests.Metrics.MetricRequests;

namespace Throughline.Tests.Metrics;

/// <summary>OTLP metrics against a real server: gRPC, HTTP in both forms, and the query API behind them.</summary>
public sealed class MetricReceiveTests
{
    private static readonly string Range = $"from={At(0)}&to={At(1000)}";

    [Fact]
    public async Task PointsAreVisibleOnceTheyAreAcknowledgedOverEachProtocol()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using (var answer = await PostAsync(server, Bytes("http", Gauge("depth", Point(3, 1, "a"))))) Assert.Equal((HttpStatusCode.OK, 0), (answer.StatusCode, (await answer.Content.ReadAsByteArrayAsync()).Length));
        const string json = """{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"json"}}]},"scopeMetrics":[{"metrics":[{"name":"depth","gauge":{"dataPoints":[{"timeUnixNano":"1795219202000000000","asInt":"4"}]}}]}]}]}""";
        using (var answer = await PostAsync(server, Encoding.UTF8.GetBytes(json), "application/json")) Assert.Equal("{}", await answer.Content.ReadAsStringAsync());
        using (var answer = await PostAsync(server, Export.Gzip(Bytes("gzip", Gauge("depth", Point(5, 3)))), encoding: "gzip")) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using (var channel = GrpcChannel.ForAddress(server.Addresses.OtlpGrpc.ToString()))
            Assert.Null((await new MetricsService.MetricsServiceClient(channel).ExportAsync(Request("grpc", Gauge("depth", Point(6, 4))))).PartialSuccess);

        var series = (await server.GetAsync($"/api/v1/metrics/range?name=depth&{Range}")).GetProperty("series").EnumerateArray().ToDictionary(s => s.GetProperty("service").GetString() ?? "", s => s.GetProperty("values")[0].GetDouble());
        Assert.Equal(new() { ["http"] = 3, ["json"] = 4, ["gzip"] = 5, ["grpc"] = 6 }, series);
        var status = await server.GetAsync("/api/v1/status");
        Assert.Contains("metrics", status.GetRawText());
    }

    [Fact]
    public async Task PointsSurviveARestartAndARetryIsStoredOnce()
    {
        var body = Bytes("svc", Sum("n", true, true, Point(3, 1)), Histogram("h", true, Buckets(1, [1], [1, 0])));
        await using var server = await ServerUnderTest.StartAsync();
        for (var i = 0; i < 2; i++) using (await PostAsync(server, body)) { }
        var list = (await server.GetAsync("/api/v1/metrics?service=svc")).GetProperty("metrics");
        Assert.Equal([("h", "1"), ("n", "1")], list.EnumerateArray().Select(m => (m.GetProperty("name").GetString(), m.GetProperty("points").GetString())));
    }

    [Fact]
    public async Task WhatIsRefusedIsToldAndCounted()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { MetricsMaxSeries = 2 });
        var request = Request("svc", Gauge("g", Point(1, 1, "a"), Point(1, 1, "b"), Point(1, 1, "c"), new NumberDataPoint { TimeUnixNano = 5 }));
        using var channel = GrpcChannel.ForAddress(server.Addresses.OtlpGrpc.ToString());
        var answer = await new MetricsService.MetricsServiceClient(channel).ExportAsync(request);
        Assert.Equal(2, answer.PartialSuccess.RejectedDataPoints);
        Assert.Contains("1 without a value", answer.PartialSuccess.ErrorMessage);
        Assert.Contains("--metrics-max-series", answer.PartialSuccess.ErrorMessage);
        Assert.Equal(1, await server.RefusedAsync("too_many_series"));
        Assert.Equal(1, await server.RefusedAsync("invalid_items"));
        Assert.Equal(2, (await server.GetAsync($"/api/v1/metrics/range?name=g&{Range}")).GetProperty("series").GetArrayLength());
    }

    [Fact]
    public async Task MalformedRequestsAreNamedAndNothingOfThemIsKept()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var answer = await PostAsync(server, Bytes("svc", Gauge("g", Point(1, 1)))[..^3]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var json = await PostAsync(server, "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":7}]}]}]}"u8.ToArray(), "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, json.StatusCode);
        Assert.Contains("resourceMetrics[0].scopeMetrics[0].metrics[0].name", await json.Content.ReadAsStringAsync());
        Assert.Equal(0, (await server.GetAsync("/api/v1/metrics")).GetProperty("metrics").GetArrayLength());
    }

    [Fact]
    public async Task SecretsInAttributesNeverReachTheDisk()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var point = Point(1, 1);
        point.Attributes.Add(Attribute("api.token", "hunter2-hunter2"));
        using (await PostAsync(server, Bytes("svc", Gauge("g", point)))) { }
        var series = (await server.GetAsync($"/api/v1/metrics/range?name=g&{Range}")).GetProperty("series")[0];
        Assert.Equal("[redacted]", series.GetProperty("attributes").GetProperty("api.token").GetString());
        foreach (var file in Directory.EnumerateFiles(server.Directory, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.OrdinalIgnoreCase)))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var memory = new MemoryStream();
            await stream.CopyToAsync(memory);
            Assert.True(memory.ToArray().AsSpan().IndexOf("hunter2"u8) < 0, file);
        }
    }

    [Fact]
    public async Task TheOperatorsRedactionRulesHoldForAttributesOfMetricsAndAreCounted()
    {
        await using var server = await ServerUnderTest.StartAsync();
        const string Rules = """{"version":0,"rules":{"redaction":[{"name":"cards","pattern":"\\d{4}-\\d{4}","action":"mask"},{"name":"users","key":"user.*","action":"remove"},{"name":"hosts","key":"host.name","action":"hash"}]}}""";
        using (var rules = new StringContent(Rules, null, "application/json"))
        using (var saved = await server.Http.PutAsync("/api/v1/settings/process", rules)) Assert.Equal(HttpStatusCode.OK, saved.StatusCode);
        var point = Point(1, 1);
        point.Attributes.AddRange([Attribute("note", "paid by 1234-5678"), Attribute("user.id", "7"), Attribute("kept", "yes")]);
        point.Attributes.Add(new KeyValue { Key = "map", Value = new AnyValue { KvlistValue = new KeyValueList { Values = { Attribute("user.name", "ann"), Attribute("card", "1234-5678"), Attribute("a", "b") } } } });
        var request = Request("svc", Gauge("g", point));
        request.ResourceMetrics[0].Resource.Attributes.Add(Attribute("host.name", "node-7"));
        using (await PostAsync(server, request.ToByteArray())) { }

        var series = (await server.GetAsync($"/api/v1/metrics/range?name=g&{Range}")).GetProperty("series")[0];
        Assert.Equal("""{"kept":"yes","map":"{\"card\":\"[redacted]\",\"a\":\"b\"}","note":"paid by [redacted]"}""", series.GetProperty("attributes").GetRawText());
        Assert.StartsWith("[hash:", series.GetProperty("resource").GetProperty("host.name").GetString());
        Assert.Equal("svc", series.GetProperty("service").GetString());
        var counts = (await server.GetAsync("/api/v1/settings/process/counts")).GetProperty("redacted").EnumerateArray().ToDictionary(r => r.GetProperty("rule").GetString() ?? "", r => r.GetProperty("values").GetString());
        Assert.Equal(("2", "2", "1"), (counts["cards"], counts["users"], counts["hosts"]));
        Assert.Equal("5", (await server.GetAsync("/api/v1/status")).GetProperty("redactedAttributes").GetString());
        // A request that comes again is not counted again.
        using (await PostAsync(server, request.ToByteArray())) { }
        Assert.Equal("5", (await server.GetAsync("/api/v1/status")).GetProperty("redactedAttributes").GetString());
    }

    [Fact]
    public async Task QuestionsForMetricsEndWhenTheirTimeIsOverAndSaySo()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { SearchTimeLimit = TimeSpan.Zero } });
        using (await PostAsync(server, Bytes("svc", Gauge("g", Point(1, 1))))) { }
        foreach (var path in new[] { "/api/v1/metrics", $"/api/v1/metrics/range?name=g&{Range}" })
            Assert.Contains("The query was ended after 0 s", (await server.GetAsync(path)).GetProperty("truncated").GetProperty("message").GetString());
    }

    [Fact]
    public async Task StepsAndNullsAreWhatJsonCanSay()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using (await PostAsync(server, Bytes("svc", Gauge("g", Point(2, 1), Point(double.PositiveInfinity, 11), Point(4, 31))))) { }
        var range = await server.GetAsync($"/api/v1/metrics/range?name=g&from={At(0)}&to={At(40)}&step=10s&aggregation=max");
        Assert.Equal("[2,null,null,4]", range.GetProperty("series")[0].GetProperty("values").GetRawText());
        Assert.Equal(4, range.GetProperty("steps").GetInt32());
        var points = (await server.GetAsync($"/api/v1/metrics/range?name=g&{Range}")).GetProperty("series")[0];
        Assert.Equal(JsonSerializer.Serialize(new[] { At(1).ToString(), At(11).ToString(), At(31).ToString() }), points.GetProperty("timeUnixNano").GetRawText());
    }

    private static async Task<HttpResponseMessage> PostAsync(ServerUnderTest server, byte[] body, string type = "application/x-protobuf", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return await server.Otlp.PostAsync("/v1/metrics", content);
    }
}
