using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Metrics;
using Throughline.Engine.Query;
using Throughline.Server.Problems;
using Throughline.Server.Storage;

namespace Throughline.Server.Api.Native;

/// <summary>Metrics that services sent (docs/api.md): which there are, and their values over time. Stateless.</summary>
internal static class MetricEndpoints
{
    private const ulong HourNano = 3_600_000_000_000;
    private const double StandardQuantile = 0.95;
    private const int MaxNames = 64;
    private const int MaxSeries = 2000;

    private static readonly string[] Aggregations = [.. Enum.GetNames<MetricAggregation>().Select(static n => n.ToLowerInvariant())];

    internal static void Map(IEndpointRouteBuilder routes, StoreGate gate)
    {
        Get(routes, gate, "/api/v1/metrics", ListAsync);
        Get(routes, gate, "/api/v1/metrics/range", RangeAsync);
    }

    private static void Get(IEndpointRouteBuilder routes, StoreGate gate, string pattern, Func<HttpContext, MetricStore, Task<Problem?>> handler) =>
        NativeApi.Map(routes, pattern, ["GET"], context => gate.Find<MetricStore>() is { } store ? handler(context, store) : NativeApi.NotOpen(context));

    /// <summary>GET /api/v1/metrics.</summary>
    private static async Task<Problem?> ListAsync(HttpContext context, MetricStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var services = query.Many("service");
        var (from, to) = query.Range();
        if (query.Finish() is { } problem) return problem;

        var list = await store.ListAsync(services, from ?? 0, to ?? ulong.MaxValue, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("metrics"u8);
        foreach (var metric in list.Metrics)
        {
            json.WriteStartObject();
            WriteHead(json, metric.Service, metric.Name, metric.Unit, metric.Description, metric.Kind, metric.Traits);
            json.WriteNumber("series"u8, metric.Series);
            json.WriteLong("points"u8, metric.Points);
            json.WriteLong("firstUnixNano"u8, metric.FirstUnixNano);
            json.WriteLong("lastUnixNano"u8, metric.LastUnixNano);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        WriteTruncated(json, list.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>GET /api/v1/metrics/range.</summary>
    private static async Task<Problem?> RangeAsync(HttpContext context, MetricStore store)
    {
        if (ReadQuery(context, store, out var problem) is not { } asked) return problem;
        var range = await store.RangeAsync(asked, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteLong("fromUnixNano"u8, asked.FromUnixNano);
        json.WriteLong("toUnixNano"u8, asked.ToUnixNano);
        json.WriteLong("stepNano"u8, range.StepNano);
        json.WriteNumber("steps"u8, range.Steps);
        json.WriteStartArray("series"u8);
        foreach (var series in range.Series)
        {
            WriteSeries(json, series, range.Steps > 0);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        WriteTruncated(json, range.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    private static MetricRangeQuery? ReadQuery(HttpContext context, MetricStore store, out Problem? problem)
    {
        var query = new QueryReader(context.Request.Query);
        var names = query.Many("name");
        var services = query.Many("service");
        var where = query.Many("attribute").Select(a => Attribute(query, a)).ToArray();
        var (from, to) = query.Range();
        var step = query.Duration("step");
        var aggregation = (MetricAggregation)query.OneOf("aggregation", Aggregations);
        var quantile = Quantile(query, aggregation);
        var limit = query.Whole("limit", 1, MaxSeries, 500);
        if (names.Count == 0) query.Fail("name", "'name' is needed: the names of the metrics, each as a parameter of its own. GET /api/v1/metrics lists them.");
        if (names.Count > MaxNames) query.Fail("name", $"'name' is given {names.Count} times; at most {MaxNames} are taken.");
        if (step == 0) query.Fail("step", "'step' is longer than 0; leave it out for the points as they came.");
        var end = to ?? (store.GetStatistics().LatestUnixNano is { } latest && latest < ulong.MaxValue ? latest + 1 : ulong.MaxValue);
        var begin = from ?? (end > HourNano ? end - HourNano : 0);
        if (step > 0 && end > begin && (end - begin - 1) / step.Value >= MetricRangeQuery.MaxSteps)
            query.Fail("step", $"The range has more than {MetricRangeQuery.MaxSteps} steps; take a longer 'step' or a shorter range.");
        problem = query.Finish();
        return problem is not null ? null : new MetricRangeQuery
        {
            Names = [.. names], Services = [.. services], Where = where, FromUnixNano = begin, ToUnixNano = end, StepNano = step ?? 0, Aggregation = aggregation, Quantile = quantile, MaxSeries = limit,
        };
    }

    private static KeyValuePair<string, string> Attribute(QueryReader query, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0) return new(text[..equals], text[(equals + 1)..]);
        query.Fail("attribute", $"'attribute' is a key and a value such as hw.id=GPU-0, not '{text}'.");
        return default;
    }

    private static double Quantile(QueryReader query, MetricAggregation aggregation)
    {
        var text = query.Single("quantile");
        if (text is null) return StandardQuantile;
        if (aggregation != MetricAggregation.Quantile) query.Fail("quantile", "'quantile' is for aggregation=quantile.");
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quantile) && quantile is >= 0 and <= 1) return quantile;
        query.Fail("quantile", $"'quantile' is a number from 0 to 1, such as 0.95, not '{text}'.");
        return 0;
    }

    private static void WriteHead(Utf8JsonWriter json, string service, string name, string unit, string description, MetricKind kind, MetricTraits traits)
    {
        json.WriteString("service"u8, service);
        json.WriteString("name"u8, name);
        json.WriteString("unit"u8, unit);
        json.WriteString("description"u8, description);
        json.WriteString("kind"u8, KindName(kind));
        json.WriteBoolean("delta"u8, traits.HasFlag(MetricTraits.Delta));
        json.WriteBoolean("monotonic"u8, traits.HasFlag(MetricTraits.Monotonic));
    }

    private static void WriteSeries(Utf8JsonWriter json, MetricValues series, bool isInSteps)
    {
        var identity = series.Identity;
        json.WriteStartObject();
        WriteHead(json, identity.Service, identity.Name, identity.Unit, identity.Description, identity.Kind, identity.Traits);
        json.WriteString("scope"u8, identity.Scope);
        WritePairs(json, "attributes"u8, identity.Attributes);
        WritePairs(json, "resource"u8, identity.Resource);
        json.WriteStartArray("values"u8);
        // JSON has neither NaN nor infinity.
        foreach (var value in series.Values)
        {
            if (double.IsFinite(value)) json.WriteNumberValue(value);
            else json.WriteNullValue();
        }
        json.WriteEndArray();
        if (!isInSteps)
        {
            WriteTimes(json, "timeUnixNano"u8, series.TimeUnixNano);
            WriteTimes(json, "sinceUnixNano"u8, series.SinceUnixNano);
        }
        json.WriteEndObject();
    }

    private static void WritePairs(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<KeyValuePair<string, string>> pairs)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in pairs) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteTimes(Utf8JsonWriter json, ReadOnlySpan<byte> name, ulong[] times)
    {
        json.WriteStartArray(name);
        foreach (var time in times) json.WriteLongValue(time);
        json.WriteEndArray();
    }

    private static void WriteTruncated(Utf8JsonWriter json, string? message) => SearchWriter.WriteTruncated(json, message is null ? null : new Truncation("limit", message));

    private static string KindName(MetricKind kind) => kind switch
    {
        MetricKind.Gauge => "gauge",
        MetricKind.Sum => "sum",
        MetricKind.Histogram => "histogram",
        MetricKind.ExponentialHistogram => "exponentialHistogram",
        _ => "summary",
    };
}
