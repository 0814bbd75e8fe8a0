using System.Net;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Throughline.Tests.Properties;

namespace Throughline.Tests.Server.Receive;

/// <summary>OTLP's logs over HTTP and gRPC against a real server.</summary>
public sealed class OtlpLogsTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);
    private static readonly string Request = LogExport.Json("svc", LogExport.Record("hello", more: LogExport.In(1, 2)), LogExport.Record("world", 17, 5));

    [Theory]
    [InlineData("application/x-protobuf", null)]
    [InlineData("application/x-protobuf", "gzip")]
    [InlineData("application/x-protobuf", "deflate")]
    [InlineData("application/json", null)]
    [InlineData("application/json; charset=utf-8", "gzip")]
    public async Task RecordsAreVisibleOnceTheyAreAcknowledged(string type, string? encoding)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var plain = type.Contains("json") ? Encoding.UTF8.GetBytes(Request) : LogExport.Protobuf(Request);
        var body = encoding switch { "gzip" => Export.Gzip(plain), "deflate" => Export.Deflate(plain), _ => plain };
        using var response = await server.ExportLogsAsync(body, type, encoding);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type.Contains("json") ? "{}" : "", await response.Content.ReadAsStringAsync());
        Assert.Equal(["world", "hello"], await server.LogsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GrpcTakesThemToo(bool compress)
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.Empty(await GrpcAsync(server, LogExport.Protobuf(Request), compress));
        Assert.Equal(["world", "hello"], await server.LogsAsync());
    }

    [Fact]
    public async Task ARetriedRequestIsStoredOnce()
    {
        await using var server = await ServerUnderTest.StartAsync();
        for (var i = 0; i < 3; i++) await server.StoreLogsAsync(Request);
        Assert.Equal(["world", "hello"], await server.LogsAsync());
        var logs = (await server.GetAsync("/api/v1/status")).GetProperty("received").GetProperty("signals").GetProperty("logs");
        Assert.Equal(("3", "2"), (logs.GetProperty("requests").GetString(), logs.GetProperty("items").GetString()));
    }

    [Fact]
    public async Task ARecordWithABrokenIdIsKeptWithoutItAndTheSenderIsTold()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var json = LogExport.Json("svc", LogExport.Record("short id", more: "\"traceId\":\"abcd\""), LogExport.Record("zero ids", ms: 1, more: LogExport.In(0, 0)));
        using var response = await server.ExportLogsAsync(Encoding.UTF8.GetBytes(json), "application/json");
        var partial = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("partialSuccess");
        Assert.Equal("0", partial.GetProperty("rejectedLogRecords").GetString());
        Assert.Contains("1 log record(s)", partial.GetProperty("errorMessage").GetString());
        Assert.Equal(["zero ids", "short id"], await server.LogsAsync("traced=false"));
    }

    [Fact]
    public async Task AMalformedRequestIsRefusedWithFieldAndOffsetAndCounted()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var body = LogExport.Protobuf(Request);
        var at = body.AsSpan().IndexOf("hello"u8);
        body[at - 1] = 0x7F;
        using (var response = await server.ExportLogsAsync(body))
        {
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Contains("resource_logs[0].scope_logs[0].log_records[0]", OtlpMessages.Status(await response.Content.ReadAsByteArrayAsync()).Message);
        }
        using (var response = await server.ExportLogsAsync("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"soon\"}]}]}]}"u8.ToArray(), "application/json"))
        {
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Contains("resourceLogs[0].scopeLogs[0].logRecords[0].timeUnixNano at byte", await response.Content.ReadAsStringAsync());
        }
        var error = await Assert.ThrowsAsync<RpcException>(() => GrpcAsync(server, body));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Empty(await server.LogsAsync());
        var refused = Assert.Single((await server.GetAsync("/api/v1/status")).GetProperty("refused").EnumerateArray());
        Assert.Equal(("logs", "malformed", "3"), (refused.GetProperty("signal").GetString(), refused.GetProperty("reason").GetString(), refused.GetProperty("count").GetString()));
    }

    [Fact]
    public async Task HostileBodiesAreRefusedAndTheServerGoesOn()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using (var bomb = await server.ExportLogsAsync(Export.Bomb(80), encoding: "gzip")) Assert.Equal(HttpStatusCode.RequestEntityTooLarge, bomb.StatusCode);
        using (var large = await server.ExportLogsAsync(new byte[(16 << 20) + 1])) Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        using (var type = await server.ExportLogsAsync([], "text/plain")) Assert.Equal(HttpStatusCode.UnsupportedMediaType, type.StatusCode);
        var deep = string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", 40)) + "{}" + string.Concat(Enumerable.Repeat("]}}", 40));
        using (var nested = await server.ExportLogsAsync(Encoding.UTF8.GetBytes($$$"""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{{{deep}}}}]}]}]}"""), "application/json"))
        {
            Assert.Equal(HttpStatusCode.BadRequest, nested.StatusCode);
            Assert.Contains("nest deeper than 32", await nested.Content.ReadAsStringAsync());
        }
        await server.StoreLogsAsync(Request);
        Assert.Equal(["world", "hello"], await server.LogsAsync());
    }

    [Fact]
    public async Task MutatedRequestsAreAnsweredAndNothingBreaks()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var random = new Random(7);
        var body = LogExport.Protobuf(Request);
        for (var i = 0; i < 150; i++)
        {
            using var response = await server.ExportLogsAsync(Mutation.Apply(body, random));
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest, response.StatusCode.ToString());
        }
        foreach (var entry in (await server.GetAsync("/api/v1/logs?limit=1000")).GetProperty("entries").EnumerateArray()) Assert.True(entry.TryGetProperty("body", out _));
        Assert.Equal("", server.Log.ToString());
    }

    [Fact]
    public async Task SensitiveValuesAreRedactedMarkedAndCountedBeforeTheyAreStored()
    {
        await using var server = await ServerUnderTest.StartAsync();
        const string Body = """{"kvlistValue":{"values":[{"key":"user","value":{"stringValue":"ann"}},{"key":"password","value":{"stringValue":"hunter2"}},{"key":"n","value":{"doubleValue":1.5}}]}}""";
        await server.StoreLogsAsync($$$"""
            {"resourceLogs":[{"resource":{"attributes":[{"key":"api-key","value":{"stringValue":"hunter2"}}]},"scopeLogs":[{"logRecords":[
            {"body":{{{Body}}},"attributes":[{"key":"http.request.header.authorization","value":{"stringValue":"hunter2"}},{"key":"nested","value":{{{Body}}}}]}]}]}]}
            """);
        var text = (await server.GetAsync("/api/v1/logs")).ToString();
        Assert.DoesNotContain("hunter2", text);
        var entry = Assert.Single(JsonDocument.Parse(text).RootElement.GetProperty("entries").EnumerateArray());
        Assert.Equal("""{"user":"ann","password":"[redacted]","n":1.5}""", entry.GetProperty("body").GetString());
        Assert.Equal("kvlist", entry.GetProperty("bodyType").GetString());
        Assert.Equal("redacted", Assert.Single(entry.GetProperty("marks").EnumerateArray()).GetString());
        Assert.Equal("4", (await server.GetAsync("/api/v1/status")).GetProperty("redactedAttributes").GetString());
        foreach (var file in Directory.EnumerateFiles(server.Directory, "*", SearchOption.AllDirectories).Where(f => f.Contains("logs")))
            Assert.Equal(-1, (await ReadSharedAsync(file)).AsSpan().IndexOf("hunter2"u8));
    }

    private static async Task<byte[]> ReadSharedAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static async Task<byte[]> GrpcAsync(ServerUnderTest server, byte[] request, bool compress = false)
    {
        using var channel = GrpcChannel.ForAddress(server.Addresses.OtlpGrpc.ToString());
        var method = new Method<byte[], byte[]>(MethodType.Unary, "opentelemetry.proto.collector.logs.v1.LogsService", "Export", Bytes, Bytes);
        return await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(compress ? new Metadata { { "grpc-internal-encoding-request", "gzip" } } : null), request);
    }
}
