using System.Diagnostics;
using System.Text.Json;
using Throughline.Tests.Architecture;
using Throughline.Tests.Senders;

namespace Throughline.Tests.Server;

/// <summary>The official OpenTelemetry SDK for JavaScript as a sender (otel-js-emitter), over every protocol: what its spans were is what the server has.</summary>
public sealed class IndependentSenderTests
{
    private static readonly string Folder = Path.Combine(SourceTree.Tests, "otel-js-emitter");
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    [Theory]
    [InlineData("proto", "none")]
    [InlineData("proto", "gzip")]
    [InlineData("json", "none")]
    [InlineData("json", "gzip")]
    [InlineData("grpc", "none")]
    [InlineData("grpc", "gzip")]
    public async Task SpansArriveAsTheSdkMadeThem(string protocol, string compression)
    {
        await Installed.Value;
        await using var server = await ServerUnderTest.StartAsync();
        var endpoint = (protocol == "grpc" ? server.Addresses.OtlpGrpc : server.Addresses.OtlpHttp).ToString();
        var emitted = JsonDocument.Parse(await RunAsync("node", "emit.mjs", protocol, endpoint, compression)).RootElement;
        Assert.Empty(emitted.GetProperty("failures").EnumerateArray());
        var sent = emitted.GetProperty("spans").EnumerateArray().ToList();
        Assert.Equal(160, sent.Count);
        Assert.Equal("160", (await server.GetAsync("/api/v1/status")).GetProperty("store").GetProperty("spans").GetString());

        foreach (var span in sent)
        {
            var url = $"/api/v1/traces/{span.GetProperty("traceId").GetString()}/spans/{span.GetProperty("spanId").GetString()}";
            var stored = Assert.Single((await server.GetAsync(url)).GetProperty("spans").EnumerateArray());
            Assert.Equal(AsSent(span), AsStored(stored));
        }
        Assert.Equal(80, (await server.GetAsync("/api/v1/search?limit=1")).GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(10, (await server.GetAsync("/api/v1/search?q=RangeError+error%3Dtrue&limit=1")).GetProperty("total").GetProperty("value").GetInt32());
    }

    [Theory]
    [InlineData("proto", "none")]
    [InlineData("proto", "gzip")]
    [InlineData("json", "none")]
    [InlineData("grpc", "gzip")]
    public async Task LogRecordsArriveAsTheSdkMadeThem(string protocol, string compression)
    {
        await Installed.Value;
        await using var server = await ServerUnderTest.StartAsync();
        var endpoint = (protocol == "grpc" ? server.Addresses.OtlpGrpc : server.Addresses.OtlpHttp).ToString();
        var emitted = JsonDocument.Parse(await RunAsync("node", "emit-logs.mjs", protocol, endpoint, compression)).RootElement;
        Assert.Empty(emitted.GetProperty("failures").EnumerateArray());
        var sent = emitted.GetProperty("records").EnumerateArray().ToList();
        var answer = await server.GetAsync("/api/v1/logs?limit=1000&direction=asc");
        var stored = answer.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal((120, 120), (sent.Count, stored.Count));
        foreach (var (record, entry) in sent.Zip(stored))
        {
            foreach (var name in new[] { "timeUnixNano", "observedUnixNano", "severityNumber", "severityText", "eventName", "traceId", "spanId" }) Assert.Equal(record.GetProperty(name).ToString(), entry.GetProperty(name).ToString());
            var (body, text) = (record.GetProperty("body"), entry.GetProperty("body").GetString() ?? "");
            if (entry.GetProperty("bodyType").GetString() == "string") Assert.Equal(body.GetString(), text);
            else Assert.True(JsonElement.DeepEquals(body, JsonDocument.Parse(text).RootElement), $"{body} was stored as {text}");
            Assert.Equal(string.Join(", ", record.GetProperty("attributes").EnumerateObject().Select(p => $"{p.Name}={Plain(p.Value)}").Order(StringComparer.Ordinal)),
                string.Join(", ", entry.GetProperty("attributes").EnumerateArray().Select(p => $"{p.GetProperty("key").GetString()}={Typed(p)}").Order(StringComparer.Ordinal)));
            Assert.Equal("warehouse", answer.GetProperty("scopes")[entry.GetProperty("scope").GetInt32()].GetProperty("name").GetString());
            Assert.Equal("orders", answer.GetProperty("resources")[entry.GetProperty("resource").GetInt32()].GetProperty("service").GetString());
        }
    }

    /// <summary>Both forms of a span as one text, to be compared; attributes by key, numbers by value, since JavaScript has one type of them.</summary>
    private static string AsSent(JsonElement span) => string.Join("\n", Fields(span,
        a => string.Join(", ", a.EnumerateObject().Select(p => $"{p.Name}={Plain(p.Value)}").Order(StringComparer.Ordinal)), span.GetProperty("resource")));

    private static string AsStored(JsonElement span) => string.Join("\n", Fields(span,
        a => string.Join(", ", a.EnumerateArray().Select(p => $"{p.GetProperty("key").GetString()}={Typed(p)}").Order(StringComparer.Ordinal)), span.GetProperty("resource").GetProperty("attributes")));

    private static IEnumerable<string> Fields(JsonElement span, Func<JsonElement, string> attributes, JsonElement resource)
    {
        foreach (var name in new[] { "traceId", "spanId", "parentSpanId", "traceState", "name", "kind", "startUnixNano", "endUnixNano" }) yield return $"{name}: {span.GetProperty(name)}";
        yield return $"status: {span.GetProperty("status").GetProperty("code")} {span.GetProperty("status").GetProperty("message")}";
        yield return $"attributes: {attributes(span.GetProperty("attributes"))}";
        foreach (var e in span.GetProperty("events").EnumerateArray())
            yield return $"event: {e.GetProperty("timeUnixNano")} {e.GetProperty("name")} {attributes(e.GetProperty("attributes"))}";
        foreach (var link in span.GetProperty("links").EnumerateArray())
            yield return $"link: {link.GetProperty("traceId")} {link.GetProperty("spanId")} {attributes(link.GetProperty("attributes"))}";
        yield return $"resource: {attributes(resource)}";
        yield return $"scope: {span.GetProperty("scope").GetProperty("name")} {span.GetProperty("scope").GetProperty("version")}";
    }

    private static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => $"[{string.Join("; ", value.EnumerateArray().Select(Plain))}]",
        JsonValueKind.Number => value.GetDouble().ToString("R"),
        _ => value.ToString(),
    };

    private static string Typed(JsonElement attribute)
    {
        var value = attribute.GetProperty("value");
        return attribute.GetProperty("type").GetString() switch
        {
            "array" => $"[{string.Join("; ", value.EnumerateArray().Select(Typed))}]",
            "int" => double.Parse(value.GetString() ?? "").ToString("R"),
            "double" => value.GetDouble().ToString("R"),
            _ => value.ToString(),
        };
    }

    private static async Task InstallAsync()
    {
        // npm writes this file last, so it tells whether the packages are those of the lock.
        var installed = new FileInfo(Path.Combine(Folder, "node_modules/.package-lock.json"));
        if (installed.Exists && installed.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json"))) return;
        await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
    }

    private static Task<string> RunAsync(string program, params string[] arguments) => Guide.RunAsync(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder });
}
