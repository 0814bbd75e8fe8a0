using Throughline.Engine.Logs;
using Throughline.Engine.Query;
using Throughline.Server.Problems;
using LogLevel = Throughline.Engine.Logs.LogLevel;

namespace Throughline.Server.Api.Native;

/// <summary>Log records: search, counts over time, keys, values, services (docs/api.md). Stateless.</summary>
internal static class LogEndpoints
{
    private const int StandardSteps = 120;
    private const int MaxSteps = 1000;
    private const int StandardValues = 20;
    private const int MaxValues = 1000;
    private const int StandardKeys = 1000;
    private const int MaxKeys = 10_000;

    /// <summary>GET /api/v1/logs.</summary>
    internal static async Task<Problem?> SearchAsync(HttpContext context, ILogSource logs)
    {
        if (LogRequest.Read(context.Request.Query, out var problem) is not { } plan) return problem;
        var page = await logs.SearchAsync(plan, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        var writer = new LogWriter(json);
        json.WriteStartObject();
        json.WriteStartArray("entries"u8);
        foreach (var entry in page.Entries)
        {
            writer.Entry(entry);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        writer.Owners();
        SearchWriter.WriteTotal(json, "total"u8, page.Total);
        json.WriteLong("lastSequence"u8, page.LastSequence);
        json.WriteText("nextCursor"u8, LogRequest.Encode(page.Next, SearchRequest.HashOf(context.Request.Query)));
        SearchWriter.WriteTruncated(json, page.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/logs/histogram.</summary>
    internal static async Task<Problem?> HistogramAsync(HttpContext context, ILogSource logs)
    {
        var query = new QueryReader(context.Request.Query);
        var plan = LogRequest.ReadFilter(query);
        var steps = query.Whole("steps", 1, MaxSteps, StandardSteps);
        if (query.Finish() is { } problem) return problem;

        var histogram = await logs.GetHistogramAsync(plan, steps, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteLong("fromUnixNano"u8, histogram.FromUnixNano);
        json.WriteLong("stepNano"u8, histogram.StepNano);
        json.WriteStartObject("levels"u8);
        foreach (var level in Enum.GetValues<LogLevel>())
        {
            json.WriteStartArray(LogFilterText.NameOf(level));
            foreach (var step in histogram.Steps) json.WriteNumberValue(step[(int)level]);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        SearchWriter.WriteTotal(json, "total"u8, histogram.Total);
        SearchWriter.WriteTruncated(json, histogram.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/logs/values.</summary>
    internal static async Task<Problem?> ValuesAsync(HttpContext context, ILogSource logs)
    {
        var query = new QueryReader(context.Request.Query);
        var plan = LogRequest.ReadFilter(query);
        var key = query.Single("key");
        var (limit, contains) = (query.Whole("limit", 1, MaxValues, StandardValues), query.Single("contains") ?? "");
        if (query.Finish() is { } problem) return problem;
        if (key is null) return new Problem(StatusCodes.Status400BadRequest, "Name the key whose values you want: key=service, key=level, key=camera.name.", "key");

        var values = await logs.GetValuesAsync(plan, key, limit, contains, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteString("key"u8, values.Key);
        json.WriteStartArray("values"u8);
        foreach (var value in values.Values)
        {
            json.WriteStartObject();
            json.WriteString("value"u8, value.Text);
            json.WriteNumber("entries"u8, value.Entries);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        SearchWriter.WriteTotal(json, "distinct"u8, values.Distinct);
        SearchWriter.WriteTruncated(json, values.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/logs/keys.</summary>
    internal static async Task<Problem?> KeysAsync(HttpContext context, ILogSource logs)
    {
        var query = new QueryReader(context.Request.Query);
        var (from, to) = query.Range();
        var contains = query.Single("contains") ?? "";
        var limit = query.Whole("limit", 1, MaxKeys, StandardKeys);
        if (query.Finish() is { } problem) return problem;

        var stored = await logs.GetKeysAsync(from, to, context.RequestAborted);
        var matching = stored.Keys.Where(key => key.Key.Contains(contains, StringComparison.OrdinalIgnoreCase)).ToList();
        // Of too many the commonest are given; resources' keys, of which there are few, before those of entries that hardly any has.
        var keys = matching.Count <= limit ? matching : [.. matching.OrderByDescending(static key => key.IsResource ? int.MaxValue : key.Parts).ThenBy(static key => key.Key, StringComparer.Ordinal).Take(limit)
            .OrderBy(static key => key.IsResource).ThenBy(static key => key.Key, StringComparer.Ordinal)];
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("keys"u8);
        foreach (var key in keys)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, key.Key);
            json.WriteString("scope"u8, key.IsResource ? "resource"u8 : "log"u8);
            json.WriteStartArray("types"u8);
            foreach (var type in key.Types) json.WriteStringValue(AttributeWriter.TypeName(type));
            json.WriteEndArray();
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        SearchWriter.WriteTotal(json, "total"u8, new Total(matching.Count, stored.Truncated is null));
        SearchWriter.WriteTruncated(json, stored.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/logs/services.</summary>
    internal static async Task<Problem?> ServicesAsync(HttpContext context, ILogSource logs)
    {
        var query = new QueryReader(context.Request.Query);
        var (from, to) = query.Range();
        if (query.Finish() is { } problem) return problem;

        var stored = await logs.GetServicesAsync(from, to, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("services"u8);
        foreach (var service in stored.Services)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, service.Name);
            json.WriteLong("entries"u8, service.Entries);
            json.WriteLong("errors"u8, service.Errors);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        SearchWriter.WriteTruncated(json, stored.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }
}
