using System.Globalization;
using System.Text.Json;
using Throughline.Engine;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>Durations over time and between services (docs/api.md), for which every span of the range is looked at. Stateless.</summary>
internal static class LatencyEndpoints
{
    /// <summary>Names that one series may be asked for, and steps that it may have: a histogram is kept for each step of each operation.</summary>
    private const int MaxNames = 32;

    private const int MaxSteps = 500;

    /// <summary>GET /api/v1/red/operations/series.</summary>
    internal static async Task<Problem?> SeriesAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var services = query.Many("service");
        var names = query.Many("operation");
        var (from, to) = query.Range();
        if (names.Count == 0) query.Fail("operation", "'operation' is needed: the names of the operations, each as a parameter of its own.");
        if (names.Count > MaxNames) query.Fail("operation", $"'operation' is given {names.Count} times; at most {MaxNames} are taken.");
        var (begin, end, step) = AggregateEndpoints.Steps(query, store, from, to, MaxSteps);
        if (query.Finish() is { } problem) return problem;

        var series = await store.GetOperationSeriesAsync(services, names, begin, end, step, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteLong("firstUnixNano"u8, series.FirstUnixNano);
        json.WriteLong("stepNano"u8, series.StepNano);
        json.WriteNumber("steps"u8, series.Steps);
        json.WriteStartArray("operations"u8);
        foreach (var operation in series.Operations)
        {
            json.WriteStartObject();
            json.WriteString("service"u8, operation.Service);
            json.WriteString("name"u8, operation.Name);
            json.WriteString("kind"u8, JsonFields.KindName(operation.Kind));
            AggregateEndpoints.WriteCounts(json, "spans"u8, operation.Spans);
            AggregateEndpoints.WriteCounts(json, "errors"u8, operation.Errors);
            WriteNanos(json, "p50Nano"u8, operation.P50Nano);
            WriteNanos(json, "p95Nano"u8, operation.P95Nano);
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

    /// <summary>GET /api/v1/dependencies with latency=true.</summary>
    internal static async Task<Problem?> CallsAsync(HttpContext context, TraceStore store, ulong? from, ulong? to)
    {
        var result = await store.GetCallLatenciesAsync(from, to, context.RequestAborted);
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
            json.WriteLong("p50Nano"u8, edge.P50Nano);
            json.WriteLong("p95Nano"u8, edge.P95Nano);
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

    /// <summary>Durations as strings, as everywhere but in the columns of a trace.</summary>
    private static void WriteNanos(Utf8JsonWriter json, ReadOnlySpan<byte> name, ulong[] nanos)
    {
        json.WriteStartArray(name);
        foreach (var value in nanos) json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        json.WriteEndArray();
    }
}
