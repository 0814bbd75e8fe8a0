using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Jaeger;

/// <summary>Writes a trace in the form of Jaeger's first API: spans with tags, logs and references, and the processes that they name. Times are microseconds.</summary>
internal static class JaegerTraceWriter
{
    /// <summary>Writes the trace, sending what is full.</summary>
    internal static async Task WriteAsync(JsonAnswer answer, TraceView trace)
    {
        var json = answer.Writer;
        var processes = new List<int>();
        json.WriteStartObject();
        json.WriteString("traceID"u8, JaegerAnswer.IdText(trace.TraceId));
        json.WriteStartArray("spans"u8);
        for (var row = 0; row < trace.Spans.RowCount; row++)
        {
            WriteSpan(json, trace.Spans, row, Warnings(trace, row), processes);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        WriteProcesses(json, trace.Spans, processes);
        if (trace.Truncated is { } truncated)
        {
            json.WriteStartArray("warnings"u8);
            json.WriteStringValue(truncated.Message);
            json.WriteEndArray();
        }
        else
        {
            json.WriteNull("warnings"u8);
        }
        json.WriteEndObject();
    }

    /// <summary>Writes traces that are not stored: the rows of a batch, which need not be in any order.</summary>
    internal static void WriteRows(Utf8JsonWriter json, SpanBatch spans, TraceId trace, IEnumerable<int> rows)
    {
        var processes = new List<int>();
        json.WriteStartObject();
        json.WriteString("traceID"u8, JaegerAnswer.IdText(trace));
        json.WriteStartArray("spans"u8);
        foreach (var row in rows) WriteSpan(json, spans, row, [], processes);
        json.WriteEndArray();
        WriteProcesses(json, spans, processes);
        json.WriteNull("warnings"u8);
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, SpanBatch spans, int row, List<string> warnings, List<int> processes)
    {
        var trace = JaegerAnswer.IdText(spans.TraceId[row]);
        json.WriteStartObject();
        json.WriteString("traceID"u8, trace);
        json.WriteString("spanID"u8, new SpanId(spans.SpanId[row]).ToString());
        json.WriteNumber("flags"u8, spans.Flags[row] & 1);
        json.WriteString("operationName"u8, spans.Strings[spans.Name[row]]);
        WriteReferences(json, spans, row, trace);
        json.WriteNumber("startTime"u8, spans.StartUnixNano[row] / 1000);
        json.WriteNumber("duration"u8, spans.DurationNano(row) / 1000);
        JaegerTagWriter.WriteSpanTags(json, spans, row);
        WriteLogs(json, spans, row);
        json.WriteString("processID"u8, ProcessName(processes, spans.Resource[row]));
        WriteWarnings(json, warnings);
        json.WriteEndObject();
    }

    private static string ProcessName(List<int> processes, int resource)
    {
        var place = processes.IndexOf(resource);
        if (place < 0)
        {
            place = processes.Count;
            processes.Add(resource);
        }
        return "p" + (place + 1).ToString(CultureInfo.InvariantCulture);
    }

    private static void WriteReferences(Utf8JsonWriter json, SpanBatch spans, int row, string trace)
    {
        json.WriteStartArray("references"u8);
        if (spans.ParentSpanId[row] != 0) WriteReference(json, "CHILD_OF", trace, spans.ParentSpanId[row]);
        for (var i = spans.LinkOffset[row]; i < spans.LinkOffset[row + 1]; i++) WriteReference(json, "FOLLOWS_FROM", JaegerAnswer.IdText(spans.Links.TraceId[i]), spans.Links.SpanId[i]);
        json.WriteEndArray();
    }

    private static void WriteReference(Utf8JsonWriter json, string type, string trace, ulong span)
    {
        json.WriteStartObject();
        json.WriteString("refType"u8, type);
        json.WriteString("traceID"u8, trace);
        json.WriteString("spanID"u8, new SpanId(span).ToString());
        json.WriteEndObject();
    }

    private static void WriteLogs(Utf8JsonWriter json, SpanBatch spans, int row)
    {
        var events = spans.Events;
        json.WriteStartArray("logs"u8);
        for (var i = spans.EventOffset[row]; i < spans.EventOffset[row + 1]; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp"u8, events.TimeUnixNano[i] / 1000);
            json.WriteStartArray("fields"u8);
            JaegerTagWriter.WriteText(json, "event"u8, spans.Strings[events.Name[i]]);
            JaegerTagWriter.WriteAttributes(json, spans, events.Attributes, events.AttributeOffset[i], events.AttributeOffset[i + 1]);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteProcesses(Utf8JsonWriter json, SpanBatch spans, List<int> processes)
    {
        json.WriteStartObject("processes"u8);
        for (var i = 0; i < processes.Count; i++)
        {
            var resource = processes[i];
            json.WriteStartObject("p" + (i + 1).ToString(CultureInfo.InvariantCulture));
            json.WriteString("serviceName"u8, spans.Strings[spans.Resources.Service[resource]]);
            json.WriteStartArray("tags"u8);
            var resources = spans.Resources;
            JaegerTagWriter.WriteAttributes(json, spans, resources.Attributes, resources.AttributeOffset[resource], resources.AttributeOffset[resource + 1], "service.name"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static List<string> Warnings(TraceView trace, int row)
    {
        var (marks, warnings) = (trace.Warnings[row], new List<string>());
        if (marks.HasFlag(SpanWarnings.EndBeforeStart)) warnings.Add("the span ends before it starts; its duration is shown as 0");
        if (marks.HasFlag(SpanWarnings.ParentMissing)) warnings.Add($"the parent span {new SpanId(trace.Spans.ParentSpanId[row])} is not in the trace");
        if (marks.HasFlag(SpanWarnings.Cycle)) warnings.Add("the span is its own ancestor; the circle was cut here");
        if (marks.HasFlag(SpanWarnings.SharedId)) warnings.Add("another span of the trace has the same id");
        if (marks.HasFlag(SpanWarnings.StartsBeforeParent)) warnings.Add("the span starts before its parent: the clocks of their hosts may differ");
        if (marks.HasFlag(SpanWarnings.InvalidUtf8)) warnings.Add("a text was not valid UTF-8 and was mended");
        return warnings;
    }

    private static void WriteWarnings(Utf8JsonWriter json, List<string> warnings)
    {
        if (warnings.Count == 0)
        {
            json.WriteNull("warnings"u8);
            return;
        }
        json.WriteStartArray("warnings"u8);
        foreach (var warning in warnings) json.WriteStringValue(warning);
        json.WriteEndArray();
    }
}
