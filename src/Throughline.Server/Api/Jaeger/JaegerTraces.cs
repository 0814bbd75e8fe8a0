using System.Buffers;
using Throughline.Engine.Decode;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Jaeger;

/// <summary>Traces in the form of Jaeger's first API: searched, by id, kept, and translated from OTLP. Stateless.</summary>
internal static class JaegerTraces
{
    /// <summary>GET /api/traces: those with the given ids, else those that match.</summary>
    internal static async Task SearchAsync(JaegerCall call)
    {
        var asked = call.Query.TraceIds();
        var ids = asked.Count > 0 ? asked : await FindAsync(call);
        await using var answer = new JsonAnswer(call.Context, call.Query.Flag("prettyPrint"));
        var (found, missing) = (0, new List<TraceId>());
        JaegerAnswer.Begin(answer.Writer);
        answer.Writer.WriteStartArray();
        foreach (var id in ids)
        {
            // One at a time: a search may find a thousand traces, and all of them need not be in memory at once.
            if (await call.Store.GetTraceAsync(id, call.Gone) is { } trace)
            {
                await JaegerTraceWriter.WriteAsync(answer, trace);
                found++;
            }
            else if (asked.Count > 0)
            {
                missing.Add(id);
            }
        }
        answer.Writer.WriteEndArray();
        JaegerAnswer.End(answer.Writer, found, missing);
        await answer.FinishAsync();
    }

    /// <summary>GET /api/traces/{id}.</summary>
    internal static async Task TraceAsync(JaegerCall call)
    {
        var isPretty = call.Query.Flag("prettyPrint");
        _ = (call.Query.Time("start"), call.Query.Time("end"), call.Query.Flag("raw"));
        var trace = await RequiredAsync(call);
        await using var answer = new JsonAnswer(call.Context, isPretty);
        JaegerAnswer.Begin(answer.Writer);
        answer.Writer.WriteStartArray();
        await JaegerTraceWriter.WriteAsync(answer, trace);
        answer.Writer.WriteEndArray();
        JaegerAnswer.End(answer.Writer, 1);
        await answer.FinishAsync();
    }

    /// <summary>POST /api/archive/{id}: the trace is pinned, which is what an archive is for.</summary>
    internal static async Task ArchiveAsync(JaegerCall call)
    {
        var id = RouteId(call);
        var result = await call.Store.PinAsync(id, call.Gone);
        if (result == PinResult.NotFound) throw NotFound();
        if (result != PinResult.Pinned) throw new JaegerRequestException(new JaegerError(StatusCodes.Status409Conflict, "as many traces are pinned as may be (--max-pinned-traces); let go of some first"));
        await using var answer = new JsonAnswer(call.Context);
        JaegerAnswer.Begin(answer.Writer);
        answer.Writer.WriteStartArray();
        answer.Writer.WriteStringValue(JaegerAnswer.IdText(id));
        answer.Writer.WriteEndArray();
        JaegerAnswer.End(answer.Writer, 1);
        await answer.FinishAsync();
    }

    /// <summary>POST /api/transform: traces in OTLP's JSON form, which are not stored, in Jaeger's form.</summary>
    internal static async Task TransformAsync(JaegerCall call, int maxBodyBytes)
    {
        var batch = Decode(await BodyAsync(call, maxBodyBytes));
        await using var answer = new JsonAnswer(call.Context);
        var traces = Enumerable.Range(0, batch.RowCount).GroupBy(row => batch.TraceId[row]).ToList();
        JaegerAnswer.Begin(answer.Writer);
        answer.Writer.WriteStartArray();
        foreach (var trace in traces)
        {
            JaegerTraceWriter.WriteRows(answer.Writer, batch, trace.Key, trace);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        answer.Writer.WriteEndArray();
        JaegerAnswer.End(answer.Writer, traces.Count);
        await answer.FinishAsync();
    }

    /// <summary>The trace that the route names.</summary>
    internal static async Task<TraceView> RequiredAsync(JaegerCall call) => await call.Store.GetTraceAsync(RouteId(call), call.Gone) ?? throw NotFound();

    private static TraceId RouteId(JaegerCall call) => JaegerQuery.Id((string?)call.Context.Request.RouteValues["id"] ?? "");

    private static JaegerRequestException NotFound() => new(new JaegerError(StatusCodes.Status404NotFound, "trace not found"));

    private static async Task<IReadOnlyList<TraceId>> FindAsync(JaegerCall call)
    {
        var result = await call.Store.SearchAsync(call.Query.Search(), call.Gone);
        // Jaeger's answer has no place for it but its errors, of which Grafana would show nothing else.
        if (result.Truncated is { } truncated) call.Context.Response.Headers["Throughline-Truncated"] = Uri.EscapeDataString(truncated.Message);
        return [.. result.Traces.Select(static t => t.TraceId)];
    }

    private static async Task<byte[]> BodyAsync(JaegerCall call, int maxBytes)
    {
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await call.Context.Request.Body.ReadAsync(body.GetMemory(64 << 10), call.Gone);
            if (read == 0) return body.WrittenSpan.ToArray();
            body.Advance(read);
            if (body.WrittenCount > maxBytes) throw new JaegerRequestException(new JaegerError(StatusCodes.Status413PayloadTooLarge, $"the body has more than {maxBytes} bytes (--max-body-bytes)"));
        }
    }

    private static SpanBatch Decode(byte[] body)
    {
        var request = new ArrayBufferWriter<byte>();
        if (!OtlpJsonTranscoder.TryTranscode(body, request, out var error)) throw new JaegerRequestException(JaegerError.Bad($"cannot unmarshal OTLP: {error}"));
        var batch = new SpanBatch();
        var result = new OtlpTraceDecoder().Decode(request.WrittenSpan, batch);
        if (result.Status != DecodeStatus.Decoded) throw new JaegerRequestException(JaegerError.Bad($"cannot unmarshal OTLP: {result.Message}"));
        return batch.RowCount > 0 ? batch : throw new JaegerRequestException(JaegerError.Bad("there are no spans to translate"));
    }
}
