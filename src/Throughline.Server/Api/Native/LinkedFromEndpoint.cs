using System.Text;
using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>
/// GET /api/v1/traces/{id}/linked-from: the spans of other traces that link to this one, the newest traces first. Searches by the stored links, then reads at most as many traces as links are wanted. Stateless.
/// </summary>
internal static class LinkedFromEndpoint
{
    internal static async Task<Problem?> ReadAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var (from, to) = query.Range();
        var limit = query.Whole("limit", 1, 500, 50);
        if (query.Finish() is { } wrong) return wrong;
        var (trace, problem) = await NativeApi.FindAsync(context, store);
        if (trace is null) return problem;

        var linksHere = new SpanPredicate.LinksTo(trace.TraceId);
        // The trace itself may be among them, and is left out.
        var plan = new SearchPlan { Span = from is null && to is null ? linksHere : new SpanPredicate.And([linksHere, new SpanPredicate.StartsIn(from, to)]), Limit = limit + 1, KeepsSnapshot = false };
        var result = await store.SearchAsync(plan, context.RequestAborted);
        var itself = HasLinkTo(trace, trace.TraceId, from, to) ? 1 : 0;

        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        var truncated = result.Truncated;
        json.WriteStartObject();
        json.WriteStartArray("links"u8);
        var written = 0;
        foreach (var summary in result.Traces)
        {
            if (summary.TraceId == trace.TraceId || written >= limit) continue;
            if (await store.GetTraceAsync(summary.TraceId, context.RequestAborted) is not { } other) continue;
            truncated ??= other.Truncated;
            foreach (var (row, link) in LinksTo(other, trace.TraceId, from, to))
            {
                if (written++ >= limit) break;
                WriteLink(answer, other, row, link);
                if (answer.IsPartFull) await answer.SendAsync();
            }
        }
        json.WriteEndArray();
        SearchWriter.WriteTotal(json, "traces"u8, result.Total with { Value = Math.Max(0, result.Total.Value - itself) });
        SearchWriter.WriteTruncated(json, truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    private static void WriteLink(JsonAnswer answer, TraceView other, int row, int link)
    {
        var (json, spans) = (answer.Writer, other.Spans);
        json.WriteStartObject();
        json.WriteId("traceId"u8, other.TraceId);
        json.WriteSpanId("spanId"u8, spans.SpanId[row]);
        json.WriteString("service"u8, Encoding.UTF8.GetString(spans.Strings[spans.Resources.Service[spans.Resource[row]]]));
        json.WriteString("name"u8, Encoding.UTF8.GetString(spans.Strings[spans.Name[row]]));
        json.WriteLong("startUnixNano"u8, spans.StartUnixNano[row]);
        json.WriteSpanId("toSpanId"u8, spans.Links.SpanId[link]);
        json.WriteEndObject();
    }

    private static bool HasLinkTo(TraceView trace, TraceId id, ulong? from, ulong? to) => LinksTo(trace, id, from, to).Any();

    private static IEnumerable<(int Row, int Link)> LinksTo(TraceView trace, TraceId id, ulong? from, ulong? to)
    {
        var spans = trace.Spans;
        for (var row = 0; row < spans.RowCount; row++)
        {
            if (spans.StartUnixNano[row] < from || spans.StartUnixNano[row] >= to) continue;
            for (var link = spans.LinkOffset[row]; link < spans.LinkOffset[row + 1]; link++)
            {
                if (spans.Links.TraceId[link] == id) yield return (row, link);
            }
        }
    }
}
