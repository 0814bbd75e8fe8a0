using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Query;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/search/distribution: the matches of a search, counted by time and duration (docs/api.md). Stateless.</summary>
internal static class DistributionEndpoint
{
    private const int StandardColumns = 120;
    private const int StandardPoints = 2000;

    private static readonly int[] RowsPerDoubling = [4, 1, 2, 8];

    internal static async Task<Problem?> AnswerAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var plan = SearchRequest.ReadFilter(query);
        var (from, to) = (query.UnixNano("axisFrom"), query.UnixNano("axisTo"));
        if (from >= to) query.Fail("axisFrom", "'axisFrom' is not before 'axisTo'.");
        var request = new DistributionRequest(
            from ?? query.UnixNano("from"),
            to ?? query.UnixNano("to"),
            query.Whole("columns", 1, DistributionRequest.MaxColumns, StandardColumns),
            RowsPerDoubling[query.OneOf("rows", "4", "1", "2", "8")],
            query.Whole("points", 0, DistributionRequest.MaxPoints, StandardPoints));
        if (query.Finish() is { } problem) return problem;

        var result = await store.GetDistributionAsync(plan, request, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        Write(answer.Writer, result);
        await answer.FinishAsync();
        return null;
    }

    private static void Write(Utf8JsonWriter json, TraceDistribution result)
    {
        json.WriteStartObject();
        json.WriteLong("firstUnixNano"u8, result.FirstUnixNano);
        json.WriteLong("columnNano"u8, result.ColumnNano);
        SearchWriter.WriteTotal(json, "total"u8, result.Total);
        SearchWriter.WriteTotal(json, "errorTraces"u8, result.ErrorTraces);
        json.WriteLong("p50Nano"u8, result.P50Nano);
        json.WriteLong("p95Nano"u8, result.P95Nano);
        json.WriteLong("p99Nano"u8, result.P99Nano);
        json.WriteLong("durationSumNano"u8, result.DurationSumNano);
        json.WriteLong("waitingSumNano"u8, result.WaitingSumNano);
        WriteCounts(json, "traces"u8, result.Traces);
        WriteCounts(json, "errors"u8, result.Errors);
        WriteEdges(json, "rowEdgesNano"u8, result.RowEdgesNano);
        WriteCells(json, result.Cells);
        json.WriteStartObject("histograms"u8);
        WriteHistogram(json, "duration"u8, result.Durations);
        WriteHistogram(json, "waiting"u8, result.Waits);
        json.WriteEndObject();
        WritePoints(json, result);
        SearchWriter.WriteTruncated(json, result.Truncated);
        json.WriteEndObject();
    }

    private static void WriteCells(Utf8JsonWriter json, IReadOnlyList<DistributionCell> cells)
    {
        json.WriteStartObject("cells"u8);
        WriteNumbers(json, "column"u8, cells, static c => c.Column);
        WriteNumbers(json, "row"u8, cells, static c => c.Row);
        WriteNumbers(json, "traces"u8, cells, static c => c.Traces);
        WriteNumbers(json, "errors"u8, cells, static c => c.Errors);
        json.WriteEndObject();
    }

    private static void WritePoints(Utf8JsonWriter json, TraceDistribution result)
    {
        if (result.Points is not { } points)
        {
            json.WriteNull("points"u8);
            return;
        }
        json.WriteStartObject("points"u8);
        json.WriteStartArray("traceId"u8);
        foreach (var point in points) json.WriteIdValue(point.TraceId);
        json.WriteEndArray();
        // A trace may start before the first column: a double holds the difference either way.
        json.WriteStartArray("start"u8);
        foreach (var point in points) json.WriteNumberValue((decimal)point.StartUnixNano - result.FirstUnixNano);
        json.WriteEndArray();
        json.WriteStartArray("duration"u8);
        foreach (var point in points) json.WriteNumberValue(point.DurationNano);
        json.WriteEndArray();
        json.WriteStartArray("errors"u8);
        foreach (var point in points) json.WriteNumberValue(point.Errors);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteHistogram(Utf8JsonWriter json, ReadOnlySpan<byte> name, TraceHistogram histogram)
    {
        json.WriteStartObject(name);
        WriteEdges(json, "edgesNano"u8, histogram.EdgesNano);
        WriteCounts(json, "traces"u8, histogram.Traces);
        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<long> counts) => WriteNumbers(json, name, counts, static n => n);

    private static void WriteNumbers<T>(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<T> values, Func<T, long> number)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteNumberValue(number(value));
        json.WriteEndArray();
    }

    private static void WriteEdges(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<ulong> edges)
    {
        json.WriteStartArray(name);
        foreach (var edge in edges) json.WriteLongValue(edge);
        json.WriteEndArray();
    }
}
