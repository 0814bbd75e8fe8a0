using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Throughline.Tests.Server.Api.Jaeger;

/// <summary>Jaeger's first API, as Grafana's data source and Jaeger's own pages ask it.</summary>
public sealed class JaegerApiTests
{
    private static readonly string Start = (Export.BaseNano / 1000 - 1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
    private static readonly string End = (Export.BaseNano / 1000 + 600_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Between => $"start={Start}&end={End}";

    [Fact]
    public async Task ServicesAndOperationsAreInTheEnvelope()
    {
        await using var server = await StartAsync();
        var services = await server.GetAsync("/api/services");
        Assert.Equal("""{"data":["back","front"],"total":2,"limit":0,"offset":0,"errors":null}""", services.GetRawText());
        Assert.Equal("""["GET /","render"]""", (await server.GetAsync("/api/services/front/operations")).GetProperty("data").GetRawText());
        Assert.Equal("""[{"name":"GET /","spanKind":"server"},{"name":"render","spanKind":""}]""", (await server.GetAsync("/api/operations?service=front")).GetProperty("data").GetRawText());
        Assert.Equal("""[{"name":"GET /","spanKind":"server"}]""", (await server.GetAsync("/api/operations?service=front&spanKind=server")).GetProperty("data").GetRawText());
        Assert.Equal("[]", (await server.GetAsync("/api/operations?service=nobody")).GetProperty("data").GetRawText());
    }

    /// <summary>Query, and the numbers of the traces that are answered, newest first.</summary>
    [Theory]
    [InlineData("service=front", "2,1")]
    [InlineData("service=front&limit=1", "2")]
    [InlineData("service=front&operation=render", "2,1")]
    [InlineData("service=front&operation=GET%20%2F&minDuration=150ms", "2")]
    [InlineData("service=front&maxDuration=0.1s", "2,1")]
    [InlineData("service=front&operation=GET%20%2F&maxDuration=1m0.1s&minDuration=100ms", "2,1")]
    [InlineData("service=back&tag=error:true", "2")]
    [InlineData("service=back&tags=%7B%22error%22%3A%22true%22%7D", "2")]
    [InlineData("service=back&tag=error:false", "1")]
    [InlineData("service=back&tag=http.response.status_code:500", "2")]
    [InlineData("service=back&tag=url.full:http://x:1/y", "2")]
    [InlineData("service=back&tag=otel.status_code:ERROR&tag=span.kind:client", "2")]
    [InlineData("service=back&tag=otel.status_description:too%20late", "2")]
    [InlineData("service=front&tag=error:true", "")]
    [InlineData("service=nobody", "")]
    [InlineData("service=front&lookback=1h&unknown=x", "2,1")]
    public async Task FindsTracesThatHaveASpanThatMeetsAll(string query, string expected)
    {
        await using var server = await StartAsync();
        var answer = await server.GetAsync($"/api/traces?{query}&{Between}");
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("errors").ValueKind);
        var ids = answer.GetProperty("data").EnumerateArray().Select(t => t.GetProperty("traceID").GetString());
        Assert.Equal(expected.Length == 0 ? [] : expected.Split(',').Select(n => Short(int.Parse(n, System.Globalization.CultureInfo.InvariantCulture))), ids);
    }

    [Fact]
    public async Task LooksBackTwoDaysWhenNoStartIsGiven()
    {
        await using var server = await StartAsync();
        const ulong day = 24UL * 3600 * 1_000_000;
        Assert.Equal(2, (await server.GetAsync($"/api/traces?service=front&end={Export.BaseNano / 1000 + day}")).GetProperty("total").GetInt32());
        Assert.Equal(0, (await server.GetAsync($"/api/traces?service=front&end={Export.BaseNano / 1000 + 3 * day}")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("/api/operations", 400, "parameter 'service' is required")]
    [InlineData("/api/operations?service=a&spanKind=x", 400, "unsupported span kind: 'x'")]
    [InlineData("/api/traces", 400, "parameter 'service' is required")]
    [InlineData("/api/traces?service=a&start=x", 400, "unable to parse param 'start': strconv.ParseInt: parsing \"x\": invalid syntax")]
    [InlineData("/api/traces?service=a&limit=-1", 400, "unable to parse param 'limit': strconv.ParseInt: parsing \"-1\": invalid syntax")]
    [InlineData("/api/traces?service=a&limit=0", 400, "unable to parse param 'limit': it is from 1 to 1500, not 0")]
    [InlineData("/api/traces?service=a&minDuration=20", 400, "cannot not parse minDuration: time: missing unit in duration \"20\"")]
    [InlineData("/api/traces?service=a&minDuration=2y", 400, "cannot not parse minDuration: time: unknown unit \"y\" in duration \"2y\"")]
    [InlineData("/api/traces?service=a&maxDuration=-1s", 400, "cannot not parse maxDuration: time: invalid duration \"-1s\"")]
    [InlineData("/api/traces?service=a&minDuration=25s&maxDuration=1s", 400, "'maxDuration' should be greater than 'minDuration'")]
    [InlineData("/api/traces?service=a&tag=k", 400, "malformed 'tag' parameter, expecting key:value, received: k")]
    [InlineData("/api/traces?service=a&tag=otel.scope.name:x", 400, "traces cannot be searched by 'otel.scope.name' here; it is shown, but not indexed")]
    [InlineData("/api/traces?service=a&start=20&end=10", 400, "'start' should not be after 'end'")]
    [InlineData("/api/traces?traceID=xyz", 400, "unable to parse param 'traceID': 'xyz' is no trace id of up to 32 hexadecimal digits")]
    [InlineData("/api/traces/xyz", 400, "unable to parse param 'traceID': 'xyz' is no trace id of up to 32 hexadecimal digits")]
    [InlineData("/api/traces/abc", 404, "trace not found")]
    [InlineData("/api/traces/abc?prettyPrint=perhaps", 400, "unable to parse param 'prettyPrint': strconv.ParseBool: parsing \"perhaps\": invalid syntax")]
    [InlineData("/api/dependencies?endTs=x", 400, "unable to parse param 'endTs': strconv.ParseInt: parsing \"x\": invalid syntax")]
    public async Task SaysWhatIsWrongInTheEnvelope(string path, int status, string message)
    {
        await using var server = await StartAsync();
        using var response = await server.Http.GetAsync(path);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("data").ValueKind);
        var error = Assert.Single(answer.GetProperty("errors").EnumerateArray());
        Assert.Equal((status, message), (error.GetProperty("code").GetInt32(), error.GetProperty("msg").GetString()));
    }

    [Fact]
    public async Task TagsThatAreNoJsonAreRefused()
    {
        await using var server = await StartAsync();
        using var response = await server.Http.GetAsync("/api/traces?service=a&tags=%7B%22x%22%3A123%7D");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("malformed 'tags' parameter, cannot unmarshal JSON: ", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task TracesByTheirIdsTellWhichAreMissing()
    {
        await using var server = await StartAsync();
        var answer = await server.GetAsync($"/api/traces?traceID={Export.Trace(1)}&traceID={Short(2)}&traceID=abcdef&traceID={Short(1)}");
        Assert.Equal([Short(1), Short(2)], answer.GetProperty("data").EnumerateArray().Select(t => t.GetProperty("traceID").GetString()));
        Assert.Equal("""[{"code":404,"msg":"trace not found","traceID":"0000000000abcdef"}]""", answer.GetProperty("errors").GetRawText());
    }

    /// <summary>Hexadecimal of any length, base64; times in micro- and in milliseconds are taken.</summary>
    [Fact]
    public async Task ATraceIsFoundByEveryFormOfItsId()
    {
        await using var server = await StartAsync();
        var base64 = Uri.EscapeDataString(Convert.ToBase64String(Convert.FromHexString(Export.Trace(1))));
        foreach (var id in new[] { Export.Trace(1), Short(1), Short(1).TrimStart('0'), base64 })
        {
            var trace = await server.GetAsync($"/api/traces/{id}?start={Export.BaseNano / 1_000_000}&end={End}&raw=true");
            Assert.Equal(Short(1), Assert.Single(trace.GetProperty("data").EnumerateArray()).GetProperty("traceID").GetString());
        }
    }

    [Fact]
    public async Task ATraceHasEverythingThatJaegerKnows()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        using var response = await server.Http.GetAsync($"/api/traces/{Export.Trace(1)}?prettyPrint=true");
        var text = await response.Content.ReadAsStringAsync();
        Assert.StartsWith("{\n", text);
        var trace = JsonDocument.Parse(text).RootElement.GetProperty("data")[0];
        var root = trace.GetProperty("spans").EnumerateArray().Single(s => s.GetProperty("operationName").GetString() == "root");
        Assert.Equal(Export.BaseNano / 1000, root.GetProperty("startTime").GetUInt64());
        Assert.Equal(100_000, root.GetProperty("duration").GetInt64());
        Assert.Equal(1, root.GetProperty("flags").GetInt32());
        Assert.Equal($$"""[{"refType":"FOLLOWS_FROM","traceID":"{{Short(9)}}","spanID":"{{Export.Id(9)}}"}]""", Compact(root.GetProperty("references")));
        var tags = root.GetProperty("tags").EnumerateArray().ToDictionary(t => t.GetProperty("key").GetString()!, t => $"{t.GetProperty("type").GetString()} {t.GetProperty("value").GetRawText()}");
        Assert.Equal("string \"lib\"", tags["otel.scope.name"]);
        Assert.Equal("string \"2\"", tags["otel.scope.version"]);
        Assert.Equal("string \"front door\"", tags["text"]);
        Assert.Equal("bool true", tags["yes"]);
        Assert.Equal("int64 \"-9223372036854775808\"", tags["count"]);
        Assert.Equal("float64 0.5", tags["ratio"]);
        Assert.Equal("float64 \"NaN\"", tags["nan"]);
        Assert.Equal("float64 \"-Inf\"", tags["low"]);
        Assert.Equal("binary \"AAEC\"", tags["bytes"]);
        Assert.Equal("string \"\"", tags["none"]);
        Assert.Equal("""string "[\"a\",1,[false]]" """.TrimEnd(), tags["list"]);
        Assert.Equal("""string "{\"k\":{\"deep\":1},\"e\":null}" """.TrimEnd(), tags["map"]);
        Assert.Equal("string \"server\"", tags["span.kind"]);
        Assert.Equal("string \"OK\"", tags["otel.status_code"]);
        Assert.Equal("string \"fine\"", tags["otel.status_description"]);
        Assert.Equal("string \"a=b\"", tags["w3c.tracestate"]);
        var log = Assert.Single(root.GetProperty("logs").EnumerateArray());
        Assert.Equal(Export.BaseNano / 1000, log.GetProperty("timestamp").GetUInt64());
        Assert.Equal("""{"key":"event","type":"string","value":"started"}""", Compact(log.GetProperty("fields")[0]));
        Assert.Equal(11, log.GetProperty("fields").GetArrayLength());

        var process = Assert.Single(trace.GetProperty("processes").EnumerateObject());
        Assert.All(trace.GetProperty("spans").EnumerateArray(), s => Assert.Equal(process.Name, s.GetProperty("processID").GetString()));
        Assert.Equal("svc", process.Value.GetProperty("serviceName").GetString());
        Assert.DoesNotContain(process.Value.GetProperty("tags").EnumerateArray(), t => t.GetProperty("key").GetString() == "service.name");

        var wait = trace.GetProperty("spans").EnumerateArray().Single(s => s.GetProperty("operationName").GetString() == "wait");
        Assert.Equal($$"""{"refType":"CHILD_OF","traceID":"{{Short(1)}}","spanID":"{{Export.Id(1)}}"}""", Compact(wait.GetProperty("references")[0]));
        Assert.Contains(wait.GetProperty("tags").EnumerateArray(), t => Compact(t) == """{"key":"error","type":"bool","value":true}""");
        var orphan = trace.GetProperty("spans").EnumerateArray().Single(s => s.GetProperty("operationName").GetString() == "orphan");
        Assert.Equal(0, orphan.GetProperty("duration").GetInt64());
        Assert.Equal(["the span ends before it starts; its duration is shown as 0", $"the parent span {Export.Id(99)} is not in the trace"], orphan.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()));
    }

    [Fact]
    public async Task DependenciesAreThoseOfTheTimeAndTheService()
    {
        await using var server = await StartAsync();
        var end = Export.BaseNano / 1_000_000 + 600_000;
        const string edge = """[{"parent":"front","child":"back","callCount":2}]""";
        Assert.Equal(edge, (await server.GetAsync($"/api/dependencies?endTs={end}&lookback=86400000")).GetProperty("data").GetRawText());
        Assert.Equal(edge, (await server.GetAsync($"/api/dependencies?endTs={end}&service=back")).GetProperty("data").GetRawText());
        Assert.Equal("[]", (await server.GetAsync($"/api/dependencies?endTs={end}&service=other")).GetProperty("data").GetRawText());
        Assert.Equal("[]", (await server.GetAsync($"/api/dependencies?endTs={end}&lookback=1000")).GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task ArchivingPinsTheTrace()
    {
        await using var server = await StartAsync();
        // As Jaeger's page sends it: without a body, and so without a type.
        using var archived = await server.Http.PostAsync($"/api/archive/{Short(1)}", null);
        Assert.Equal(HttpStatusCode.OK, archived.StatusCode);
        Assert.Equal($$"""{"data":["{{Short(1)}}"],"total":1,"limit":0,"offset":0,"errors":null}""", await archived.Content.ReadAsStringAsync());
        Assert.Contains(Export.Trace(1), (await server.GetAsync("/api/v1/pins")).GetRawText());
        using var missing = await server.Http.PostAsync("/api/archive/abc", null);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        // A form of another site cannot.
        using var form = new FormUrlEncodedContent([]);
        using var refused = await server.Http.PostAsync($"/api/archive/{Short(1)}", form);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);
    }

    [Fact]
    public async Task TransformTranslatesWithoutStoring()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var answer = await PostAsync(server, RichTrace.Request, HttpStatusCode.OK);
        Assert.Equal([Short(1), Short(2)], answer.GetProperty("data").EnumerateArray().Select(t => t.GetProperty("traceID").GetString()).Order());
        Assert.Equal(5, answer.GetProperty("data")[0].GetProperty("spans").GetArrayLength());
        Assert.Equal("[]", (await server.GetAsync("/api/services")).GetProperty("data").GetRawText());
        var wrong = await PostAsync(server, """{"resourceSpans":7}""", HttpStatusCode.BadRequest);
        Assert.StartsWith("cannot unmarshal OTLP: ", wrong.GetProperty("errors")[0].GetProperty("msg").GetString());
        var empty = await PostAsync(server, "{}", HttpStatusCode.BadRequest);
        Assert.Equal("there are no spans to translate", empty.GetProperty("errors")[0].GetProperty("msg").GetString());
    }

    private static async Task<JsonElement> PostAsync(ServerUnderTest server, string body, HttpStatusCode status)
    {
        using var content = new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        using var response = await server.Http.PostAsync("/api/transform", content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Two traces of front calling back; the second is slower and fails.</summary>
    internal static async Task<ServerUnderTest> StartAsync()
    {
        var server = await ServerUnderTest.StartAsync();
        for (var number = 1; number <= 2; number++)
        {
            var (trace, at) = (Export.Trace(number), number * 60_000);
            await server.StoreAsync(Export.Json("front",
                Export.Span(trace, Export.Id(1), "GET /", startMs: at, ms: 100 * number, more: "\"kind\":2"),
                Export.Span(trace, Export.Id(2), "render", Export.Id(1), at, 20)));
            await server.StoreAsync(Export.Json("back", Export.Span(trace, Export.Id(3), "query", Export.Id(1), at + 5, 50 * number, more: number == 1
                ? "\"kind\":3"
                : """
                  "kind":3,"status":{"code":2,"message":"too late"},"attributes":[{"key":"http.response.status_code","value":{"intValue":"500"}},{"key":"url.full","value":{"stringValue":"http://x:1/y"}}]
                  """)));
        }
        return server;
    }

    /// <summary>A trace id of the tests as Jaeger writes it.</summary>
    internal static string Short(int trace) => Export.Trace(trace).TrimStart('0') is { Length: <= 16 } text ? text.PadLeft(16, '0') : Export.Trace(trace);

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element, CompactOptions);

    private static readonly JsonSerializerOptions CompactOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
