using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>Writes GET /api/v1/traces/{id}/spans/{spanId}: everything that OTLP said about a span.</summary>
internal static class SpanWriter
{
    internal static void Write(Utf8JsonWriter json, TraceView trace, IReadOnlyList<int> rows)
    {
        json.WriteStartObject();
        json.WriteStartArray("spans"u8);
        foreach (var row in rows) WriteSpan(json, trace, row);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, TraceView trace, int row)
    {
        var spans = trace.Spans;
        json.WriteStartObject();
        json.WriteId("traceId"u8, spans.TraceId[row]);
        json.WriteSpanId("spanId"u8, spans.SpanId[row]);
        if (spans.ParentSpanId[row] == 0) json.WriteNull("parentSpanId"u8);
        else json.WriteSpanId("parentSpanId"u8, spans.ParentSpanId[row]);
        json.WriteString("traceState"u8, spans.Strings[spans.TraceState[row]]);
        json.WriteNumber("flags"u8, spans.Flags[row]);
        json.WriteString("name"u8, spans.Strings[spans.Name[row]]);
        json.WriteString("kind"u8, JsonFields.KindName(spans.Kind[row]));
        json.WriteLong("startUnixNano"u8, spans.StartUnixNano[row]);
        json.WriteLong("endUnixNano"u8, spans.EndUnixNano[row]);
        json.WriteLong("durationNano"u8, spans.DurationNano(row));
        json.WriteStartObject("status"u8);
        json.WriteString("code"u8, JsonFields.StatusName(spans.Status[row]));
        json.WriteString("message"u8, spans.Strings[spans.StatusMessage[row]]);
        json.WriteEndObject();
        json.WriteString("service"u8, spans.Strings[spans.Resources.Service[spans.Resource[row]]]);
        AttributeWriter.Write(json, spans, spans.Attributes, spans.AttributeOffset[row], spans.AttributeOffset[row + 1]);
        json.WriteNumber("droppedAttributes"u8, spans.DroppedAttributes[row]);
        WriteEvents(json, spans, row);
        WriteLinks(json, spans, row);
        WriteResource(json, spans, spans.Resource[row]);
        WriteScope(json, spans, spans.Scope[row]);
        SpanWarningWriter.Write(json, trace, row);
        json.WriteEndObject();
    }

    private static void WriteEvents(Utf8JsonWriter json, SpanBatch spans, int row)
    {
        var events = spans.Events;
        json.WriteStartArray("events"u8);
        for (var i = spans.EventOffset[row]; i < spans.EventOffset[row + 1]; i++)
        {
            json.WriteStartObject();
            json.WriteLong("timeUnixNano"u8, events.TimeUnixNano[i]);
            json.WriteString("name"u8, spans.Strings[events.Name[i]]);
            AttributeWriter.Write(json, spans, events.Attributes, events.AttributeOffset[i], events.AttributeOffset[i + 1]);
            json.WriteNumber("droppedAttributes"u8, events.DroppedAttributes[i]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("droppedEvents"u8, spans.DroppedEvents[row]);
    }

    private static void WriteLinks(Utf8JsonWriter json, SpanBatch spans, int row)
    {
        var links = spans.Links;
        json.WriteStartArray("links"u8);
        for (var i = spans.LinkOffset[row]; i < spans.LinkOffset[row + 1]; i++)
        {
            json.WriteStartObject();
            json.WriteId("traceId"u8, links.TraceId[i]);
            json.WriteSpanId("spanId"u8, links.SpanId[i]);
            json.WriteString("traceState"u8, spans.Strings[links.TraceState[i]]);
            json.WriteNumber("flags"u8, links.Flags[i]);
            AttributeWriter.Write(json, spans, links.Attributes, links.AttributeOffset[i], links.AttributeOffset[i + 1]);
            json.WriteNumber("droppedAttributes"u8, links.DroppedAttributes[i]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("droppedLinks"u8, spans.DroppedLinks[row]);
    }

    private static void WriteResource(Utf8JsonWriter json, SpanBatch spans, int resource)
    {
        var resources = spans.Resources;
        json.WriteStartObject("resource"u8);
        AttributeWriter.Write(json, spans, resources.Attributes, resources.AttributeOffset[resource], resources.AttributeOffset[resource + 1]);
        json.WriteNumber("droppedAttributes"u8, resources.DroppedAttributes[resource]);
        json.WriteString("schemaUrl"u8, spans.Strings[resources.SchemaUrl[resource]]);
        json.WriteEndObject();
    }

    private static void WriteScope(Utf8JsonWriter json, SpanBatch spans, int scope)
    {
        var scopes = spans.Scopes;
        json.WriteStartObject("scope"u8);
        json.WriteString("name"u8, spans.Strings[scopes.Name[scope]]);
        json.WriteString("version"u8, spans.Strings[scopes.Version[scope]]);
        AttributeWriter.Write(json, spans, scopes.Attributes, scopes.AttributeOffset[scope], scopes.AttributeOffset[scope + 1]);
        json.WriteNumber("droppedAttributes"u8, scopes.DroppedAttributes[scope]);
        json.WriteString("schemaUrl"u8, spans.Strings[scopes.SchemaUrl[scope]]);
        json.WriteEndObject();
    }
}
