using System.Globalization;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>
/// Compares our answers with what ClickHouse finds in the same rows, by statements of their own that are not measured: a fast wrong answer does not count. Each answers
/// what differs, or null. One caller at a time.
/// </summary>
internal sealed class AnswerChecks
{
    /// <summary>What our <c>error</c> means, as a condition on the exporter's columns.</summary>
    public const string IsError = "(StatusCode = 'Error' OR SpanAttributes['error'] = 'true')";

    private const string Sent = "otel.otel_traces";
    private const string Distinct = "otel.distinct_spans";

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    private readonly ClickHouseProcess _engine;
    private readonly string _rows;

    private AnswerChecks(ClickHouseProcess engine, string rows) => (_engine, _rows) = (engine, rows);

    /// <summary>
    /// Prepares the comparison. Where spans were sent twice, ClickHouse keeps both and we keep one: then its distinct rows are put into a table of their own, which only the
    /// comparison reads.
    /// </summary>
    public static async Task<AnswerChecks> CreateAsync(ClickHouseProcess engine)
    {
        if (await engine.ValueAsync($"SELECT count() = uniqExact(TraceId, SpanId) FROM {Sent}") == "1") return new AnswerChecks(engine, Sent);
        var create = $"CREATE TABLE {Distinct} ENGINE = MergeTree ORDER BY (ServiceName, SpanName, toDateTime(Timestamp)) AS SELECT DISTINCT * FROM {Sent}";
        await engine.AllAsync([$"DROP TABLE IF EXISTS {Distinct} SYNC", create], 1);
        return new AnswerChecks(engine, Distinct);
    }

    /// <summary>Spans, each once.</summary>
    public async Task<long> SpansAsync() => long.Parse(await _engine.ValueAsync($"SELECT count() FROM {_rows}"), CultureInfo.InvariantCulture);

    /// <summary>OTLP JSON of a trace: its spans, their durations and numbers of attributes.</summary>
    public async Task<string?> TraceAsync(string answer, string traceId)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        var ours = new List<string>();
        foreach (var resource in json.RootElement.GetProperty("resourceSpans").EnumerateArray())
        {
            foreach (var scope in resource.GetProperty("scopeSpans").EnumerateArray())
            {
                foreach (var span in scope.GetProperty("spans").EnumerateArray())
                {
                    var duration = ulong.Parse(Text(span, "endTimeUnixNano"), CultureInfo.InvariantCulture) - ulong.Parse(Text(span, "startTimeUnixNano"), CultureInfo.InvariantCulture);
                    var attributes = span.TryGetProperty("attributes", out var list) ? list.GetArrayLength() : 0;
                    ours.Add(string.Create(CultureInfo.InvariantCulture, $"{Text(span, "spanId")} {Text(span, "name")} {duration} {attributes}"));
                }
            }
        }
        return Sets("span, name, duration, attributes", ours, await _engine.RowsAsync($"SELECT SpanId, SpanName, Duration, length(SpanAttributes) FROM {_rows} WHERE TraceId = {traceId}"));
    }

    /// <summary>The page's columns of a trace: the ids of its spans.</summary>
    public async Task<string?> SpanIdsAsync(string answer, string traceId)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        var ours = json.RootElement.GetProperty("columns").GetProperty("spanId").EnumerateArray().Select(id => id.GetString() ?? "").ToList();
        return Sets("span", ours, await _engine.RowsAsync($"SELECT SpanId FROM {_rows} WHERE TraceId = {traceId}"));
    }

    /// <summary>A search: the traces in their order (by a value of the whole trace, ties by id), and how many there are.</summary>
    public async Task<string?> TopTracesAsync(string answer, string condition, bool byDuration, int limit)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        var ours = json.RootElement.GetProperty("traces").EnumerateArray().Select(trace => Text(trace, "traceId")).ToList();
        if (CutShort(json) is { } reason) return reason;
        var theirs = await _engine.RowsAsync($"SELECT TraceId, toUnixTimestamp64Nano(min(Timestamp)) AS Start, max(toUnixTimestamp64Nano(Timestamp) + Duration) - Start AS Length FROM {_rows} "
            + $"WHERE TraceId IN (SELECT TraceId FROM {_rows} WHERE {condition}) GROUP BY TraceId ORDER BY {(byDuration ? "Length" : "Start")} DESC, TraceId LIMIT {limit}");
        for (var i = 0; i < Math.Max(ours.Count, theirs.Count); i++)
        {
            var (our, their) = (i < ours.Count ? ours[i] : "none", i < theirs.Count ? theirs[i][0] : "none");
            if (our != their) return $"trace {i + 1} of the list: ours {our}, ClickHouse's {their}";
        }
        var total = json.RootElement.GetProperty("total");
        var (value, exact) = (total.GetProperty("value").GetInt64(), Text(total, "relation") == "exact");
        var count = long.Parse(await _engine.ValueAsync($"SELECT uniqExact(TraceId) FROM {_rows} WHERE {condition}"), CultureInfo.InvariantCulture);
        return exact && value != count || value > count || value < ours.Count ? $"number of traces: ours {(exact ? "exactly" : "at least")} {value}, ClickHouse's {count}" : null;
    }

    /// <summary>Services with their spans and errors.</summary>
    public async Task<string?> ServicesAsync(string answer)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        var ours = json.RootElement.GetProperty("services").EnumerateArray().Select(s => $"{Text(s, "name")} {Text(s, "spans")} {Text(s, "errors")}").ToList();
        return Sets("service, spans, errors", ours, await _engine.RowsAsync($"SELECT ServiceName, count(), countIf({IsError}) FROM {_rows} GROUP BY ServiceName"));
    }

    /// <summary>Operations with their kind, spans and errors.</summary>
    public async Task<string?> OperationsAsync(string answer)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        return Sets("service, operation, kind, spans, errors", [.. json.RootElement.GetProperty("operations").EnumerateArray().Select(Operation)],
            await _engine.RowsAsync($"SELECT ServiceName, SpanName, lower(SpanKind), count(), countIf({IsError}) FROM {_rows} GROUP BY ServiceName, SpanName, SpanKind"));
    }

    /// <summary>The same with quantiles of their durations, which may be off by 2 % of what the sorted durations allow.</summary>
    public async Task<string?> OperationFiguresAsync(string answer)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        if (CutShort(json) is { } reason) return reason;
        var ours = json.RootElement.GetProperty("operations").EnumerateArray().ToList();
        if (await OperationsAsync(answer) is { } difference) return difference;
        // A quantile between two spans may be said to be either, or anything between: the bounds are the spans around it.
        string[] shares = ["0.5", "0.95", "0.99"];
        var bounds = shares.Select(share => $"Sorted[greatest(1, toUInt64(floor((n - 1) * {share})))], Sorted[least(n, toUInt64(ceil(n * {share})) + 1)]");
        var theirs = (await _engine.RowsAsync($"SELECT ServiceName, SpanName, Kind, {string.Join(", ", bounds)} FROM (SELECT ServiceName, SpanName, lower(SpanKind) AS Kind, count() AS n, "
            + $"arraySort(groupArray(Duration)) AS Sorted FROM {_rows} GROUP BY ServiceName, SpanName, SpanKind)")).ToDictionary(row => $"{row[0]} {row[1]} {row[2]}");
        string? worst = null;
        var worstShare = 0.02;
        foreach (var operation in ours)
        {
            var name = $"{Text(operation, "service")} {Text(operation, "name")} {Text(operation, "kind")}";
            string[] fields = ["p50Nano", "p95Nano", "p99Nano"];
            for (var i = 0; i < fields.Length; i++)
            {
                var value = double.Parse(Text(operation, fields[i]), CultureInfo.InvariantCulture);
                var (low, high) = (double.Parse(theirs[name][3 + 2 * i], CultureInfo.InvariantCulture), double.Parse(theirs[name][4 + 2 * i], CultureInfo.InvariantCulture));
                var off = value < low ? (low - value) / low : value > high ? (value - high) / Math.Max(high, 1) : 0;
                if (off > worstShare) (worst, worstShare) = (string.Create(CultureInfo.InvariantCulture, $"{fields[i]} of {name}: ours {value:0}, by the sorted durations {low:0} to {high:0}"), off);
            }
        }
        return worst;
    }

    /// <summary>Spans a minute by service.</summary>
    public async Task<string?> RatesAsync(string answer, ulong from, ulong to)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        if (CutShort(json) is { } reason) return reason;
        var ours = new List<string>();
        foreach (var series in json.RootElement.GetProperty("series").EnumerateArray())
        {
            var step = 0;
            foreach (var spans in series.GetProperty("spans").EnumerateArray())
            {
                if (Text(spans) != "0") ours.Add($"{step} {Text(series, "service")} {Text(spans)}");
                step++;
            }
        }
        return Sets("minute, service, spans", ours, await _engine.RowsAsync($"SELECT intDiv(toUnixTimestamp64Nano(Timestamp) - {from}, 60000000000) AS Minute, ServiceName, count() FROM {_rows} "
            + $"WHERE Timestamp >= fromUnixTimestamp64Nano({from}) AND Timestamp < fromUnixTimestamp64Nano({to}) GROUP BY Minute, ServiceName"));
    }

    /// <summary>Which service calls which, how often, with how many errors.</summary>
    public async Task<string?> EdgesAsync(string answer)
    {
        using var json = JsonDocument.Parse(answer, Deep);
        if (CutShort(json) is { } reason) return reason;
        var ours = json.RootElement.GetProperty("edges").EnumerateArray().Select(edge => $"{Text(edge, "parent")} {Text(edge, "child")} {Text(edge, "calls")} {Text(edge, "errors")}").ToList();
        return Sets("caller, callee, calls, errors", ours, await _engine.RowsAsync(
            $"SELECT p.ServiceName AS Caller, c.ServiceName AS Callee, count(), sum(c.Failed) FROM (SELECT TraceId, ParentSpanId, ServiceName, {IsError} AS Failed FROM {_rows}) AS c "
            + $"INNER JOIN {_rows} AS p ON c.TraceId = p.TraceId AND c.ParentSpanId = p.SpanId WHERE Caller != Callee GROUP BY Caller, Callee"));
    }

    private static string? CutShort(JsonDocument answer) => answer.RootElement.GetProperty("truncated") is { ValueKind: not JsonValueKind.Null } reason ? $"the query was cut short: {reason}" : null;

    private static string Operation(JsonElement operation) =>
        $"{Text(operation, "service")} {Text(operation, "name")} {Text(operation, "kind")} {Text(operation, "spans")} {Text(operation, "errors")}";

    /// <summary>A string, or a number as it is written.</summary>
    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText();

    private static string Text(JsonElement parent, string name) => Text(parent.GetProperty(name));

    private static string? Sets(string what, List<string> ours, List<string[]> rows)
    {
        var theirs = rows.Select(row => string.Join(' ', row)).ToHashSet(StringComparer.Ordinal);
        var (onlyOurs, missing) = (ours.Where(row => !theirs.Contains(row)).ToList(), theirs.Except(ours, StringComparer.Ordinal).ToList());
        if (onlyOurs.Count == 0 && missing.Count == 0 && ours.Count == rows.Count) return null;
        return $"{what}: ours {ours.Count} rows, ClickHouse's {rows.Count}; only ours: {Some(onlyOurs)}; only ClickHouse's: {Some(missing)}";
    }

    private static string Some(List<string> rows) => rows.Count == 0 ? "none" : $"{rows.Count}, as ({string.Join("), (", rows.Take(3))})";
}
