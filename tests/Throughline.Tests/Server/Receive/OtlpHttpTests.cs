using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Throughline.Tests.Server.Receive;

/// <summary>OTLP over HTTP against a real server: what is taken, and the right answer to everything else.</summary>
public sealed class OtlpHttpTests
{
    public static TheoryData<string, string?> Forms => new()
    {
        { "application/x-protobuf", null },
        { "application/x-protobuf", "identity" },
        { "application/x-protobuf", "gzip" },
        { "application/x-protobuf", "deflate" },
        { "application/json", null },
        { "application/json; charset=utf-8", "gzip" },
        { "APPLICATION/JSON", "GZIP" },
    };

    [Theory, MemberData(nameof(Forms))]
    public async Task SpansAreVisibleOnceTheyAreAcknowledged(string type, string? encoding)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var json = Export.OneSpan(1);
        var body = type.Contains("json", StringComparison.OrdinalIgnoreCase) ? Encoding.UTF8.GetBytes(json) : Export.Protobuf(json);
        body = encoding?.ToLowerInvariant() switch { "gzip" => Export.Gzip(body), "deflate" => Export.Deflate(body), _ => body };

        using var response = await server.ExportAsync(body, type, encoding);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var isJson = type.Contains("json", StringComparison.OrdinalIgnoreCase);
        Assert.Equal(isJson ? "application/json" : "application/x-protobuf", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(isJson ? "{}" : "", await response.Content.ReadAsStringAsync());
        Assert.Equal([Export.Trace(1)], await server.SearchAsync("service=svc"));
    }

    [Fact]
    public async Task AnEmptyRequestIsTaken()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await server.ExportAsync([]);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task MalformedProtobufIsAnsweredWithTheFieldAndTheOffset()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        var body = Export.Protobuf(Export.OneSpan(2));
        // The span's message claims more bytes than there are: its length is the byte before its first field (trace_id, tag 0A 10).
        var traceId = body.AsSpan().IndexOf<byte>([0x0A, 0x10]);
        body[traceId - 1] = 0x7F;

        using var response = await server.ExportAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/x-protobuf", response.Content.Headers.ContentType?.MediaType);
        var status = OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(3, status.Code);
        Assert.Contains("resource_spans[0]", status.Message);
        Assert.Contains((traceId - 1).ToString(CultureInfo.InvariantCulture), status.Message);
        await AssertUnharmedAsync(server, "malformed");
    }

    [Fact]
    public async Task MalformedJsonIsAnsweredWithTheFieldAndTheOffset()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        var json = Export.OneSpan(2).Replace("\"startTimeUnixNano\":\"1795219200000000000\"", "\"startTimeUnixNano\":\"noon\"");

        using var response = await server.ExportAsync(Encoding.UTF8.GetBytes(json), "application/json");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var status = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(3, status.GetProperty("code").GetInt32());
        var message = status.GetProperty("message").GetString();
        Assert.Contains("startTimeUnixNano", message);
        Assert.Contains(json.IndexOf("\"noon\"", StringComparison.Ordinal).ToString(CultureInfo.InvariantCulture), message);
        await AssertUnharmedAsync(server, "malformed");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task AnotherContentTypeIs415AndSaysWhatIsTaken(string type)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        using var response = await server.ExportAsync(Export.Protobuf(Export.OneSpan(2)), type);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        var message = OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Message;
        Assert.Contains(type, message);
        Assert.Contains("application/x-protobuf or application/json", message);
        await AssertUnharmedAsync(server, "unsupported_type");
    }

    [Theory]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    public async Task AnUnknownContentEncodingIs415AndSaysWhatIsTaken(string encoding)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        using var content = new ByteArrayContent(Export.Protobuf(Export.OneSpan(2)));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/x-protobuf");
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        using var response = await server.Otlp.PostAsync("/v1/traces", content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Contains("gzip, deflate, or none", OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Message);
        await AssertUnharmedAsync(server, "unsupported_encoding");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ABodyOverTheLimitIs413(bool chunked)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxBodyBytes = 10_000 } });
        await server.StoreAsync(Export.OneSpan(1));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(new byte[10_001]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-protobuf");
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await server.Otlp.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("10000 bytes", OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Message);
        await AssertUnharmedAsync(server, "too_large");
    }

    [Fact]
    public async Task ABodyOfExactlyTheLimitIsTaken()
    {
        var body = Export.Protobuf(Export.OneSpan(1));
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxBodyBytes = body.Length, MaxExpandedBodyBytes = body.Length } });
        using var response = await server.ExportAsync(body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ValuesNestAsDeepAsTheOptionSaysAndNoDeeper(bool protobuf)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxNesting = 3 } });
        await server.StoreAsync(Nested(3, 1));
        var tooDeep = Nested(4, 2);
        using var body = protobuf ? new ByteArrayContent(Export.Protobuf(tooDeep)) : new ByteArrayContent(Encoding.UTF8.GetBytes(tooDeep));
        body.Headers.TryAddWithoutValidation("Content-Type", protobuf ? "application/x-protobuf" : "application/json");
        using var response = await server.Otlp.PostAsync("/v1/traces", body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("deeper than 3", Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync()));
    }

    private static string Nested(int depth, int trace)
    {
        var value = """{"stringValue":"x"}""";
        for (var i = 0; i < depth; i++) value = $$$"""{"arrayValue":{"values":[{{{value}}}]}}""";
        var attributes = $$$"""
            "attributes":[{"key":"deep","value":{{{value}}}}]
            """;
        return Export.Json("svc", Export.Span(Export.Trace(trace), Export.Id(1), more: attributes));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task ADecompressionBombIs413(string encoding)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        // 512 or 256 MB of zeros, in less than a megabyte.
        var bomb = encoding == "gzip" ? Export.Bomb(512) : Export.Deflate(new byte[256 << 20]);
        Assert.InRange(bomb.Length, 1, 1 << 20);
        using var response = await server.ExportAsync(bomb, encoding: encoding);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("67108864 bytes after decompression", OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Message);
        await AssertUnharmedAsync(server, "too_large");
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(20, 20)]
    public async Task ABodyThatIsNotWhatItsEncodingSaysIs400(int from, int keep)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        // The first case is cut off inside the header, the second is the middle of a stream.
        var gzip = Export.Gzip(Export.Protobuf(Export.OneSpan(2)));
        using var response = await server.ExportAsync(gzip.AsSpan(from, keep).ToArray(), encoding: "gzip");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("not gzip data", OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Message);
        await AssertUnharmedAsync(server, "malformed");
    }

    [Fact]
    public async Task ACompressedBodyThatBreaksOffIs400()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(1));
        var gzip = Export.Gzip(Export.Protobuf(Export.OneSpan(2)));
        using var response = await server.ExportAsync(gzip[..^12], encoding: "gzip");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await AssertUnharmedAsync(server, "malformed");
    }

    [Theory]
    [InlineData("00000000000000000000000000000000", "0000000000000001", "trace_id")]
    [InlineData("0102", "0000000000000001", "trace_id")]
    [InlineData("", "0000000000000001", "trace_id")]
    [InlineData("00000000000000000000000000000002", "0000000000000000", "span_id")]
    [InlineData("00000000000000000000000000000002", "01", "span_id")]
    public async Task SpansWithInvalidIdsAreRefusedByPartialSuccess(string traceId, string spanId, string field)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var json = Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1)), Export.Span(traceId, spanId), Export.Span(Export.Trace(1), Export.Id(2)));

        using var asProtobuf = await server.ExportAsync(Export.Protobuf(json));
        Assert.Equal(HttpStatusCode.OK, asProtobuf.StatusCode);
        var (rejected, message) = OtlpMessages.Export(await asProtobuf.Content.ReadAsByteArrayAsync());
        Assert.Equal(1, rejected);
        Assert.Contains(field, message);

        using var asJson = await server.ExportAsync(Encoding.UTF8.GetBytes(json), "application/json");
        var partial = JsonDocument.Parse(await asJson.Content.ReadAsStringAsync()).RootElement.GetProperty("partialSuccess");
        Assert.Equal("1", partial.GetProperty("rejectedSpans").GetString());
        Assert.Equal(message, partial.GetProperty("errorMessage").GetString());

        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));
        Assert.Equal(2, trace.GetProperty("columns").GetProperty("spanId").GetArrayLength());
        Assert.True(await server.RefusedAsync("invalid_ids") > 0);
    }

    [Fact]
    public async Task InvalidUtf8IsMendedAndTheSenderIsTold()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var body = Export.Protobuf(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), name: "caf#")));
        body[body.AsSpan().IndexOf("caf#"u8) + 3] = 0xE9;

        using var response = await server.ExportAsync(body);

        var (rejected, message) = OtlpMessages.Export(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(0, rejected);
        Assert.Contains("UTF-8", message);
        var trace = await server.GetAsync("/api/v1/traces/" + Export.Trace(1));
        Assert.Equal("caf\uFFFD", trace.GetProperty("names")[0].GetString());
        Assert.Equal(32, trace.GetProperty("columns").GetProperty("warnings")[0].GetInt32());
    }

    [Theory]
    [InlineData("/v1development/profiles", "Profiles are not stored")]
    [InlineData("/v1/trace", "spans are sent to /v1/traces")]
    [InlineData("/", "spans are sent to /v1/traces")]
    public async Task OtherPathsAre404AndSayWhatIsTaken(string path, string message)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await server.Otlp.PostAsync(path, content);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var status = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(5, status.GetProperty("code").GetInt32());
        Assert.Contains(message, status.GetProperty("message").GetString());
        await AssertUnharmedAsync(server, "unsupported_signal", before: false);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task AnotherMethodIs405(string method)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await server.Otlp.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/v1/traces"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["POST"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task TheSameRequestAgainIsStoredOnce()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var body = Export.Protobuf(Export.OneSpan(1));
        for (var i = 0; i < 3; i++)
        {
            using var response = await server.ExportAsync(body);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        var status = await server.GetAsync("/api/v1/status");
        Assert.Equal("1", status.GetProperty("store").GetProperty("spans").GetString());
        Assert.Equal("1", status.GetProperty("received").GetProperty("spans").GetString());
        Assert.Equal("3", status.GetProperty("received").GetProperty("requests").GetString());
    }

    /// <summary>What was stored is still there, more is taken, the refusal was counted, and the log has no complaint.</summary>
    private static async Task AssertUnharmedAsync(ServerUnderTest server, string reason, bool before = true)
    {
        await server.StoreAsync(Export.OneSpan(9));
        // Traces that start together come in the order of their ids.
        Assert.Equal(before ? [Export.Trace(1), Export.Trace(9)] : [Export.Trace(9)], await server.SearchAsync("service=svc"));
        Assert.Equal(1, await server.RefusedAsync(reason));
        Assert.Equal("", server.Log.ToString());
    }
}
