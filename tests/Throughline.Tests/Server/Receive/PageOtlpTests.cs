using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Files;
using Throughline.Server.Configuration;
using Throughline.Tests.Server.Health;

namespace Throughline.Tests.Server.Receive;

/// <summary>Spans of the page itself, which come to the page's own port: off unless asked for, and with everything that guards the other ways in.</summary>
public sealed class PageOtlpTests
{
    private const string Path = "/otlp/v1/traces";

    private static async Task<(HttpStatusCode Status, string Text, HttpResponseMessage Response)> PostAsync(ServerUnderTest server, string path, byte[] body, string type = "application/json", string? origin = null, string? site = null, string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) request.Content.Headers.ContentEncoding.Add(encoding);
        if (origin is not null) request.Headers.Add("Origin", origin);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        var response = await server.Http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        if (response.StatusCode == HttpStatusCode.OK) return (response.StatusCode, Encoding.UTF8.GetString(bytes), response);
        // In OTLP's own form, which is JSON to who speaks it.
        var isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        return (response.StatusCode, isJson ? JsonDocument.Parse(bytes).RootElement.GetProperty("message").GetString() ?? "" : OtlpMessages.Status(bytes).Message, response);
    }

    private static Task<ServerUnderTest> StartAsync(Func<ServerOptions, ServerOptions>? change = null) =>
        ServerUnderTest.StartAsync(o => (change?.Invoke(o) ?? o) with { PageTraceRate = 1 });

    private static byte[] OneSpan(int trace) => Encoding.UTF8.GetBytes(Export.OneSpan(trace, "hsi-frontend"));

    [Fact]
    public async Task WithoutTheOptionThereIsNothingAndTheAnswerNamesIt()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (status, text, _) = await PostAsync(server, Path, OneSpan(1));
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("--page-trace-rate", text);
        Assert.Empty(await server.SearchAsync(""));
        Assert.Equal(JsonValueKind.Null, (await server.GetAsync("/api/v1/config")).GetProperty("page_traces").ValueKind);
    }

    [Theory]
    [InlineData("application/json", null)]
    [InlineData("application/json", "gzip")]
    [InlineData("application/x-protobuf", null)]
    public async Task SpansAreStoredWhenTheyAreAcknowledged(string type, string? encoding)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { PageTraceRate = 0.25 });
        var body = type.EndsWith("json", StringComparison.Ordinal) ? OneSpan(1) : Export.Protobuf(Export.OneSpan(1, "hsi-frontend"));
        var (status, _, _) = await PostAsync(server, Path, encoding is null ? body : Export.Gzip(body), type, $"http://{server.Http.BaseAddress?.Authority}", "same-origin", encoding);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([Export.Trace(1)], await server.SearchAsync("service=hsi-frontend"));
        var told = (await server.GetAsync("/api/v1/config")).GetProperty("page_traces");
        Assert.Equal((Path, 0.25), (told.GetProperty("path").GetString(), told.GetProperty("rate").GetDouble()));
    }

    [Theory]
    [InlineData("http://evil.example", null)]
    [InlineData("null", null)]
    [InlineData(null, "cross-site")]
    [InlineData("https://shop.example", "cross-site")]
    public async Task OtherSitesMaySendNothingNotEvenThoseThatMayToTheOtlpPort(string? origin, string? site)
    {
        await using var server = await StartAsync(o => o with { OtlpCorsOrigins = ["https://shop.example"] });
        var (status, text, response) = await PostAsync(server, Path, OneSpan(1), origin: origin, site: site);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("not from other web sites", text);
        Assert.DoesNotContain(response.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.Ordinal));
        Assert.Empty(await server.SearchAsync(""));
        Assert.Equal(1, await server.RefusedAsync("forbidden"));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task WhatAFormCanSendIsNotTaken(string type)
    {
        await using var server = await StartAsync();
        var (status, text, _) = await PostAsync(server, Path, OneSpan(1), type);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, status);
        Assert.Contains(type, text);
        Assert.Empty(await server.SearchAsync(""));
    }

    [Fact]
    public async Task TheTokenIsAskedForHereToo()
    {
        await using var server = await StartAsync(o => o with { Token = "secret" });
        var (status, text, _) = await PostAsync(server, Path, OneSpan(1));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains("Authorization", text);
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, Path, OneSpan(1))).Status);
    }

    [Fact]
    public async Task TheLimitsOfTheOtherWaysInHoldHereToo()
    {
        await using var server = await StartAsync(o => o with { Receive = o.Receive with { MaxBodyBytes = 2000, MaxExpandedBodyBytes = 4000, MaxConcurrentRequests = 1 } });
        var large = await PostAsync(server, Path, new byte[3000]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.Status);
        Assert.Contains("--max-body-bytes", large.Text);
        var expanded = await PostAsync(server, Path, Export.Gzip(new byte[100_000]), encoding: "gzip");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, expanded.Status);
        Assert.Contains("--max-expanded-body-bytes", expanded.Text);
        using (await OverloadTests.HeldRequest.BeginAsync(server.Addresses.OtlpHttp.Port))
        {
            // One budget for all ports.
            var busy = await PostAsync(server, Path, OneSpan(1));
            Assert.Equal(HttpStatusCode.TooManyRequests, busy.Status);
            Assert.Contains("--max-requests", busy.Text);
            Assert.NotNull(busy.Response.Headers.RetryAfter);
        }
        Assert.Equal(2, await server.RefusedAsync("too_large"));
    }

    [Fact]
    public async Task AFullDiskIsSaidHereTooWithTheTimeToComeAgain()
    {
        var files = new RoomyFileSystem(new DiskFileSystem()) { Free = 99 << 20 };
        await using var server = await ServerUnderTest.StartAsync(o => o with { PageTraceRate = 1, Receive = o.Receive with { MinFreeBytes = 100 << 20 } }, files);
        var (status, text, response) = await PostAsync(server, Path, OneSpan(1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("--min-free-bytes", text);
        Assert.NotNull(response.Headers.RetryAfter);
        // The rest of the port goes on.
        Assert.Empty(await server.SearchAsync(""));
    }

    [Theory]
    [InlineData("/otlp/v1/logs", "POST /otlp/v1/traces")]
    [InlineData("/otlp/v1/metrics", "POST /otlp/v1/traces")]
    [InlineData("/otlp/v1/spans", "/otlp/v1/traces")]
    [InlineData("/otlp", "/otlp/v1/traces")]
    public async Task OnlySpansAreTakenAndTheAnswerSaysWhere(string path, string says)
    {
        await using var server = await StartAsync();
        var (status, text, _) = await PostAsync(server, path, "{}"u8.ToArray());
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains(says, text);
    }

    [Fact]
    public async Task ItIsNotOnTheOtlpPort()
    {
        await using var server = await StartAsync();
        using var content = new ByteArrayContent(OneSpan(1));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await server.Otlp.PostAsync(Path, content);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("/v1/traces", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task WhatIsMalformedIsSaidWithItsPlace()
    {
        await using var server = await StartAsync();
        var (status, text, _) = await PostAsync(server, Path, "{\"resourceSpans\": 7}"u8.ToArray());
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("resourceSpans", text);
        Assert.Equal(1, await server.RefusedAsync("malformed"));
    }
}
