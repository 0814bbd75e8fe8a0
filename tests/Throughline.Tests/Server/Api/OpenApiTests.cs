using System.Net;
using System.Text.Json;
using Throughline.Server.Api.Native;

namespace Throughline.Tests.Server.Api;

/// <summary>The OpenAPI document says the truth about the routes, the parameters and the answers.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task RealAnswersHaveTheFormThatTheDocumentGivesThem()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        await server.ExportAsync([0x7F]);
        using (var metrics = await server.Otlp.PostAsync("/v1/metrics", new ByteArrayContent(Metrics.MetricRequests.Bytes("svc", Metrics.MetricRequests.Gauge("depth", Metrics.MetricRequests.Point(3, 1, "k")))) { Headers = { ContentType = new("application/x-protobuf") } }))
            Assert.Equal(HttpStatusCode.OK, metrics.StatusCode);
        using (var profile = await server.Otlp.PostAsync("/ingest?name=a%7Bregion%3Deu%7D&from=1&until=2", new StringContent("main;work 7"))) Assert.Equal(HttpStatusCode.OK, profile.StatusCode);
        await server.StoreLogsAsync(LogExport.Json("svc", LogExport.Record("one", more: LogExport.In(1, 1)), LogExport.Record("two", 0, 1, Export.Attributes(("a", "b")))));
        using (var pinned = await server.Http.PutAsync($"/api/v1/traces/{Export.Trace(1)}/pin", new StringContent("", null, "application/json"))) Assert.Equal(HttpStatusCode.NoContent, pinned.StatusCode);
        using (var compacted = await server.Http.PostAsync("/api/v1/compact", new StringContent("", null, "application/json"))) Assert.Equal(HttpStatusCode.NoContent, compacted.StatusCode);
        var api = new OpenApi(await server.GetAsync("/api/v1/openapi.json"));
        var trace = Export.Trace(1);

        foreach (var (path, url) in new[]
        {
            ("/api/v1/config", "/api/v1/config"),
            ("/api/v1/status", "/api/v1/status"),
            ("/api/v1/services", "/api/v1/services"),
            ("/api/v1/operations", "/api/v1/operations?service=svc"),
            ("/api/v1/search", "/api/v1/search?limit=1"),
            ("/api/v1/search", "/api/v1/search?total=atLeast"),
            ("/api/v1/search/distribution", "/api/v1/search/distribution"),
            ("/api/v1/search/distribution", "/api/v1/search/distribution?points=0&q=nothing-like-it"),
            ("/api/v1/search/compare", "/api/v1/search/compare?bq=error%3Dtrue"),
            ("/api/v1/search/compare", "/api/v1/search/compare"),
            ("/api/v1/keys", "/api/v1/keys"),
            ("/api/v1/values", "/api/v1/values?key=service"),
            ("/api/v1/facets", "/api/v1/facets?key=service&key=status&limit=2"),
            ("/api/v1/traces/shapes", $"/api/v1/traces/shapes?id={trace}&id={Export.Trace(2)}"),
            ("/api/v1/red/operations", "/api/v1/red/operations"),
            ("/api/v1/red/series", "/api/v1/red/series?step=15s&by=service"),
            ("/api/v1/red/operations/series", "/api/v1/red/operations/series?operation=a&operation=work&step=1h"),
            ("/api/v1/dependencies", "/api/v1/dependencies"),
            ("/api/v1/dependencies", "/api/v1/dependencies?latency=true"),
            ("/api/v1/settings", "/api/v1/settings"),
            ("/api/v1/settings/process", "/api/v1/settings/process"),
            ("/api/v1/settings/process/counts", "/api/v1/settings/process/counts"),
            ("/api/v1/pins", "/api/v1/pins"),
            ("/api/v1/profiles/services", "/api/v1/profiles/services"),
            ("/api/v1/profiles/labels", "/api/v1/profiles/labels"),
            ("/api/v1/profiles/flame", "/api/v1/profiles/flame?service=a&type=cpu"),
            ("/api/v1/profiles/flame", "/api/v1/profiles/flame?service=a&type=cpu&baseFrom=1&baseTo=2"),
            ("/api/v1/profiles/functions", "/api/v1/profiles/functions?service=a&type=cpu"),
            ("/api/v1/profiles/functions", "/api/v1/profiles/functions?service=a&type=cpu&baseFrom=1&baseTo=2"),
            ("/api/v1/profiles/traces", "/api/v1/profiles/traces?service=a&type=cpu&function=main"),
            ("/api/v1/search", "/api/v1/search?q=nothing-like-it"),
            ("/api/v1/metrics", "/api/v1/metrics"),
            ("/api/v1/metrics/range", "/api/v1/metrics/range?name=depth"),
            ("/api/v1/metrics/range", "/api/v1/metrics/range?name=depth&step=15s&aggregation=max"),
            ("/api/v1/logs", "/api/v1/logs"),
            ("/api/v1/logs", "/api/v1/logs?limit=1&total=exact"),
            ("/api/v1/logs/histogram", "/api/v1/logs/histogram?steps=3"),
            ("/api/v1/logs/values", "/api/v1/logs/values?key=a"),
            ("/api/v1/logs/keys", "/api/v1/logs/keys"),
            ("/api/v1/logs/services", "/api/v1/logs/services"),
            ("/api/v1/traces/{id}", "/api/v1/traces/" + trace),
            ("/api/v1/traces/{id}", $"/api/v1/traces/{trace}?format=otlp"),
            ("/api/v1/traces/{id}", "/api/v1/traces/" + Export.Trace(2)),
            ("/api/v1/traces/{id}/typical", $"/api/v1/traces/{trace}/typical"),
            ("/api/v1/traces/{id}/typical", $"/api/v1/traces/{Export.Trace(2)}/typical"),
            ("/api/v1/traces/{id}/linked-from", $"/api/v1/traces/{trace}/linked-from"),
            ("/api/v1/traces/{id}/spans/{spanId}", $"/api/v1/traces/{trace}/spans/{Export.Id(1)}"),
            ("/api/v1/traces/{id}/spans/{spanId}", $"/api/v1/traces/{trace}/spans/{Export.Id(2)}"),
            ("/api/v1/traces/{id}/spans/{spanId}", $"/api/v1/traces/{trace}/spans/{Export.Id(3)}"),
            ("/api/v1/traces/{id}/spans/{spanId}", $"/api/v1/traces/{trace}/spans/{Export.Id(4)}"),
        })
        {
            Assert.Empty(api.Problems(await server.GetAsync(url), api.Answer(path, 200)));
        }

        foreach (var (path, url, status) in new[]
        {
            ("/api/v1/config", "/api/v1/config?x=1", 400),
            ("/api/v1/search", "/api/v1/search?q=a%3D", 400),
            ("/api/v1/search", "/api/v1/search?limit=0", 400),
            ("/api/v1/red/series", "/api/v1/red/series?from=0&to=1000000000000000&step=1s", 400),
            ("/api/v1/red/series", "/api/v1/red/series?step=0s", 400),
            ("/api/v1/red/operations/series", "/api/v1/red/operations/series", 400),
            ("/api/v1/red/operations/series", "/api/v1/red/operations/series?operation=a&from=0&to=501000000000&step=1s", 400),
            ("/api/v1/metrics/range", "/api/v1/metrics/range", 400),
            ("/api/v1/metrics/range", "/api/v1/metrics/range?name=a&from=0&to=1000000000000000&step=1s", 400),
            ("/api/v1/metrics/range", "/api/v1/metrics/range?name=a&aggregation=quantile&quantile=1.5", 400),
            ("/api/v1/metrics/range", "/api/v1/metrics/range?name=a&attribute=x", 400),
            ("/api/v1/traces/{id}", "/api/v1/traces/" + Export.Trace(77), 404),
            ("/api/v1/traces/{id}", "/api/v1/traces/xyz", 400),
            ("/api/v1/traces/{id}/typical", $"/api/v1/traces/{Export.Trace(77)}/typical", 404),
            ("/api/v1/traces/{id}/typical", "/api/v1/traces/xyz/typical", 400),
            ("/api/v1/traces/{id}/spans/{spanId}", $"/api/v1/traces/{trace}/spans/{Export.Id(77)}", 404),
            ("/api/v1/traces/{id}/spans/{spanId}", $"/api/v1/traces/{trace}/spans/1", 400),
        })
        {
            Assert.Empty(api.Problems(await server.GetProblemAsync(url, (HttpStatusCode)status), api.Answer(path, status)));
        }
    }

    [Fact]
    public async Task EveryParameterThatIsDescribedIsTakenAndNoOther()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        var api = new OpenApi(await server.GetAsync("/api/v1/openapi.json"));
        foreach (var path in api.Document.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith("/api/", StringComparison.Ordinal) && p.Value.TryGetProperty("get", out _)))
        {
            var url = path.Name.Replace("{id}", Export.Trace(1)).Replace("{spanId}", Export.Id(1));
            var parameters = path.Value.GetProperty("get").GetProperty("parameters").EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query").ToList();
            var required = parameters.Where(p => p.TryGetProperty("required", out var needed) && needed.GetBoolean()).Select(p => p.GetProperty("name").GetString() ?? "").ToList();
            foreach (var parameter in parameters)
            {
                var name = parameter.GetProperty("name").GetString() ?? "";
                var others = string.Concat(required.Where(n => n != name).Select(n => $"&{n}=service"));
                // A value that no parameter takes is refused for its value; a parameter that is not known is refused for its name.
                using var response = await server.Http.GetAsync($"{url}?{name}=%22{others}");
                var text = await response.Content.ReadAsStringAsync();
                Assert.DoesNotContain("There is no parameter", text);
                foreach (var value in Values(parameter.GetProperty("schema"))) await server.GetAsync($"{url}?{name}={value}{others}");
            }
            var problem = await server.GetProblemAsync($"{url}?sevrice=x{string.Concat(required.Select(n => $"&{n}=service"))}", HttpStatusCode.BadRequest);
            Assert.Equal("sevrice", problem.GetProperty("parameter").GetString());
            foreach (var parameter in parameters) Assert.Contains(parameter.GetProperty("name").GetString() ?? "", problem.GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task TheVersionIsTheServers()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var api = await server.GetAsync("/api/v1/openapi.json");
        Assert.Equal(ConfigEndpoint.Version, api.GetProperty("info").GetProperty("version").GetString());
        Assert.Equal(ConfigEndpoint.Version, (await server.GetAsync("/api/v1/config")).GetProperty("version").GetString());
    }

    /// <summary>The check itself can fail.</summary>
    [Theory]
    [InlineData("""{"name":"a","spans":"1","errors":"0"}""", 0)]
    [InlineData("""{"name":"a","spans":1,"errors":"0"}""", 1)]
    [InlineData("""{"name":"a","spans":"1"}""", 1)]
    [InlineData("""{"name":null,"spans":"1","errors":"x"}""", 2)]
    [InlineData("""{"name":"a","spans":"1","errors":"0","more":1}""", 1)]
    public async Task AnAnswerOfAnotherFormWouldBeFound(string service, int problems)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var api = new OpenApi(await server.GetAsync("/api/v1/openapi.json"));
        var answer = JsonDocument.Parse($$"""{"services":[{{service}}]}""").RootElement;
        Assert.Equal(problems, api.Problems(answer, api.Answer("/api/v1/services", 200)).Count);
    }

    private static IEnumerable<string> Values(JsonElement schema)
    {
        if (schema.TryGetProperty("items", out var items)) return Values(items);
        if (schema.TryGetProperty("enum", out var names)) return names.EnumerateArray().Select(n => n.GetString() ?? "");
        return schema.TryGetProperty("examples", out var examples) ? examples.EnumerateArray().Select(e => e.GetString() ?? "") : [];
    }
}
