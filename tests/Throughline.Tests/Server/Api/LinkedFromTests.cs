using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Server.Api;

/// <summary>GET /api/v1/traces/{id}/linked-from: links the other way round.</summary>
public sealed class LinkedFromTests
{
    private static string Links(params (int Trace, int Span)[] links) =>
        $"\"links\":[{string.Join(",", links.Select(l => $$"""{"traceId":"{{Export.Trace(l.Trace)}}","spanId":"{{Export.Id(l.Span)}}"}"""))}]";

    private static string Span(int trace, int span, long startMs, params (int Trace, int Span)[] links) => Export.Span(Export.Trace(trace), Export.Id(span), $"work {span}", startMs: startMs, more: Links(links));

    private static string[] Shown(JsonElement answer) =>
        [.. answer.GetProperty("links").EnumerateArray().Select(l => $"{Number(l, "traceId")}.{Number(l, "spanId")} {l.GetProperty("service").GetString()} {l.GetProperty("name").GetString()} -> {Number(l, "toSpanId")}")];

    private static long Number(JsonElement link, string name) => Convert.ToInt64(link.GetProperty(name).GetString(), 16);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SpansOfOtherTracesThatLinkHereAreFoundNewestFirst(bool fromBlocks)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("target", Span(1, 1, 0), Span(1, 2, 5, (1, 1))));
        await server.StoreAsync(Export.Json("old", Span(2, 1, 10, (1, 1)), Span(2, 2, 11, (9, 1))));
        await server.StoreAsync(Export.Json("new", Span(3, 1, 20), Span(3, 2, 21, (9, 1), (1, 7), (1, 1))));
        if (fromBlocks)
        {
            using var compacted = await server.Http.PostAsync("/api/v1/compact", new StringContent("", null, "application/json"));
            Assert.Equal(HttpStatusCode.NoContent, compacted.StatusCode);
        }

        var answer = await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}/linked-from");
        Assert.Equal(["3.2 new work 2 -> 7", "3.2 new work 2 -> 1", "2.1 old work 1 -> 1"], Shown(answer));
        Assert.Equal("""{"value":2,"relation":"exact"}""", answer.GetProperty("traces").GetRawText());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("truncated").ValueKind);

        var first = await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}/linked-from?limit=1");
        Assert.Equal(["3.2 new work 2 -> 7"], Shown(first));
        Assert.Equal(2, first.GetProperty("traces").GetProperty("value").GetInt32());

        var early = await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}/linked-from?to={Export.BaseNano + 15_000_000}");
        Assert.Equal(["2.1 old work 1 -> 1"], Shown(early));
        Assert.Empty(Shown(await server.GetAsync($"/api/v1/traces/{Export.Trace(2)}/linked-from")));
    }

    [Fact]
    public async Task WhatIsAskedWronglyIsSaid()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(2)}/linked-from", HttpStatusCode.NotFound);
        await server.GetProblemAsync("/api/v1/traces/xyz/linked-from", HttpStatusCode.BadRequest);
        await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(1)}/linked-from?limit=0", HttpStatusCode.BadRequest);
        await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(1)}/linked-from?span=1", HttpStatusCode.BadRequest);
    }
}
