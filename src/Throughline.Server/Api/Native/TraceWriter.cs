using System.Text.Json;
using Throughline.Engine.Query;
using Throughline.Server.Process;

namespace Throughline.Server.Api.Native;

/// <summary>
/// Writes GET /api/v1/traces/{id}: columns of numbers and tables of texts, in parts, without an object per row: a trace of 100,000 spans is what it is made for.
/// </summary>
internal static class TraceWriter
{
    /// <summary>Writes the trace, or of it only the rows of an excerpt.</summary>
    internal static async Task WriteAsync(JsonAnswer answer, TraceView trace, TraceExcerpt? excerpt, IReadOnlyList<(ProcessCause Cause, long Spans)> dropped)
    {
        var spans = trace.Spans;
        var rows = excerpt?.Rows ?? [.. Enumerable.Range(0, spans.RowCount)];
        var parents = excerpt?.ParentRow ?? trace.ParentRow;
        var json = answer.Writer;
        var services = new TextTable(spans.Strings);
        var names = new TextTable(spans.Strings);
        var texts = new TextTable(spans.Strings);
        var labels = new TraceLabels(trace, texts);
        var start = trace.Summary.StartUnixNano;

        // The tables stand before the columns, so that a reader that streams has the texts when it meets their numbers; the numbers are found first.
        var (service, name, wait, label) = (new int[rows.Length], new int[rows.Length], new int[rows.Length], new int[rows.Length]);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            service[i] = services.NumberOf(spans.Resources.Service[spans.Resource[row]]);
            name[i] = names.NumberOf(spans.Name[row]);
            wait[i] = labels.Wait(row);
            label[i] = labels.Label(row);
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
        await WriteColumnAsync(answer, "spanId", rows.Length, i => json.WriteSpanIdValue(spans.SpanId[rows[i]]));
        await WriteColumnAsync(answer, "parent", rows.Length, i => json.WriteNumberValue(parents[i]));
        await WriteColumnAsync(answer, "service", rows.Length, i => json.WriteNumberValue(service[i]));
        await WriteColumnAsync(answer, "name", rows.Length, i => json.WriteNumberValue(name[i]));
        await WriteColumnAsync(answer, "start", rows.Length, i => json.WriteNumberValue(spans.StartUnixNano[rows[i]] - start));
        await WriteColumnAsync(answer, "duration", rows.Length, i => json.WriteNumberValue(spans.DurationNano(rows[i])));
        await WriteColumnAsync(answer, "kind", rows.Length, i => json.WriteNumberValue(spans.Kind[rows[i]]));
        await WriteColumnAsync(answer, "status", rows.Length, i => json.WriteNumberValue(spans.Status[rows[i]]));
        await WriteColumnAsync(answer, "error", rows.Length, i => json.WriteNumberValue(trace.IsError[rows[i]] ? 1 : 0));
        await WriteColumnAsync(answer, "events", rows.Length, i => json.WriteNumberValue(spans.EventOffset[rows[i] + 1] - spans.EventOffset[rows[i]]));
        await WriteColumnAsync(answer, "links", rows.Length, i => json.WriteNumberValue(spans.LinkOffset[rows[i] + 1] - spans.LinkOffset[rows[i]]));
        await WriteColumnAsync(answer, "wait", rows.Length, i => json.WriteNumberValue(wait[i]));
        await WriteColumnAsync(answer, "label", rows.Length, i => json.WriteNumberValue(label[i]));
        await WriteColumnAsync(answer, "warnings", rows.Length, i => json.WriteNumberValue((int)trace.Warnings[rows[i]]));
        if (excerpt is not null) await WriteColumnAsync(answer, "omitted", rows.Length, i => json.WriteNumberValue(excerpt.Omitted[i]));
        json.WriteEndObject();

        await WriteLinksAsync(answer, trace, rows);
        WriteOrphans(json, trace, rows, parents);
        TraceGenerations.Write(json, trace, rows);
        TraceSampling.Write(json, trace, rows, service);
        ProcessEndpoints.WriteCauses(json, "dropped"u8, dropped);
        WriteExcerpt(json, trace, excerpt);
        SearchWriter.WriteTruncated(json, trace.Truncated);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, TextTable table)
    {
        json.WriteStartArray(name);
        foreach (var text in table.Texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteExcerpt(Utf8JsonWriter json, TraceView trace, TraceExcerpt? excerpt)
    {
        json.WritePropertyName("excerpt"u8);
        if (excerpt is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        json.WriteNumber("spans"u8, trace.Spans.RowCount);
        json.WriteNumber("omittedRoots"u8, excerpt.OmittedRoots);
        json.WriteEndObject();
    }

    private static async Task WriteColumnAsync(JsonAnswer answer, string name, int rows, Action<int> write)
    {
        answer.Writer.WriteStartArray(name);
        for (var i = 0; i < rows; i++)
        {
            write(i);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        answer.Writer.WriteEndArray();
    }

    private static async Task WriteLinksAsync(JsonAnswer answer, TraceView trace, int[] rows)
    {
        var spans = trace.Spans;
        var json = answer.Writer;
        json.WriteStartArray("links"u8);
        var placeOfSpan = spans.Links.Count > 0 ? PlacesBySpan(trace, rows) : [];
        for (var place = 0; place < rows.Length; place++)
        {
            for (var link = spans.LinkOffset[rows[place]]; link < spans.LinkOffset[rows[place] + 1]; link++)
            {
                json.WriteStartObject();
                json.WriteNumber("row"u8, place);
                json.WriteId("traceId"u8, spans.Links.TraceId[link]);
                json.WriteSpanId("spanId"u8, spans.Links.SpanId[link]);
                var isHere = spans.Links.TraceId[link] == trace.TraceId;
                json.WriteNumber("toRow"u8, isHere && placeOfSpan.TryGetValue(spans.Links.SpanId[link], out var toPlace) ? toPlace : -1);
                json.WriteEndObject();
                if (answer.IsPartFull) await answer.SendAsync();
            }
        }
        json.WriteEndArray();
    }

    /// <summary>Which span each orphan names as its parent: those that name the same one belong together.</summary>
    private static void WriteOrphans(Utf8JsonWriter json, TraceView trace, int[] rows, int[] parents)
    {
        json.WriteStartArray("orphans"u8);
        for (var place = 0; place < rows.Length; place++)
        {
            if (parents[place] != TraceView.Orphan) continue;
            json.WriteStartObject();
            json.WriteNumber("row"u8, place);
            json.WriteSpanId("parentSpanId"u8, trace.Spans.ParentSpanId[rows[place]]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>The first place of each span id: of spans that share an id, the one that stands first in the tree.</summary>
    private static Dictionary<ulong, int> PlacesBySpan(TraceView trace, int[] rows)
    {
        var places = new Dictionary<ulong, int>(rows.Length);
        for (var place = 0; place < rows.Length; place++) places.TryAdd(trace.Spans.SpanId[rows[place]], place);
        return places;
    }
}
