using System.Text.Json;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>
/// Writes GET /api/v1/traces/{id}: columns of numbers and tables of texts, in parts, without an object per row: a trace of 100,000 spans is what it is made for.
/// </summary>
internal static class TraceWriter
{
    internal static async Task WriteAsync(JsonAnswer answer, TraceView trace)
    {
        var spans = trace.Spans;
        var rows = spans.RowCount;
        var json = answer.Writer;
        var services = new TextTable(spans.Strings);
        var names = new TextTable(spans.Strings);
        var texts = new TextTable(spans.Strings);
        var labels = new TraceLabels(trace, texts);
        var start = trace.Summary.StartUnixNano;

        // The tables stand before the columns, so that a reader that streams has the texts when it meets their numbers; the numbers are found first.
        var (service, name, wait, label) = (new int[rows], new int[rows], new int[rows], new int[rows]);
        for (var row = 0; row < rows; row++)
        {
            service[row] = services.NumberOf(spans.Resources.Service[spans.Resource[row]]);
            name[row] = names.NumberOf(spans.Name[row]);
            wait[row] = labels.Wait(row);
            label[row] = labels.Label(row);
        }

        json.WriteStartObject();
        json.WriteId("traceId"u8, trace.TraceId);
        json.WriteLong("startUnixNano"u8, start);
        json.WritePropertyName("summary"u8);
        SearchWriter.WriteSummary(json, trace.Summary);
        WriteTexts(json, "services"u8, services);
        WriteTexts(json, "names"u8, names);
        WriteTexts(json, "texts"u8, texts);

        json.WriteStartObject("columns"u8);
        await WriteColumnAsync(answer, "spanId", rows, row => json.WriteSpanIdValue(spans.SpanId[row]));
        await WriteColumnAsync(answer, "parent", rows, row => json.WriteNumberValue(trace.ParentRow[row]));
        await WriteColumnAsync(answer, "service", rows, row => json.WriteNumberValue(service[row]));
        await WriteColumnAsync(answer, "name", rows, row => json.WriteNumberValue(name[row]));
        await WriteColumnAsync(answer, "start", rows, row => json.WriteNumberValue(spans.StartUnixNano[row] - start));
        await WriteColumnAsync(answer, "duration", rows, row => json.WriteNumberValue(spans.DurationNano(row)));
        await WriteColumnAsync(answer, "kind", rows, row => json.WriteNumberValue(spans.Kind[row]));
        await WriteColumnAsync(answer, "status", rows, row => json.WriteNumberValue(spans.Status[row]));
        await WriteColumnAsync(answer, "error", rows, row => json.WriteNumberValue(trace.IsError[row] ? 1 : 0));
        await WriteColumnAsync(answer, "events", rows, row => json.WriteNumberValue(spans.EventOffset[row + 1] - spans.EventOffset[row]));
        await WriteColumnAsync(answer, "links", rows, row => json.WriteNumberValue(spans.LinkOffset[row + 1] - spans.LinkOffset[row]));
        await WriteColumnAsync(answer, "wait", rows, row => json.WriteNumberValue(wait[row]));
        await WriteColumnAsync(answer, "label", rows, row => json.WriteNumberValue(label[row]));
        await WriteColumnAsync(answer, "warnings", rows, row => json.WriteNumberValue((int)trace.Warnings[row]));
        json.WriteEndObject();

        await WriteLinksAsync(answer, trace);
        TraceSampling.Write(json, trace, service);
        SearchWriter.WriteTruncated(json, trace.Truncated);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, TextTable table)
    {
        json.WriteStartArray(name);
        foreach (var text in table.Texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static async Task WriteColumnAsync(JsonAnswer answer, string name, int rows, Action<int> write)
    {
        answer.Writer.WriteStartArray(name);
        for (var row = 0; row < rows; row++)
        {
            write(row);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        answer.Writer.WriteEndArray();
    }

    private static async Task WriteLinksAsync(JsonAnswer answer, TraceView trace)
    {
        var spans = trace.Spans;
        var json = answer.Writer;
        json.WriteStartArray("links"u8);
        var rowOfSpan = spans.Links.Count > 0 ? RowsBySpan(trace) : [];
        for (var row = 0; row < spans.RowCount; row++)
        {
            for (var link = spans.LinkOffset[row]; link < spans.LinkOffset[row + 1]; link++)
            {
                json.WriteStartObject();
                json.WriteNumber("row"u8, row);
                json.WriteId("traceId"u8, spans.Links.TraceId[link]);
                json.WriteSpanId("spanId"u8, spans.Links.SpanId[link]);
                var isHere = spans.Links.TraceId[link] == trace.TraceId;
                json.WriteNumber("toRow"u8, isHere && rowOfSpan.TryGetValue(spans.Links.SpanId[link], out var toRow) ? toRow : -1);
                json.WriteEndObject();
                if (answer.IsPartFull) await answer.SendAsync();
            }
        }
        json.WriteEndArray();
    }

    /// <summary>The first row of each span id: of spans that share an id, the one that stands first in the tree.</summary>
    private static Dictionary<ulong, int> RowsBySpan(TraceView trace)
    {
        var rows = new Dictionary<ulong, int>(trace.Spans.RowCount);
        for (var row = 0; row < trace.Spans.RowCount; row++) rows.TryAdd(trace.Spans.SpanId[row], row);
        return rows;
    }
}
