using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/traces/shapes: what the rows of a list draw of their traces (docs/api.md). Stateless.</summary>
internal static class ShapesEndpoint
{
    private const int MaxTraces = 100;

    /// <summary>A trace of so many spans takes about 20 ms; a list of larger ones would keep the store busy.</summary>
    private const int MaxSpans = 20_000;

    internal static async Task<Problem?> AnswerAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var ids = new List<TraceId>();
        foreach (var text in query.Many("id"))
        {
            if (TraceId.TryParse(text, out var id) && id.IsValid) ids.Add(id);
            else query.Fail("id", $"A trace id is up to 32 hexadecimal digits and not zero, not '{text}'.");
        }
        if (ids.Count > MaxTraces) query.Fail("id", $"'id' is given {ids.Count} times; at most {MaxTraces} are taken.");
        if (query.Finish() is { } problem) return problem;

        var result = await store.GetShapesAsync(ids, MaxSpans, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        var (services, waits) = (new Numbering(), new Numbering());
        json.WriteStartObject();
        json.WriteStartArray("shapes"u8);
        foreach (var shape in result.Shapes)
        {
            Write(json, shape, services, waits);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        WriteTexts(json, "services"u8, services);
        WriteTexts(json, "waits"u8, waits);
        SearchWriter.WriteTruncated(json, result.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    private static void Write(Utf8JsonWriter json, TraceShape shape, Numbering services, Numbering waits)
    {
        json.WriteStartObject();
        json.WriteId("traceId"u8, shape.TraceId);
        json.WriteNumber("spans"u8, shape.Spans);
        if (shape.Segments is { } segments)
        {
            WriteColumn(json, "length"u8, segments, static s => (long)Math.Min(s.LengthNano, long.MaxValue));
            WriteColumn(json, "service"u8, segments, s => services.Of(s.Service));
            WriteColumn(json, "wait"u8, segments, s => waits.Of(s.Wait));
            WriteColumn(json, "error"u8, segments, static s => s.IsError ? 1 : 0);
        }
        else
        {
            json.WriteNull("length"u8);
            json.WriteNull("service"u8);
            json.WriteNull("wait"u8);
            json.WriteNull("error"u8);
        }
        json.WriteEndObject();
    }

    private static void WriteColumn(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<ShapeSegment> segments, Func<ShapeSegment, long> number)
    {
        json.WriteStartArray(name);
        foreach (var segment in segments) json.WriteNumberValue(number(segment));
        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, Numbering texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts.Texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    /// <summary>Texts of one answer, each once, numbered in the order of first use.</summary>
    private sealed class Numbering
    {
        private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

        public List<string> Texts { get; } = [];

        public int Of(string? text)
        {
            if (text is null) return -1;
            if (_numbers.TryGetValue(text, out var number)) return number;
            Texts.Add(text);
            _numbers.Add(text, Texts.Count - 1);
            return Texts.Count - 1;
        }
    }
}
