using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Throughline.Engine.Decode;

namespace Throughline.Tests.Server;

/// <summary>Makes export requests for tests.</summary>
internal static class Export
{
    /// <summary>When the spans of these tests begin, unless a test says otherwise.</summary>
    internal const ulong BaseNano = 1_795_219_200_000_000_000;

    /// <summary>A request of one service in OTLP's JSON.</summary>
    internal static string Json(string service, params string[] spans) => $$$"""
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"{{{service}}}"}}]},"scopeSpans":[{"spans":[{{{string.Join(",", spans)}}}]}]}]}
        """;

    /// <summary>One span in OTLP's JSON: times in milliseconds after <see cref="BaseNano"/>, further members as they stand in <paramref name="more"/>.</summary>
    internal static string Span(string traceId, string spanId, string name = "work", string parent = "", long startMs = 0, long ms = 10, string more = "")
    {
        var start = BaseNano + (ulong)startMs * 1_000_000;
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"traceId":"{{traceId}}","spanId":"{{spanId}}","parentSpanId":"{{parent}}","name":"{{name}}","startTimeUnixNano":"{{start}}","endTimeUnixNano":"{{start + (ulong)ms * 1_000_000}}"{{(more.Length > 0 ? "," + more : "")}}}""");
    }

    /// <summary>The member <c>attributes</c> with string values.</summary>
    internal static string Attributes(params (string Key, string Value)[] attributes) =>
        $"\"attributes\":[{string.Join(",", attributes.Select(a => $$$"""{"key":"{{{a.Key}}}","value":{"stringValue":"{{{a.Value}}}"}}"""))}]";

    /// <summary>The trace id whose digits end with a number.</summary>
    internal static string Trace(int number) => number.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>The span id whose digits end with a number.</summary>
    internal static string Id(int number) => number.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>A request of one trace with one span.</summary>
    internal static string OneSpan(int trace, string service = "svc") => Json(service, Span(Trace(trace), Id(1)));

    /// <summary>The protobuf form of a request.</summary>
    internal static byte[] Protobuf(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes(json), output, out var error), error);
        return output.WrittenSpan.ToArray();
    }

    internal static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal)) gzip.Write(bytes);
        return output.ToArray();
    }

    internal static byte[] Deflate(ReadOnlySpan<byte> bytes)
    {
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, CompressionLevel.Optimal)) zlib.Write(bytes);
        return output.ToArray();
    }

    /// <summary>A gzip stream that expands to this many zero bytes.</summary>
    internal static byte[] Bomb(int megabytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.SmallestSize))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < megabytes; i++) gzip.Write(zeros);
        }
        return output.ToArray();
    }
}
