using System.Net;
using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Api;

/// <summary>GET /api/v1/traces/{id} and the detail of a span.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task TheColumnsSayWhatTheSpansAre()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));

        var columns = trace.GetProperty("columns");
        int[] Numbers(string name) => [.. columns.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];
        string[] Texts(string name, string table) => [.. Numbers(name).Select(i => i < 0 ? "-" : trace.GetProperty(table)[i].GetString() ?? "")];
        Assert.Equal([Export.Id(1), Export.Id(2), Export.Id(4), Export.Id(4), Export.Id(3)], columns.GetProperty("spanId").EnumerateArray().Select(v => v.GetString() ?? ""));
        Assert.Equal([-1, 0, 1, 1, -2], Numbers("parent"));
        Assert.Equal(["svc", "svc", "svc", "svc", "svc"], Texts("service", "services"));
        Assert.Equal(["root", "wait", "shared", "shared", "orphan"], Texts("name", "names"));
        Assert.Equal([0, 10_000_000, 5_000_000, 6_000_000, 20_000_000], Numbers("start"));
        Assert.Equal([100_000_000, 50_000_000, 10_000_000, 10_000_000, 0], Numbers("duration"));
        Assert.Equal([2, 3, 0, 0, 0], Numbers("kind"));
        Assert.Equal([1, 2, 0, 0, 0], Numbers("status"));
        Assert.Equal([0, 1, 0, 0, 0], Numbers("error"));
        Assert.Equal([1, 0, 0, 0, 0], Numbers("events"));
        Assert.Equal([1, 1, 0, 0, 0], Numbers("links"));
        Assert.Equal(["-", "batch_window", "-", "-", "-"], Texts("wait", "texts"));
        Assert.Equal(["-", "timeout", "-", "-", "-"], Texts("label", "texts"));
        Assert.Equal([0, 0, 8 + 16, 8 + 16, 1 + 2], Numbers("warnings"));
        Assert.Equal($$"""[{"row":0,"traceId":"{{Export.Trace(9)}}","spanId":"{{Export.Id(9)}}","toRow":-1},{"row":1,"traceId":"{{Export.Trace(1)}}","spanId":"{{Export.Id(1)}}","toRow":0}]""",
            trace.GetProperty("links").GetRawText());
        Assert.Equal($$"""[{"row":4,"parentSpanId":"{{Export.Id(99)}}"}]""", trace.GetProperty("orphans").GetRawText());
        Assert.Equal("[]", trace.GetProperty("generations").GetRawText());
        Assert.Equal(Export.BaseNano.ToString(), trace.GetProperty("startUnixNano").GetString());

        var found = (await server.GetAsync("/api/v1/search?service=svc&q=name%3Droot")).GetProperty("traces")[0];
        Assert.True(JsonElement.DeepEquals(found, trace.GetProperty("summary")));
        Assert.Equal(("timeout", 5, 1, 1), (found.GetProperty("errorType").GetString(), found.GetProperty("spans").GetInt32(), found.GetProperty("errors").GetInt32(), found.GetProperty("orphans").GetInt32()));
    }

    [Fact]
    public async Task SaysWhichSpansTellOfTokensAndOfTheFirstOne()
    {
        await using var server = await ServerUnderTest.StartAsync();
        static string Said(params string[] attributes) => $"\"attributes\":[{string.Join(",", attributes)}]";
        static string Value(string key, string type, string value) => $$$"""{"key":"{{{key}}}","value":{"{{{type}}}":{{{value}}}}}""";
        await server.StoreAsync(Export.Json("llm",
            Export.Span(Export.Trace(1), Export.Id(1), "root"),
            Export.Span(Export.Trace(1), Export.Id(2), "chat", Export.Id(1), 1, more: Said(Value("gen_ai.request.model", "stringValue", "\"nano\""), Value("gen_ai.usage.input_tokens", "intValue", "\"2871\""), Value("gen_ai.usage.output_tokens", "intValue", "96"), Value("gen_ai.server.time_to_first_token", "doubleValue", "0.0886"))),
            // The older names, a number as text, and one that is no amount.
            Export.Span(Export.Trace(1), Export.Id(3), "old", Export.Id(1), 2, more: Said(Value("gen_ai.usage.prompt_tokens", "stringValue", "\"12\""), Value("gen_ai.usage.completion_tokens", "intValue", "-5"))),
            Export.Span(Export.Trace(1), Export.Id(4), "model alone", Export.Id(1), 3, more: Said(Value("gen_ai.request.model", "stringValue", "\"nano\"")))));
        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));
        Assert.Equal("""[{"row":1,"model":"nano","inputTokens":2871,"outputTokens":96,"firstTokenNano":88600000},{"row":2,"model":null,"inputTokens":12,"outputTokens":null,"firstTokenNano":null}]""", trace.GetProperty("generations").GetRawText());
    }

    [Theory]
    [InlineData("ot=th:8", 0.5)]
    [InlineData("vendor=x, ot=rv:12;th:c", 0.25)]
    [InlineData("ot=th:fd70a3d70a3d7", 0.01)]
    public async Task AServiceThatKeepsAShareOfItsTracesIsNamed(string traceState, double share)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("whole", Export.Span(Export.Trace(1), Export.Id(1), more: "\"traceState\":\"ot=th:0\"")));
        await server.StoreAsync(Export.Json("part", Export.Span(Export.Trace(1), Export.Id(2), startMs: 1, more: $"\"traceState\":\"{traceState}\""), Export.Span(Export.Trace(1), Export.Id(3), startMs: 2)));
        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));
        var sampling = Assert.Single(trace.GetProperty("sampling").EnumerateArray());
        Assert.Equal("part", trace.GetProperty("services")[sampling.GetProperty("service").GetInt32()].GetString());
        Assert.Equal(share, sampling.GetProperty("share").GetDouble(), 1e-9);
        Assert.Equal(1, sampling.GetProperty("spans").GetInt32());
    }

    [Theory]
    [InlineData("")]
    [InlineData("ot=th:")]
    [InlineData("ot=th:x")]
    [InlineData("ot=th:012345678901234")]
    [InlineData("other=th:8")]
    public async Task ATraceStateThatSaysNothingOfSamplingNamesNoService(string traceState)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), more: $"\"traceState\":\"{traceState}\"")));
        Assert.Equal("[]", (await server.GetAsync("/api/v1/traces/" + Export.Trace(1))).GetProperty("sampling").GetRawText());
    }

    [Fact]
    public async Task AWaitIsLabelledWithWhatItSaysOfItself()
    {
        await using var server = await ServerUnderTest.StartAsync();
        static string Span(int id, params (string Key, string Value)[] attributes) => Export.Span(Export.Trace(1), Export.Id(id), startMs: id, more: Export.Attributes(attributes));
        await server.StoreAsync(Export.Json("svc", Span(1, ("wait.kind", "batch_window"), ("wait.detail", "closes after 3 s")), Span(2, ("wait.kind", "queue")), Span(3, ("wait.detail", "no wait"))));
        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));
        var labels = trace.GetProperty("columns").GetProperty("label").EnumerateArray().Select(l => l.GetInt32()).ToArray();
        Assert.Equal([-1, -1], labels[1..]);
        Assert.Equal("closes after 3 s", trace.GetProperty("texts")[labels[0]].GetString());
    }

    [Fact]
    public async Task APartOfATraceHasWhatFailedAndTookLongestAndSaysWhatIsLeftOut()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        var address = "/api/v1/traces/" + Export.Trace(1);
        var two = await server.GetAsync(address + "?limit=2");
        Assert.Equal([Export.Id(1), Export.Id(2)], two.GetProperty("columns").GetProperty("spanId").EnumerateArray().Select(v => v.GetString() ?? ""));
        Assert.Equal("[0,2]", two.GetProperty("columns").GetProperty("omitted").GetRawText());
        Assert.Equal("""{"spans":5,"omittedRoots":1}""", two.GetProperty("excerpt").GetRawText());
        Assert.Equal(5, two.GetProperty("summary").GetProperty("spans").GetInt32());

        var early = await server.GetAsync($"{address}?to={Export.BaseNano + 5_500_000}");
        Assert.Equal([Export.Id(1), Export.Id(2), Export.Id(4)], early.GetProperty("columns").GetProperty("spanId").EnumerateArray().Select(v => v.GetString() ?? ""));
        var wanted = await server.GetAsync($"{address}?limit=2&span={Export.Id(3)}");
        Assert.Equal([Export.Id(1), Export.Id(3)], wanted.GetProperty("columns").GetProperty("spanId").EnumerateArray().Select(v => v.GetString() ?? ""));
        var whole = await server.GetAsync(address + "?limit=5");
        Assert.Equal(JsonValueKind.Null, whole.GetProperty("excerpt").ValueKind);
        Assert.False(whole.GetProperty("columns").TryGetProperty("omitted", out _));
        Assert.Equal("limit", (await server.GetProblemAsync($"{address}?limit=0", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
        Assert.Equal("span", (await server.GetProblemAsync($"{address}?limit=5&span=x", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
        Assert.Equal("format", (await server.GetProblemAsync($"{address}?format=otlp&limit=5", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task ASpansDetailIsAllThatOtlpSaid()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        var span = Assert.Single((await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}/spans/{Export.Id(1)}")).GetProperty("spans").EnumerateArray());

        const string attributes = """
            [{"key":"text","type":"string","value":"front door"},{"key":"yes","type":"bool","value":true},{"key":"count","type":"int","value":"-9223372036854775808"},
            {"key":"ratio","type":"double","value":0.5},{"key":"nan","type":"double","value":"NaN"},{"key":"low","type":"double","value":"-Infinity"},
            {"key":"bytes","type":"bytes","value":"AAEC"},{"key":"none","type":"empty","value":null},
            {"key":"list","type":"array","value":[{"type":"string","value":"a"},{"type":"int","value":"1"},{"type":"array","value":[{"type":"bool","value":false}]}]},
            {"key":"map","type":"kvlist","value":[{"key":"k","type":"kvlist","value":[{"key":"deep","type":"double","value":1}]},{"key":"e","type":"empty","value":null}]}]
            """;
        AssertJson($$"""
            {"traceId":"{{Export.Trace(1)}}","spanId":"{{Export.Id(1)}}","parentSpanId":null,"traceState":"a=b","flags":257,"name":"root","kind":"server",
            "startUnixNano":"1795219200000000000","endUnixNano":"1795219200100000000","durationNano":"100000000","status":{"code":"ok","message":"fine"},"service":"svc",
            "attributes":{{attributes}},"droppedAttributes":3,
            "events":[{"timeUnixNano":"1795219200000000005","name":"started","attributes":{{attributes}},"droppedAttributes":4}],"droppedEvents":5,
            "links":[{"traceId":"{{Export.Trace(9)}}","spanId":"{{Export.Id(9)}}","traceState":"c=d","flags":1,"attributes":{{attributes}},"droppedAttributes":6}],"droppedLinks":7,
            "resource":{"attributes":[{"key":"service.name","type":"string","value":"svc"},{{attributes[1..]}},"droppedAttributes":1,"schemaUrl":"https://resource.example/1"},
            "scope":{"name":"lib","version":"2","attributes":{{attributes}},"droppedAttributes":2,"schemaUrl":"https://scope.example/1"},"warnings":[]}
            """, span);
    }

    [Fact]
    public async Task WarningsSaySentences()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        async Task<string[]> WarningsAsync(int span) => [.. (await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}/spans/{Export.Id(span)}")).GetProperty("spans").EnumerateArray()
            .SelectMany(s => s.GetProperty("warnings").EnumerateArray()).Select(w => $"{w.GetProperty("code").GetString()}: {w.GetProperty("message").GetString()}")];
        Assert.Equal(["end_before_start: It ends 5 ms before it starts, so it is shown without a duration.", $"parent_missing: Its parent {Export.Id(99)} is not in this trace."], await WarningsAsync(3));
        var shared = await WarningsAsync(4);
        Assert.Equal(4, shared.Length);
        Assert.Contains(shared, w => w.StartsWith("shared_id: ", StringComparison.Ordinal));
        Assert.Contains(shared, w => w.StartsWith($"starts_before_parent: It starts 5 ms before its parent {Export.Id(2)}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheWholeTraceAsOtlpIsADownloadThatCanBeSentAgain()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        using var response = await server.Http.GetAsync($"/api/v1/traces/{Export.Trace(1)}?format=otlp");
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition?.DispositionType);
        var exported = await response.Content.ReadAsStringAsync();

        await using var other = await ServerUnderTest.StartAsync();
        await other.StoreAsync(exported);
        foreach (var path in new[] { $"/api/v1/traces/{Export.Trace(1)}", $"/api/v1/traces/{Export.Trace(1)}/spans/{Export.Id(1)}", $"/api/v1/traces/{Export.Trace(1)}/spans/{Export.Id(4)}" })
            AssertJson((await server.GetAsync(path)).GetRawText(), await other.GetAsync(path));
    }

    [Fact]
    public async Task IdsAreTakenInEitherCaseAndShort()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(0xABC));
        foreach (var id in new[] { Export.Trace(0xABC), Export.Trace(0xABC).ToUpperInvariant(), "abc", "0ABC" })
            Assert.Equal(Export.Trace(0xABC), (await server.GetAsync("/api/v1/traces/" + id)).GetProperty("traceId").GetString());
    }

    [Theory]
    [InlineData("/api/v1/traces/0", HttpStatusCode.BadRequest, "id")]
    [InlineData("/api/v1/traces/xyz", HttpStatusCode.BadRequest, "id")]
    [InlineData("/api/v1/traces/000000000000000000000000000000001", HttpStatusCode.BadRequest, "id")]
    [InlineData("/api/v1/traces/2", HttpStatusCode.NotFound, "id")]
    [InlineData("/api/v1/traces/1?format=jaeger", HttpStatusCode.BadRequest, "format")]
    [InlineData("/api/v1/traces/1/spans/12", HttpStatusCode.BadRequest, "spanId")]
    [InlineData("/api/v1/traces/1/spans/0000000000000002", HttpStatusCode.NotFound, "spanId")]
    [InlineData("/api/v1/traces/2/spans/0000000000000001", HttpStatusCode.NotFound, "id")]
    public async Task WhatIsNotThereIsSaid(string path, HttpStatusCode status, string parameter)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        Assert.Equal(parameter, (await server.GetProblemAsync(path, status)).GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task AnotherMethodIs405()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await server.Http.PostAsync("/api/v1/search", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task ATraceOfManySpansArrivesWhole()
    {
        await using var server = await ServerUnderTest.StartAsync();
        const int spans = 20_000;
        foreach (var chunk in Enumerable.Range(1, spans).Chunk(5_000))
            await server.StoreAsync(Export.Json("svc", [.. chunk.Select(i => Export.Span(Export.Trace(1), Export.Id(i), "s" + (i % 7), i == 1 ? "" : Export.Id(i / 2), startMs: i, ms: 5))]));
        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));
        foreach (var column in trace.GetProperty("columns").EnumerateObject()) Assert.Equal(spans, column.Value.GetArrayLength());
        var parents = trace.GetProperty("columns").GetProperty("parent").EnumerateArray().Select(p => p.GetInt32()).ToList();
        Assert.All(parents.Select((parent, row) => (parent, row)), p => Assert.True(p.parent < p.row));
        Assert.Equal(1, parents.Count(p => p == -1));

        var exported = await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}?format=otlp");
        var ids = exported.GetProperty("resourceSpans").EnumerateArray().SelectMany(r => r.GetProperty("scopeSpans").EnumerateArray())
            .SelectMany(s => s.GetProperty("spans").EnumerateArray()).Select(s => s.GetProperty("spanId").GetString());
        Assert.Equal(trace.GetProperty("columns").GetProperty("spanId").EnumerateArray().Select(s => s.GetString()), ids);
    }

    [Fact]
    public async Task ATraceThatTakesTooMuchMemoryIsCutOnThePageAndRefusedAsAnExport()
    {
        await using var server = await ServerUnderTest.StartAsync(options => options with { Store = options.Store with { TraceMaxBytes = 2 << 20 } });
        const int spans = 20_000;
        foreach (var chunk in Enumerable.Range(1, spans).Chunk(5_000))
            await server.StoreAsync(Export.Json("svc", [.. chunk.Select(i => Export.Span(Export.Trace(1), Export.Id(i), "s", i == 1 ? "" : Export.Id(i / 2), startMs: i, ms: 5))]));
        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));
        var found = trace.GetProperty("columns").GetProperty("spanId").GetArrayLength();
        Assert.InRange(found, 1, spans - 1);
        var message = trace.GetProperty("truncated").GetProperty("message").GetString();
        Assert.Equal(("memory", true), (trace.GetProperty("truncated").GetProperty("reason").GetString(), message?.Contains($"of its spans {found} were read", StringComparison.Ordinal)));
        Assert.Equal(message, (await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(1)}?format=otlp", HttpStatusCode.InsufficientStorage)).GetProperty("detail").GetString());
        // What was read is served; what was not is not said to be missing.
        Assert.Equal(1, (await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}/spans/{Export.Id(1)}")).GetProperty("spans").GetArrayLength());
        Assert.Equal("spanId", (await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(1)}/spans/{Export.Id(spans)}", HttpStatusCode.InsufficientStorage)).GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task AnExportOfADamagedTraceSaysThatItIsAPart()
    {
        var options = new TraceStoreOptions { Directory = StoreUnderTest.Directory, Compaction = new CompactionOptions { IsOn = false } };
        await using var filled = await StoreUnderTest.OpenAsync(options);
        PlainSpan[] spans = [.. Enumerable.Range(1, 2).Select(i => new PlainSpan { TraceId = new(1, 1), SpanId = (ulong)i, Start = SpanGen.Base, End = SpanGen.Base + 7, Name = "n" })];
        foreach (var span in spans)
        {
            await filled.AppendAsync(span);
            await filled.FlushAsync();
        }
        await filled.Store.DisposeAsync();
        const string block = StoreUnderTest.Root + "/blocks/0000000002.block";
        var told = 0;
        for (var place = 0; place < filled.Files.ReadAll(block).Length; place += 7)
        {
            var damaged = filled.Files.Copy();
            damaged.FlipBit(block, 8L * place);
            await using var server = await ServerUnderTest.StartAsync(o => o with { Store = options }, damaged, filled.Time);
            using var response = await server.Http.GetAsync($"/api/v1/traces/{spans[0].TraceId}?format=otlp");
            if (!response.Headers.TryGetValues("Throughline-Truncated", out var reason)) continue;
            Assert.Contains("0000000002.block", Uri.UnescapeDataString(reason.Single()), StringComparison.Ordinal);
            Assert.Equal($"trace-{spans[0].TraceId}.incomplete.json", response.Content.Headers.ContentDisposition?.FileName);
            var exported = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("resourceSpans");
            Assert.Equal(1, exported[0].GetProperty("scopeSpans")[0].GetProperty("spans").GetArrayLength());
            if (++told == 3) return;
        }
        Assert.Fail($"only {told} of the damaged bytes were met");
    }

    private static void AssertJson(string expected, JsonElement actual)
    {
        var element = JsonDocument.Parse(expected).RootElement;
        if (!JsonElement.DeepEquals(element, actual)) Assert.Equal(JsonSerializer.Serialize(element), JsonSerializer.Serialize(actual));
    }
}
