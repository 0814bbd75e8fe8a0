using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Throughline.Tests.Server.Api;

/// <summary>Pins and compaction over HTTP: the requests of the API that change something.</summary>
public sealed class PinTests
{
    [Fact]
    public async Task TracesArePinnedListedAndUnpinned()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        var (trace, other) = (Export.Trace(1), Export.Trace(2));
        Assert.Equal(HttpStatusCode.NoContent, await ChangeAsync(server, HttpMethod.Put, trace));
        Assert.Equal(HttpStatusCode.NoContent, await ChangeAsync(server, HttpMethod.Put, trace));
        Assert.Equal(HttpStatusCode.NoContent, await ChangeAsync(server, HttpMethod.Put, other));
        Assert.Equal([trace, other], await PinsAsync(server));
        Assert.Equal(HttpStatusCode.NoContent, await ChangeAsync(server, HttpMethod.Delete, trace));
        Assert.Equal(HttpStatusCode.NotFound, await ChangeAsync(server, HttpMethod.Delete, trace));
        Assert.Equal([other], await PinsAsync(server));
        Assert.Equal(1, (await server.GetAsync("/api/v1/status")).GetProperty("store").GetProperty("retention").GetProperty("pinnedTraces").GetInt32());
    }

    [Fact]
    public async Task PinsThatCannotBeAreRefusedWithAReason()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { MaxPinnedTraces = 1 } });
        await server.StoreAsync(RichTrace.Request);
        Assert.Equal(HttpStatusCode.NotFound, await ChangeAsync(server, HttpMethod.Put, Export.Trace(77)));
        Assert.Equal(HttpStatusCode.BadRequest, await ChangeAsync(server, HttpMethod.Put, "xyz"));
        Assert.Equal(HttpStatusCode.NoContent, await ChangeAsync(server, HttpMethod.Put, Export.Trace(1)));
        Assert.Equal(HttpStatusCode.Conflict, await ChangeAsync(server, HttpMethod.Put, Export.Trace(2)));
        Assert.Equal([Export.Trace(1)], await PinsAsync(server));
    }

    [Fact]
    public async Task OtherSitesAndFormsCannotChangePins()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(RichTrace.Request);
        Assert.Equal(HttpStatusCode.Forbidden, await ChangeAsync(server, HttpMethod.Put, Export.Trace(1), origin: "https://elsewhere.example"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await ChangeAsync(server, HttpMethod.Put, Export.Trace(1), type: "text/plain"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await ChangeAsync(server, HttpMethod.Post, Export.Trace(1)));
        Assert.Empty(await PinsAsync(server));
        Assert.Equal(HttpStatusCode.NoContent, await ChangeAsync(server, HttpMethod.Put, Export.Trace(1), origin: server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)));
    }

    [Fact]
    public async Task CompactionOnDemandEndsWithEverythingInOneBlock()
    {
        await using var server = await ServerUnderTest.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await server.StoreAsync(RichTrace.Request.Replace("front door", $"door {i}", StringComparison.Ordinal));
            using var response = await SendAsync(server, HttpMethod.Post, "/api/v1/compact", "application/json", null);
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        }
        var store = (await server.GetAsync("/api/v1/status")).GetProperty("store");
        Assert.Equal((1, "0", true), (store.GetProperty("blocks").GetInt32(), store.GetProperty("headSpans").GetString(), store.GetProperty("compaction").GetProperty("idle").GetBoolean()));
        Assert.Equal("2", store.GetProperty("compaction").GetProperty("merges").GetString());
    }

    private static async Task<HttpStatusCode> ChangeAsync(ServerUnderTest server, HttpMethod method, string trace, string type = "application/json", string? origin = null)
    {
        using var response = await SendAsync(server, method, $"/api/v1/traces/{trace}/pin", type, origin);
        return response.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, HttpMethod method, string path, string type, string? origin)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes("{}")) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (origin is not null) request.Headers.Add("Origin", origin);
        return await server.Http.SendAsync(request);
    }

    private static async Task<string[]> PinsAsync(ServerUnderTest server) =>
        [.. (await server.GetAsync("/api/v1/pins")).GetProperty("pins").EnumerateArray().Select(p => p.GetProperty("traceId").GetString() ?? "")];
}
