using Throughline.Engine;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/traces/{id}/linked-from: the spans of other traces that link to this one, the newest traces first. Stateless.</summary>
internal static class LinkedFromEndpoint
{
    internal static async Task<Problem?> ReadAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var (from, to) = query.Range();
        var limit = query.Whole("limit", 1, 500, 50);
        if (query.Finish() is { } wrong) return wrong;
        if (NativeApi.IdOf(context, out var id) is { } problem) return problem;
        if (await store.GetLinksToAsync(id, from, to, limit, context.RequestAborted) is not { } found) return NativeApi.NoSuch(id);

        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("links"u8);
        foreach (var link in found.Links)
        {
            json.WriteStartObject();
            json.WriteId("traceId"u8, link.TraceId);
            json.WriteSpanId("spanId"u8, link.SpanId.Value);
            json.WriteString("service"u8, link.Service);
            json.WriteString("name"u8, link.Name);
            json.WriteLong("startUnixNano"u8, link.StartUnixNano);
            json.WriteSpanId("toSpanId"u8, link.ToSpanId.Value);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        SearchWriter.WriteTotal(json, "traces"u8, found.Traces);
        SearchWriter.WriteTruncated(json, found.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }
}
