using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Tests.Server;

/// <summary>Makes and sends export requests with log records.</summary>
internal static class LogExport
{
    /// <summary>A request of one service in OTLP's JSON.</summary>
    internal static string Json(string service, params string[] records) => $$$"""
        {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"{{{service}}}"}}]},"scopeLogs":[{"scope":{"name":"tests"},"logRecords":[{{{string.Join(",", records)}}}]}]}]}
        """;

    /// <summary>A record with a text; its time in milliseconds after <see cref="Export.BaseNano"/>, further members as they stand in <paramref name="more"/>.</summary>
    internal static string Record(string body, int severity = 9, long ms = 0, string more = "") => string.Create(CultureInfo.InvariantCulture,
        $$$"""{"timeUnixNano":"{{{Export.BaseNano + (ulong)ms * 1_000_000}}}","severityNumber":{{{severity}}},"body":{"stringValue":"{{{body}}}"}{{{(more.Length > 0 ? "," + more : "")}}}}""");

    /// <summary>The members that name a span.</summary>
    internal static string In(int trace, int span) => $"\"traceId\":\"{Export.Trace(trace)}\",\"spanId\":\"{Export.Id(span)}\"";

    /// <summary>The protobuf form of a request.</summary>
    internal static byte[] Protobuf(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes(json), output, out var error, signal: SignalKind.Logs), error);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Sends a request over HTTP.</summary>
    internal static async Task<HttpResponseMessage> ExportLogsAsync(this ServerUnderTest server, byte[] body, string type = "application/x-protobuf", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return await server.Otlp.PostAsync("/v1/logs", content);
    }

    /// <summary>Sends a request that must be taken.</summary>
    internal static async Task StoreLogsAsync(this ServerUnderTest server, string json)
    {
        using var response = await server.ExportLogsAsync(Encoding.UTF8.GetBytes(json), "application/json");
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The bodies that a search finds, in its order.</summary>
    internal static async Task<string[]> LogsAsync(this ServerUnderTest server, string parameters = "") =>
        [.. (await server.GetAsync("/api/v1/logs?" + parameters)).GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("body").GetString() ?? "")];
}
