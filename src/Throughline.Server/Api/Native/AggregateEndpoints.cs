using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Query;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>Rates, errors, durations and dependencies (docs/api.md). Stateless.</summary>
internal static class AggregateEndpoints
{
    private const ulong MinuteNano = 60_000_000_000;
    private const ulong HourNano = 60 * MinuteNano;

    /// <summary>GET /api/v1/red/operations.</summary>
    internal static async Task<Problem?> RedOperationsAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var services = query.Many("service");
        var (from, to) = query.Range();
        if (query.Finish() is { } problem) return problem;

        var result = await store.GetRedOperationsAsync(services, from, to, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("operations"u8);
        foreach (var operation in result.Operations)
        {
            json.WriteStartObject();
            json.WriteString("service"u8, operation.Service);
            json.WriteString("name"u8, operation.Name);
            json.WriteString("kind"u8, JsonFields.KindName(operation.Kind));
            json.WriteLong("spans"u8, operation.Spans);
            json.WriteLong("errors"u8, operation.Errors);
            json.WriteLong("p50Nano"u8, operation.P50Nano);
            json.WriteLong("p95Nano"u8, operation.P95Nano);
            json.WriteLong("p99Nano"u8, operation.P99Nano);
            json.WriteLong("totalNano"u8, operation.TotalNano);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteBoolean("estimated"u8, result.IsEstimated);
        SearchWriter.WriteTruncated(json, result.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/red/series.</summary>
    internal static async Task<Problem?> RedSeriesAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var services = query.Many("service");
        var (from, to) = query.Range();
        query.OneOf("by", "service");
        var (begin, end, step) = Steps(query, store, from, to, ISpanSource.MaxSteps);
        if (query.Finish() is { } problem) return problem;

        var series = await store.GetRedSeriesAsync(services, begin, end, step, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteLong("firstUnixNano"u8, series.FirstUnixNano);
        json.WriteLong("stepNano"u8, series.StepNano);
        json.WriteNumber("steps"u8, series.Steps);
        json.WriteStartArray("series"u8);
        foreach (var service in series.Services)
        {
            json.WriteStartObject();
            json.WriteString("service"u8, service.Service);
            WriteCounts(json, "spans"u8, service.Spans);
            WriteCounts(json, "errors"u8, service.Errors);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteBoolean("estimated"u8, series.IsEstimated);
        SearchWriter.WriteTruncated(json, series.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>The range and the length of a step; a range that is open ends with the newest span, and begins an hour before its end.</summary>
    internal static (ulong Begin, ulong End, ulong Step) Steps(QueryReader query, TraceStore store, ulong? from, ulong? to, int most)
    {
        var step = query.Duration("step") ?? MinuteNano;
        if (step == 0) query.Fail("step", "'step' is longer than 0.");
        var end = to ?? (store.GetStatistics().LatestStartUnixNano is { } latest && latest < ulong.MaxValue ? latest + 1 : ulong.MaxValue);
        var begin = from ?? (end > HourNano ? end - HourNano : 0);
        if (step > 0 && end > begin && ((end - 1) / step) - (begin / step) >= (ulong)most)
            query.Fail("step", $"The range has more than {most} steps; take a longer 'step' or a shorter range.");
        return (begin, end, step);
    }

    /// <summary>GET /api/v1/dependencies.</summary>
    internal static async Task<Problem?> DependenciesAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var (from, to) = query.Range();
        var withLatency = query.OneOf("latency", "false", "true") == 1;
        if (query.Finish() is { } problem) return problem;
        if (withLatency) return await LatencyEndpoints.CallsAsync(context, store, from, to);

        var result = await store.GetDependenciesAsync(from, to, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("edges"u8);
        foreach (var edge in result.Edges)
        {
            json.WriteStartObject();
            json.WriteString("parent"u8, edge.Parent);
            json.WriteString("child"u8, edge.Child);
            json.WriteLong("calls"u8, edge.Calls);
            json.WriteLong("errors"u8, edge.Errors);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteBoolean("estimated"u8, result.IsEstimated);
        SearchWriter.WriteTruncated(json, result.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    internal static void WriteCounts(Utf8JsonWriter json, ReadOnlySpan<byte> name, long[] counts)
    {
        json.WriteStartArray(name);
        foreach (var count in counts) json.WriteNumberValue(count);
        json.WriteEndArray();
    }
}
