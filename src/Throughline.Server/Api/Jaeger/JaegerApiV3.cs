using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Encode;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Jaeger;

/// <summary>Jaeger's third query API over HTTP, which its newer pages and Grafanas ask: OTLP documents and summaries. Stateless.</summary>
internal static class JaegerApiV3
{
    /// <summary>Maps the routes, all read by GET.</summary>
    internal static void Map(Action<string, Func<JaegerCall, Task>> get)
    {
        get("/api/v3/services", ServicesAsync);
        get("/api/v3/operations", OperationsAsync);
        get("/api/v3/traces", TracesAsync);
        get("/api/v3/traces/{id}", TraceAsync);
        get("/api/v3/trace-summaries", SummariesAsync);
    }

    /// <summary>Answers a request that cannot be answered.</summary>
    internal static async Task FailAsync(HttpContext context, JaegerError error)
    {
        context.Response.StatusCode = error.Status;
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteNumber("httpCode"u8, error.Status);
        json.WriteString("message"u8, error.Message);
        json.WriteEndObject();
        json.WriteEndObject();
        await answer.FinishAsync();
    }

    private static async Task ServicesAsync(JaegerCall call)
    {
        var services = await call.Store.GetServicesAsync(null, null, call.Gone);
        await using var answer = new JsonAnswer(call.Context);
        answer.Writer.WriteStartObject();
        answer.Writer.WriteStartArray("services"u8);
        foreach (var service in services) answer.Writer.WriteStringValue(service.Name);
        answer.Writer.WriteEndArray();
        answer.Writer.WriteEndObject();
        await answer.FinishAsync();
    }

    private static async Task OperationsAsync(JaegerCall call)
    {
        var service = call.Query.Text("service") ?? throw new JaegerRequestException(JaegerError.Bad("parameter 'service' is required"));
        var operations = await JaegerCatalog.OfKindAsync(call, service, call.Query.Text("spanKind") ?? call.Query.Text("span_kind"));
        await using var answer = new JsonAnswer(call.Context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("operations"u8);
        foreach (var (name, kind) in operations)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            json.WriteString("spanKind"u8, kind);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await answer.FinishAsync();
    }

    private static async Task TraceAsync(JaegerCall call)
    {
        var trace = await JaegerTraces.RequiredAsync(call);
        await using var answer = new JsonAnswer(call.Context);
        Begin(answer.Writer);
        await WriteSpansAsync(answer, trace);
        End(answer.Writer);
        await answer.FinishAsync();
    }

    private static async Task TracesAsync(JaegerCall call)
    {
        var found = await FindAsync(call);
        if (found.Count == 0) throw new JaegerRequestException(new JaegerError(StatusCodes.Status404NotFound, "No traces found"));
        await using var answer = new JsonAnswer(call.Context);
        Begin(answer.Writer);
        foreach (var summary in found)
        {
            if (await call.Store.GetTraceAsync(summary.TraceId, call.Gone) is { } trace) await WriteSpansAsync(answer, trace);
        }
        End(answer.Writer);
        await answer.FinishAsync();
    }

    private static async Task SummariesAsync(JaegerCall call)
    {
        var found = await FindAsync(call);
        await using var answer = new JsonAnswer(call.Context);
        answer.Writer.WriteStartObject();
        answer.Writer.WriteStartArray("summaries"u8);
        foreach (var trace in found)
        {
            WriteSummary(answer.Writer, trace);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        answer.Writer.WriteEndArray();
        answer.Writer.WriteEndObject();
        await answer.FinishAsync();
    }

    private static void WriteSummary(Utf8JsonWriter json, TraceSummary trace)
    {
        json.WriteStartObject();
        json.WriteString("traceId"u8, trace.TraceId.ToString());
        json.WriteString("rootServiceName"u8, trace.Root?.Service ?? "");
        json.WriteString("rootOperationName"u8, trace.Root?.Name ?? "");
        json.WriteString("minStartTimeUnixNano"u8, trace.StartUnixNano.ToString(CultureInfo.InvariantCulture));
        json.WriteString("maxEndTimeUnixNano"u8, (trace.StartUnixNano + trace.DurationNano).ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("spanCount"u8, trace.Spans);
        json.WriteNumber("errorSpanCount"u8, trace.Errors);
        json.WriteNumber("orphanSpanCount"u8, trace.Orphans);
        json.WriteStartArray("services"u8);
        foreach (var service in trace.Services)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, service.Name);
            json.WriteNumber("spanCount"u8, service.Spans);
            json.WriteNumber("errorSpanCount"u8, service.Errors);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task<IReadOnlyList<TraceSummary>> FindAsync(JaegerCall call)
    {
        var result = await call.Store.SearchAsync(JaegerQueryV3.Search(call.Context.Request.Query), call.Gone);
        if (result.Truncated is { } truncated) call.Context.Response.Headers["Throughline-Truncated"] = Uri.EscapeDataString(truncated.Message);
        return result.Traces;
    }

    private static void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("result"u8);
        json.WriteStartArray("resourceSpans"u8);
    }

    private static void End(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static async Task WriteSpansAsync(JsonAnswer answer, TraceView trace)
    {
        for (var row = 0; row < trace.Spans.RowCount;)
        {
            row = OtlpJsonWriter.WriteRows(trace.Spans, row, JsonAnswer.PartBytes, answer.Writer);
            if (answer.IsPartFull) await answer.SendAsync();
        }
    }
}
