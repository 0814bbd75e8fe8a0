using System.Text.Json;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>Writes the answer to a search, and the summary of a trace, which is an element of it.</summary>
internal static class SearchWriter
{
    internal static void Write(Utf8JsonWriter json, SearchResult result, uint planHash)
    {
        json.WriteStartObject();
        json.WriteStartArray("traces"u8);
        foreach (var trace in result.Traces) WriteSummary(json, trace);
        json.WriteEndArray();
        WriteTotal(json, "total"u8, result.Total);
        WriteTotal(json, "errorTraces"u8, result.ErrorTraces);
        json.WriteText("nextCursor"u8, result.Next is { } next ? CursorText.Encode(next with { PlanHash = planHash }) : null);
        WriteTruncated(json, result.Truncated);
        json.WriteStartArray("notes"u8);
        if (result.SnapshotExpired) json.WriteStringValue("The view that this search began with was over, so it went on with a newer one: traces that came meanwhile may show or have moved."u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The field that says why an answer is not whole.</summary>
    internal static void WriteTruncated(Utf8JsonWriter json, Truncation? truncated)
    {
        if (truncated is null)
        {
            json.WriteNull("truncated"u8);
            return;
        }
        json.WriteStartObject("truncated"u8);
        json.WriteString("reason"u8, truncated.Reason);
        json.WriteString("message"u8, truncated.Message);
        json.WriteEndObject();
    }

    internal static void WriteSummary(Utf8JsonWriter json, TraceSummary trace)
    {
        json.WriteStartObject();
        json.WriteId("traceId"u8, trace.TraceId);
        if (trace.Root is { } root) WriteLabel(json, "root"u8, root);
        else json.WriteNull("root"u8);
        WriteLabel(json, "first"u8, trace.First);
        json.WriteLong("startUnixNano"u8, trace.StartUnixNano);
        json.WriteLong("durationNano"u8, trace.DurationNano);
        json.WriteLong("waitingNano"u8, trace.WaitingNano);
        json.WriteNumber("spans"u8, trace.Spans);
        json.WriteNumber("errors"u8, trace.Errors);
        json.WriteNumber("orphans"u8, trace.Orphans);
        json.WriteText("errorType"u8, trace.ErrorType);
        json.WriteStartArray("services"u8);
        foreach (var service in trace.Services)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, service.Name);
            json.WriteNumber("spans"u8, service.Spans);
            json.WriteNumber("errors"u8, service.Errors);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLabel(Utf8JsonWriter json, ReadOnlySpan<byte> name, SpanLabel label)
    {
        json.WriteStartObject(name);
        json.WriteString("service"u8, label.Service);
        json.WriteString("name"u8, label.Name);
        json.WriteEndObject();
    }

    /// <summary>A number that may be a lower bound.</summary>
    internal static void WriteTotal(Utf8JsonWriter json, ReadOnlySpan<byte> name, Total total)
    {
        json.WriteStartObject(name);
        json.WriteNumber("value"u8, total.Value);
        json.WriteString("relation"u8, total.IsExact ? "exact"u8 : "atLeast"u8);
        json.WriteEndObject();
    }
}
