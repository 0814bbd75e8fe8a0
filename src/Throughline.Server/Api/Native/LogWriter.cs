using System.Text.Json;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;

namespace Throughline.Server.Api.Native;

/// <summary>Writes log records (docs/api.md). The resources and scopes of a page's entries, which share them, stand once behind them and are numbered.</summary>
internal sealed class LogWriter(Utf8JsonWriter json)
{
    private readonly Dictionary<LogResource, int> _resources = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LogScope, int> _scopes = new(ReferenceEqualityComparer.Instance);

    /// <summary>One element of <c>entries</c>.</summary>
    internal void Entry(LogEntry entry)
    {
        json.WriteStartObject();
        json.WriteLong("atUnixNano"u8, entry.AtUnixNano);
        json.WriteLong("sequence"u8, entry.Sequence);
        json.WriteLong("timeUnixNano"u8, NullIfZero(entry.TimeUnixNano));
        json.WriteLong("observedUnixNano"u8, NullIfZero(entry.ObservedUnixNano));
        if (entry.TraceId.IsValid) json.WriteId("traceId"u8, entry.TraceId);
        else json.WriteNull("traceId"u8);
        if (entry.SpanId.IsValid) json.WriteSpanId("spanId"u8, entry.SpanId.Value);
        else json.WriteNull("spanId"u8);
        json.WriteString("level"u8, LogFilterText.NameOf(LogSeverity.LevelOf(entry.SeverityNumber)));
        json.WriteNumber("severityNumber"u8, entry.SeverityNumber);
        json.WriteString("severityText"u8, entry.SeverityText);
        json.WriteString("body"u8, entry.Body);
        json.WriteString("bodyType"u8, AttributeWriter.TypeName(entry.BodyType));
        json.WriteString("eventName"u8, entry.EventName);
        json.WriteNumber("flags"u8, entry.Flags);
        json.WriteNumber("droppedAttributes"u8, entry.DroppedAttributes);
        json.WriteStartArray("marks"u8);
        if (entry.Marks.HasFlag(SpanMarks.InvalidUtf8)) json.WriteStringValue("invalidUtf8"u8);
        if (entry.Marks.HasFlag(SpanMarks.Redacted)) json.WriteStringValue("redacted"u8);
        if (entry.Marks.HasFlag(SpanMarks.Cut)) json.WriteStringValue("cut"u8);
        json.WriteEndArray();
        Attributes(entry.Attributes);
        json.WriteNumber("resource"u8, NumberOf(_resources, entry.Resource));
        json.WriteNumber("scope"u8, NumberOf(_scopes, entry.Scope));
        json.WriteEndObject();
    }

    /// <summary>The fields <c>resources</c> and <c>scopes</c> of all entries so far.</summary>
    internal void Owners()
    {
        json.WriteStartArray("resources"u8);
        foreach (var resource in _resources.OrderBy(static r => r.Value).Select(static r => r.Key))
        {
            json.WriteStartObject();
            json.WriteString("service"u8, resource.Service);
            json.WriteString("schemaUrl"u8, resource.SchemaUrl);
            json.WriteNumber("droppedAttributes"u8, resource.DroppedAttributes);
            Attributes(resource.Attributes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("scopes"u8);
        foreach (var scope in _scopes.OrderBy(static s => s.Value).Select(static s => s.Key))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, scope.Name);
            json.WriteString("version"u8, scope.Version);
            json.WriteString("schemaUrl"u8, scope.SchemaUrl);
            json.WriteNumber("droppedAttributes"u8, scope.DroppedAttributes);
            Attributes(scope.Attributes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void Attributes(IReadOnlyList<LogAttribute> attributes)
    {
        json.WriteStartArray("attributes"u8);
        foreach (var attribute in attributes) AttributeWriter.Write(json, attribute.Key, attribute.Value);
        json.WriteEndArray();
    }

    private static int NumberOf<T>(Dictionary<T, int> numbers, T owner)
        where T : notnull
    {
        if (numbers.TryGetValue(owner, out var number)) return number;
        numbers.Add(owner, numbers.Count);
        return numbers.Count - 1;
    }

    private static ulong? NullIfZero(ulong time) => time == 0 ? null : time;
}
