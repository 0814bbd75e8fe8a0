using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>The queries of the store's table, with the values of a sample. Stateless.</summary>
internal static class StoreQueries
{
    private const string Row = "Timestamp, TraceId, SpanId, ServiceName, SpanName, Duration";

    /// <summary>All of them. <paramref name="totals"/> is what searches are asked to count: <c>atLeast</c> lets them stop early.</summary>
    public static List<StoreQuery> All(WorkloadSample sample, string totals) =>
        [.. Traces(sample), .. Searches(sample, totals), .. Aggregates(sample), .. Names()];

    private static IEnumerable<StoreQuery> Traces(WorkloadSample sample)
    {
        var id = Literal(sample.TraceId);
        var all = $"SELECT * FROM otel.otel_traces WHERE TraceId = {id}";
        var byTime = $"WITH (SELECT min(Start) FROM otel.otel_traces_trace_id_ts WHERE TraceId = {id}) AS first, (SELECT max(End) + 1 FROM otel.otel_traces_trace_id_ts WHERE TraceId = {id}) AS last "
            + $"{all} AND Timestamp >= first AND Timestamp <= last";
        yield return new("trace by id, all columns", 1, $"/api/v1/traces/{sample.TraceId}?format=otlp", byTime, (answer, checks) => checks.TraceAsync(answer, id));
        yield return new("trace by id, what the page draws (ClickHouse: all columns, without its table of times)", 1, $"/api/v1/traces/{sample.TraceId}", all,
            (answer, checks) => checks.SpanIdsAsync(answer, id));
    }

    private static IEnumerable<StoreQuery> Searches(WorkloadSample sample, string totals)
    {
        var count = totals.Length == 0 ? "" : $"&total={totals}";
        var ((from, to), (service, operation)) = (sample.LastHour, sample.ServiceAndOperation);
        yield return Search("newest 20 of a service and operation, last hour", 2,
            $"service={Uri.EscapeDataString(service)}&operation={Uri.EscapeDataString(operation)}&from={from}&to={to}&limit=20{count}",
            $"ServiceName = {Literal(service)} AND SpanName = {Literal(operation)} AND {Between(from, to)}", "Timestamp", 20);
        yield return Search("camera.name = value and duration >= 100 ms, top 20 by duration over all", 8,
            $"q={Filter($"camera.name={sample.Camera} span.duration>=100ms")}&order=duration&limit=20{count}",
            $"SpanAttributes['camera.name'] = {Literal(sample.Camera)} AND Duration >= 100000000", "Duration", 20);
        yield return Search("attribute needle (one batch.id)", 3, $"q={Filter($"batch.id={sample.BatchId}")}&limit=20{count}",
            $"SpanAttributes['batch.id'] = {Literal(sample.BatchId)}", "Timestamp", 20);
        yield return Search("errors of a service, newest 100", 4, $"service={Uri.EscapeDataString(sample.ErrorService)}&status=error&limit=100{count}",
            $"ServiceName = {Literal(sample.ErrorService)} AND StatusCode = 'Error'", "Timestamp", 100,
            $"ServiceName = {Literal(sample.ErrorService)} AND {AnswerChecks.IsError}");
        yield return Search("substring of url.full, newest 20", 30, $"q={Filter($"url.full~{sample.UrlPart}")}&limit=20{count}",
            $"SpanAttributes['url.full'] LIKE {Literal($"%{LikeText(sample.UrlPart)}%")}", "Timestamp", 20);
    }

    /// <param name="same">What our search means, where the statement that is measured asks for less.</param>
    private static StoreQuery Search(string name, double goal, string parameters, string condition, string order, int limit, string? same = null) =>
        new(name, goal, $"/api/v1/search?{parameters}", $"SELECT {Row} FROM otel.otel_traces WHERE {condition} ORDER BY {order} DESC LIMIT {limit}",
            (answer, checks) => checks.TopTracesAsync(answer, same ?? condition, order == "Duration", limit));

    private static IEnumerable<StoreQuery> Aggregates(WorkloadSample sample)
    {
        var (from, to) = sample.LastHourInMinutes;
        yield return new("p50/p95/p99 by service and operation over all", 10, "/api/v1/red/operations",
            "SELECT ServiceName, SpanName, SpanKind, count(), countIf(StatusCode = 'Error'), quantiles(0.5, 0.95, 0.99)(Duration) FROM otel.otel_traces GROUP BY ServiceName, SpanName, SpanKind",
            (answer, checks) => checks.OperationFiguresAsync(answer));
        yield return new("rate per minute by service, 1 hour", 3, $"/api/v1/red/series?from={from}&to={to}&step=60s&by=service",
            $"SELECT toStartOfMinute(Timestamp) AS Minute, ServiceName, count() FROM otel.otel_traces WHERE {Between(from, to)} GROUP BY Minute, ServiceName ORDER BY Minute, ServiceName",
            (answer, checks) => checks.RatesAsync(answer, from, to));
        yield return new("dependency edges over all", 10, "/api/v1/dependencies",
            "SELECT p.ServiceName AS Caller, c.ServiceName AS Callee, count(), countIf(c.StatusCode = 'Error') FROM otel.otel_traces AS c "
            + "INNER JOIN otel.otel_traces AS p ON c.TraceId = p.TraceId AND c.ParentSpanId = p.SpanId WHERE Caller != Callee GROUP BY Caller, Callee",
            (answer, checks) => checks.EdgesAsync(answer));
    }

    private static IEnumerable<StoreQuery> Names()
    {
        yield return new("services with their spans", 1, "/api/v1/services", "SELECT ServiceName, count() FROM otel.otel_traces GROUP BY ServiceName", (answer, checks) => checks.ServicesAsync(answer));
        yield return new("services (ClickHouse: names only)", null, "/api/v1/services", "SELECT DISTINCT ServiceName FROM otel.otel_traces", (answer, checks) => checks.ServicesAsync(answer));
        yield return new("operations with their spans", 1, "/api/v1/operations",
            "SELECT ServiceName, SpanName, SpanKind, count() FROM otel.otel_traces GROUP BY ServiceName, SpanName, SpanKind", (answer, checks) => checks.OperationsAsync(answer));
        yield return new("operations (ClickHouse: names only)", null, "/api/v1/operations", "SELECT DISTINCT ServiceName, SpanName FROM otel.otel_traces", (answer, checks) => checks.OperationsAsync(answer));
    }

    private static string Filter(string text) => Uri.EscapeDataString(text);

    private static string Between(ulong from, ulong to) =>
        string.Create(CultureInfo.InvariantCulture, $"Timestamp >= fromUnixTimestamp64Nano({from}) AND Timestamp < fromUnixTimestamp64Nano({to})");

    private static string Literal(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    private static string LikeText(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}
