using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Query;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>What there is to filter by: keys, values, and the matches of a search by value (docs/api.md). Stateless.</summary>
internal static class FacetEndpoints
{
    private const int StandardValues = 20;

    /// <summary>GET /api/v1/keys.</summary>
    internal static async Task<Problem?> KeysAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var (from, to) = query.Range();
        var contains = query.Single("contains") ?? "";
        if (query.Finish() is { } problem) return problem;

        var keys = await store.GetKeysAsync(from, to, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("keys"u8);
        foreach (var key in keys)
        {
            if (!key.Key.Contains(contains, StringComparison.OrdinalIgnoreCase)) continue;
            json.WriteStartObject();
            json.WriteString("key"u8, key.Key);
            json.WriteString("scope"u8, key.IsResource ? "resource"u8 : "span"u8);
            json.WriteStartArray("types"u8);
            foreach (var type in key.Types) json.WriteStringValue(AttributeWriter.TypeName(type));
            json.WriteEndArray();
            if (key.Values is { } values) json.WriteLong("values"u8, values);
            else json.WriteNull("values"u8);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/values.</summary>
    internal static async Task<Problem?> ValuesAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var plan = SearchRequest.ReadFilter(query);
        var key = query.Single("key");
        var request = Request(query, key is null ? [] : [key]);
        if (query.Finish() is { } problem) return problem;
        if (key is null) return Missing("Name the key whose values you want: key=service, key=http.request.method.");

        var counts = await store.GetFacetsAsync(plan, request, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        WriteFacet(json, counts.Keys[0]);
        WriteEnd(json, counts);
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/facets.</summary>
    internal static async Task<Problem?> FacetsAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var plan = SearchRequest.ReadFilter(query);
        var keys = query.Many("key");
        var request = Request(query, keys);
        if (query.Finish() is { } problem) return problem;
        if (keys.Count is 0 or > FacetRequest.MaxKeys) return Missing($"Name 1 to {FacetRequest.MaxKeys} keys to count by: key=service&key=status.");

        var counts = await store.GetFacetsAsync(plan, request, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("facets"u8);
        foreach (var facet in counts.Keys)
        {
            json.WriteStartObject();
            WriteFacet(json, facet);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        WriteEnd(json, counts);
        await answer.FinishAsync();
        return null;
    }

    private static FacetRequest Request(QueryReader query, IReadOnlyList<string> keys) =>
        new(keys, query.Whole("limit", 1, FacetRequest.MaxValues, StandardValues), query.Single("contains") ?? "");

    private static Problem Missing(string detail) => new(StatusCodes.Status400BadRequest, detail, "key");

    private static void WriteFacet(Utf8JsonWriter json, Facet facet)
    {
        json.WriteString("key"u8, facet.Key);
        json.WriteStartArray("values"u8);
        foreach (var (text, traces) in facet.Values)
        {
            json.WriteStartObject();
            json.WriteString("value"u8, text);
            json.WriteNumber("traces"u8, traces);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        SearchWriter.WriteTotal(json, "distinct"u8, facet.Distinct);
    }

    private static void WriteEnd(Utf8JsonWriter json, FacetCounts counts)
    {
        SearchWriter.WriteTotal(json, "total"u8, counts.Total);
        SearchWriter.WriteTruncated(json, counts.Truncated);
        json.WriteEndObject();
    }
}
