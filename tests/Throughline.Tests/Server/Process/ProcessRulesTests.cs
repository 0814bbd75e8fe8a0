using System.Net;
using System.Text;
using System.Text.Json;
using Throughline.Server.Process;

namespace Throughline.Tests.Server.Process;

/// <summary>Rules over HTTP: read, checked whole, changed at once and for good, or refused with what is wrong and where.</summary>
public sealed class ProcessRulesTests
{
    [Fact]
    public async Task RulesAreInForceAtOnceAndSurviveTheServer()
    {
        using var directory = new TemporaryDirectory();
        await using (var server = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = directory.Path } }))
        {
            var before = await server.GetAsync("/api/v1/settings/process");
            Assert.Equal((0, 1.0), (before.GetProperty("version").GetInt32(), before.GetProperty("rules").GetProperty("sampling").GetProperty("rate").GetDouble()));
            var (status, answer) = await PutAsync(server, """{"version":0,"rules":{"sampling":{"services":[{"service":"noisy","rate":0}]}}}""");
            Assert.Equal((HttpStatusCode.OK, 1), (status, answer.GetProperty("version").GetInt32()));
            await server.StoreAsync(Export.OneSpan(1, "noisy"));
            await server.StoreAsync(Export.OneSpan(2, "quiet"));
            Assert.Equal([Export.Trace(2)], await server.SearchAsync(""));
        }
        await using var again = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = directory.Path } });
        await again.StoreAsync(Export.OneSpan(3, "noisy"));
        Assert.Equal([Export.Trace(2)], await again.SearchAsync(""));
        Assert.Equal(1, (await again.GetAsync("/api/v1/settings/process")).GetProperty("version").GetInt32());
        var dropped = Assert.Single((await again.GetAsync("/api/v1/settings/process/counts")).GetProperty("dropped").EnumerateArray());
        // One before the restart, one after it.
        Assert.Equal(("head", "rate", "noisy", "2"), (Text(dropped, "stage"), Text(dropped, "rule"), Text(dropped, "service"), Text(dropped, "spans")));
    }

    [Theory]
    [InlineData("""{"sampling":{"rate":3}}""", "sampling.rate", "300 %")]
    [InlineData("""{"sampling":{"rate":"1"}}""", "sampling.rate", "not \"1\"")]
    [InlineData("""{"sampling":{"rate":-0.1}}""", "sampling.rate", "-10 %")]
    [InlineData("""{"sampling":{"rat":1}}""", "sampling.rat", "rate, tracesPerSecond, remote, services")]
    [InlineData("""{"sampling":[]}""", "sampling", "object")]
    [InlineData("""{"sampling":{"services":[{"rate":0.5}]}}""", "sampling.services[0].service", "Name the service")]
    [InlineData("""{"sampling":{"services":[{"service":"a"},{"service":"a","rate":0.1}]}}""", "sampling.services[1].service", "services[0]")]
    [InlineData("""{"sampling":{"rate":0,"tracesPerSecond":5}}""", "sampling.tracesPerSecond", "nothing is kept")]
    [InlineData("""{"sampling":{"tracesPerSecond":0}}""", "sampling.tracesPerSecond", "above 0")]
    [InlineData("""{"sampling":{"rate":0.5,"tracesPerSecond":5,"remote":true}}""", "sampling.tracesPerSecond", "not both")]
    [InlineData("""{"sampling":{"services":[{"service":"a","remote":"yes"}]}}""", "sampling.services[0].remote", "true or false")]
    [InlineData("""{"tail":{"rules":[{"kind":"errors"},{"kind":"errors","name":"again","rate":0.1}]}}""", "tail.rules[1].kind", "never decides")]
    [InlineData("""{"tail":{"rules":[{"kind":"slow","milliseconds":10},{"kind":"slow","name":"very","milliseconds":100}]}}""", "tail.rules[1].kind", "never decides")]
    [InlineData("""{"tail":{"rules":[{"kind":"slow"}]}}""", "tail.rules[0].milliseconds", "needs milliseconds")]
    [InlineData("""{"tail":{"rules":[{"kind":"errors","percentile":9}]}}""", "tail.rules[0].percentile", "has no percentile")]
    [InlineData("""{"tail":{"rules":[{"kind":"slowest","percentile":100}]}}""", "tail.rules[0].percentile", "99.99")]
    [InlineData("""{"tail":{"rules":[{"kind":"lucky"}]}}""", "tail.rules[0].kind", "errors, slow, slowest, rare, attribute")]
    [InlineData("""{"tail":{"rules":[{"kind":"slow","milliseconds":100},{"kind":"slow","milliseconds":10}]}}""", "tail.rules[1].name", "rules[0]")]
    [InlineData("""{"redaction":[{"pattern":"(a+)+$(?=x)","action":"mask"}]}""", "redaction[0].pattern", "too long")]
    [InlineData("""{"redaction":[{"pattern":"(a{1000}){1000}","action":"mask"}]}""", "redaction[0].pattern", "too long")]
    [InlineData("""{"redaction":[{"pattern":"(","action":"mask"}]}""", "redaction[0].pattern", "not a regular expression")]
    [InlineData("""{"redaction":[{"pattern":"a*","action":"mask"}]}""", "redaction[0].pattern", "empty text")]
    [InlineData("""{"redaction":[{"key":"a","action":"burn"}]}""", "redaction[0].action", "mask, hash, remove")]
    [InlineData("""{"redaction":[{"action":"mask"}]}""", "redaction[0].key", "by the key")]
    [InlineData("""{"redaction":[{"key":"**","action":"mask"}]}""", "redaction[0].key", "every attribute")]
    [InlineData("""{"redaction":[{"key":"service.name","action":"mask"}]}""", "redaction[0].key", "found by it")]
    [InlineData("""{"redaction":[{"key":"a","action":"mask"},{"key":"A","name":"other","action":"hash"}]}""", "redaction[1]", "something else")]
    [InlineData("""{"limits":{"attributes":0}}""", "limits.attributes", "from 1")]
    [InlineData("""{"limits":{"spansPerTrace":1.5}}""", "limits.spansPerTrace", "not 1.5")]
    [InlineData("""[]""", "", "object")]
    public async Task WrongRulesAreRefusedWithTheirPlaceAndTheOldOnesStay(string rules, string path, string message)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await PutAsync(server, """{"rules":{"sampling":{"rate":0.5}}}""");
        var (status, problem) = await PutAsync(server, $$"""{"rules":{{rules}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        var error = problem.GetProperty("errors").EnumerateArray().First(e => Text(e, "path") == path);
        Assert.Contains(message, Text(error, "message"));
        var now = await server.GetAsync("/api/v1/settings/process");
        Assert.Equal((1, 0.5), (now.GetProperty("version").GetInt32(), now.GetProperty("rules").GetProperty("sampling").GetProperty("rate").GetDouble()));
    }

    [Fact]
    public async Task AllMistakesAreToldAtOnce()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (_, problem) = await PutAsync(server, """{"rules":{"sampling":{"rate":2},"tail":{"rate":-1},"limits":{"bananas":1}}}""");
        Assert.Equal(["sampling.rate", "tail.rate", "limits.bananas"], problem.GetProperty("errors").EnumerateArray().Select(e => Text(e, "path")));
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    [InlineData("""{"rules":{},"more":1}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"rules":{},"rules":{}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"rules":{},"version":"0"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"rules":{},"version":7}""", HttpStatusCode.Conflict)]
    public async Task WhatIsNoChangeIsRefused(string body, HttpStatusCode expected)
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.Equal(expected, (await PutAsync(server, body)).Status);
        Assert.Equal(0, (await server.GetAsync("/api/v1/settings/process")).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task OtherSitesCannotChangeRules()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/settings/process") { Content = new StringContent("""{"rules":{"sampling":{"rate":0}}}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("Origin", "https://elsewhere.example");
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        using var plain = await server.Http.PutAsync("/api/v1/settings/process", new StringContent("""{"rules":{}}""", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, plain.StatusCode);
        Assert.Equal(0, (await server.GetAsync("/api/v1/settings/process")).GetProperty("version").GetInt32());
    }

    [Fact]
    public void WhatIsWrittenIsReadAsTheSame()
    {
        var text = """
            {"sampling":{"rate":0.5,"tracesPerSecond":7.5,"remote":false,"services":[{"service":"a","rate":0.25,"tracesPerSecond":null,"remote":true}]},
             "tail":{"enabled":true,"quietSeconds":3,"rate":0.1,"rules":[{"name":"e","kind":"errors","service":"a","rate":1},{"name":"s","kind":"slow","service":null,"milliseconds":10,"rate":0.5},
              {"name":"p","kind":"slowest","service":null,"percentile":99,"rate":1},{"name":"r","kind":"rare","service":null,"perHour":5,"rate":1},{"name":"v","kind":"attribute","service":null,"key":"k","values":["1","2"],"rate":1}]},
             "redaction":[{"name":"mail","key":null,"pattern":"[a-z]+@[a-z]+","action":"hash"},{"name":"k","key":"user.*","pattern":null,"action":"remove"}],
             "limits":{"attributes":10,"valueBytes":100,"spansPerTrace":null}}
            """;
        var problems = new List<RuleProblem>();
        using var document = JsonDocument.Parse(text);
        var rules = RulesReader.Read(document.RootElement, problems);
        Assert.Empty(problems);
        Assert.NotNull(rules);
        Assert.True(JsonElement.DeepEquals(document.RootElement, JsonDocument.Parse(Written(rules)).RootElement));
    }

    internal static string Written(ProcessRules rules)
    {
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output)) RulesWriter.Write(json, rules);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    internal static async Task<(HttpStatusCode Status, JsonElement Answer)> PutAsync(ServerUnderTest server, string body)
    {
        using var response = await server.Http.PutAsync("/api/v1/settings/process", new StringContent(body, Encoding.UTF8, "application/json"));
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
}
