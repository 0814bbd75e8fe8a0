using System.Net;

namespace Throughline.Tests.Server.Api;

/// <summary>GET /api/v1/keys, /api/v1/values and /api/v1/facets.</summary>
public sealed class FacetTests
{
    [Fact]
    public async Task KeysAreListedByScope()
    {
        await using var server = await StoredAsync();
        Assert.Equal("""[{"key":"camera.name","scope":"span","types":["string"],"values":"3"},{"key":"service.name","scope":"resource","types":["string"],"values":null},{"key":"tries","scope":"span","types":["int"],"values":"1"}]""",
            (await server.GetAsync("/api/v1/keys")).GetProperty("keys").GetRawText());
        Assert.Equal(1, (await server.GetAsync("/api/v1/keys?contains=CAM")).GetProperty("keys").GetArrayLength());
        Assert.Equal(0, (await server.GetAsync("/api/v1/keys?from=1&to=2")).GetProperty("keys").GetArrayLength());
    }

    [Fact]
    public async Task OfTooManyKeysTheCommonestAreListedAndAllAreCounted()
    {
        await using var server = await StoredAsync();
        var some = await server.GetAsync("/api/v1/keys?limit=2");
        Assert.Equal(["camera.name", "service.name"], some.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("key").GetString()));
        Assert.Equal(("""{"value":3,"relation":"exact"}""", "null"), (some.GetProperty("total").GetRawText(), some.GetProperty("truncated").GetRawText()));
    }

    [Fact]
    public async Task ValuesComeByNumberOfTraces()
    {
        await using var server = await StoredAsync();
        var found = await server.GetAsync("/api/v1/values?key=camera.name");
        Assert.Equal("""[{"value":"front_door","traces":2},{"value":"back","traces":1}]""", found.GetProperty("values").GetRawText());
        Assert.Equal("""{"value":4,"relation":"exact"}""", found.GetProperty("total").GetRawText());
        Assert.Equal("""[{"value":"front_door","traces":2}]""", (await server.GetAsync("/api/v1/values?key=camera.name&contains=DOOR")).GetProperty("values").GetRawText());
        var one = await server.GetAsync("/api/v1/values?key=camera.name&limit=1");
        Assert.Equal((1, """{"value":2,"relation":"exact"}"""), (one.GetProperty("values").GetArrayLength(), one.GetProperty("distinct").GetRawText()));
        Assert.Equal("""[{"value":"3","traces":1}]""", (await server.GetAsync("/api/v1/values?key=tries")).GetProperty("values").GetRawText());
        Assert.Equal(0, (await server.GetAsync("/api/v1/values?key=nobody")).GetProperty("values").GetArrayLength());
    }

    [Fact]
    public async Task FacetsCountWhatTheSearchFindsWithTheValueAdded()
    {
        await using var server = await StoredAsync();
        foreach (var filter in new[] { "", "q=error%3Dtrue", "minDuration=100ms", "q=camera.name~o" })
        {
            var found = await server.GetAsync($"/api/v1/facets?{filter}&key=service&key=status&key=camera.name");
            Assert.Equal(["service", "status", "camera.name"], found.GetProperty("facets").EnumerateArray().Select(f => f.GetProperty("key").GetString()));
            foreach (var facet in found.GetProperty("facets").EnumerateArray())
            {
                foreach (var value in facet.GetProperty("values").EnumerateArray())
                {
                    var term = $"{facet.GetProperty("key").GetString()}={value.GetProperty("value").GetString()}";
                    var text = filter.StartsWith("q=", StringComparison.Ordinal) ? $"{filter}%20{term}" : $"{filter}&q={term}";
                    Assert.Equal(value.GetProperty("traces").GetInt32(), (await server.GetAsync("/api/v1/search?" + text)).GetProperty("total").GetProperty("value").GetInt32());
                }
            }
        }
    }

    [Theory]
    [InlineData("values", "key")]
    [InlineData("values?key=a&key=b", "key")]
    [InlineData("values?key=a&limit=0", "limit")]
    [InlineData("values?key=a&q=b%3D", "q")]
    [InlineData("facets", "key")]
    [InlineData("facets?key=a&limit=1001", "limit")]
    [InlineData("keys?prefix=a", "prefix")]
    [InlineData("keys?limit=0", "limit")]
    public async Task AWrongParameterIsNamed(string request, string parameter)
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.Equal(parameter, (await server.GetProblemAsync("/api/v1/" + request, HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    /// <summary>Traces 1 to 4, of which 1 to 3 name a camera and 3 has an error.</summary>
    private static async Task<ServerUnderTest> StoredAsync()
    {
        var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("svc",
            Export.Span(Export.Trace(1), Export.Id(1), "a", ms: 100, more: Camera("front_door")),
            Export.Span(Export.Trace(2), Export.Id(1), "a", ms: 50, more: Camera("back")),
            Export.Span(Export.Trace(3), Export.Id(1), "a", ms: 200, more: Camera("front_door") + ",\"status\":{\"code\":2}"),
            Export.Span(Export.Trace(4), Export.Id(1), "a", ms: 400, more: "\"attributes\":[{\"key\":\"tries\",\"value\":{\"intValue\":\"3\"}}]")));
        return server;
    }

    private static string Camera(string name) => $"\"attributes\":[{{\"key\":\"camera.name\",\"value\":{{\"stringValue\":\"{name}\"}}}}]";
}
