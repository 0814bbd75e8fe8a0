using System.Globalization;
using Microsoft.Net.Http.Headers;
using Throughline.Engine.Model;
using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.Problems;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;

namespace Throughline.Server.Api.Prometheus;

/// <summary>
/// GET /metrics: the server's own figures, and rates, errors and durations of what it was sent, for Prometheus to read (docs/operations.md). In Prometheus' text format, or in OpenMetrics with
/// exemplars where Accept asks for it. One per server; thread safe.
/// </summary>
public sealed class MetricsEndpoint(StoreGate gate, IngestCounters counters, RedCounters red, RequestCounters requests, ForwardGate forward, HealthWatch health)
{
    private const string OpenMetricsType = "application/openmetrics-text";

    /// <summary>Bytes after which a part is sent.</summary>
    private const int PartBytes = 64 << 10;

    /// <summary>Maps the route.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.Map("/metrics", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await new Problem(StatusCodes.Status405MethodNotAllowed, $"/metrics is read by GET, not by {context.Request.Method}.").WriteAsync(context);
            return;
        }
        var isOpenMetrics = WantsOpenMetrics(context.Request);
        var response = context.Response;
        response.ContentType = isOpenMetrics ? $"{OpenMetricsType}; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Accept";
        if (HttpMethods.IsHead(context.Request.Method)) return;

        var text = new ExpositionWriter(response.BodyWriter, isOpenMetrics);
        OwnFigures.WriteIngest(text, counters);
        OwnFigures.WriteStore(text, gate.Store?.GetStatistics());
        OwnFigures.WriteSignals(text, gate.Signals);
        OwnFigures.WriteForwarding(text, forward.Forwarder?.Status);
        OwnFigures.WriteHealth(text, health.State);
        OwnFigures.WriteRequests(text, requests);
        OwnFigures.WriteProcess(text, counters);
        await WriteRedAsync(context, text);
        text.End();
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Under the names that Tempo's metrics generator gives them, which Grafana's dashboards and its Tempo data source look for.</summary>
    private async Task WriteRedAsync(HttpContext context, ExpositionWriter text)
    {
        var figures = red.Read();
        text.Gauge("throughline_red_operations", "Combinations of service, operation, kind and status that the figures below tell apart.", figures.Count);
        text.Gauge("throughline_red_operations_limit", "How many of them there may be (--red-max-operations).", red.MaxOperations);
        text.Counter("throughline_red_spans_over_limit", "Spans of combinations beyond the limit (--red-max-operations), which the figures below lack, for as many as they stand for.", red.SpansOverLimit);

        text.Counters("traces_spanmetrics_calls", "Spans that were stored since the start, by service, operation, kind and status; a sampled one counts for as many as its trace state says that it stands for.");
        foreach (var row in figures) text.Sample(row.Counts.Sum(), ("service", row.Service), ("span_name", row.Name), ("span_kind", KindName(row.Kind)), ("status_code", StatusName(row.Status)));
        text.Histograms("traces_spanmetrics_latency", "Durations of those spans in seconds, counted alike.");
        foreach (var row in figures)
        {
            text.Histogram(row.Counts, row.Seconds, row.Exemplars, ("service", row.Service), ("span_name", row.Name), ("span_kind", KindName(row.Kind)), ("status_code", StatusName(row.Status)));
            if (context.Response.BodyWriter.UnflushedBytes > PartBytes) await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>OpenMetrics is given where it is named and not liked less than plain text.</summary>
    private static bool WantsOpenMetrics(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out var accepted)) return false;
        var open = accepted.FirstOrDefault(static a => a.MediaType.Equals(OpenMetricsType, StringComparison.OrdinalIgnoreCase));
        if (open is null || open.Quality == 0) return false;
        var plain = accepted.FirstOrDefault(static a => a.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase));
        return plain is null || (plain.Quality ?? 1) <= (open.Quality ?? 1);
    }

    private static string KindName(int kind) => (SpanKind)kind switch
    {
        SpanKind.Unspecified => "SPAN_KIND_UNSPECIFIED",
        SpanKind.Internal => "SPAN_KIND_INTERNAL",
        SpanKind.Server => "SPAN_KIND_SERVER",
        SpanKind.Client => "SPAN_KIND_CLIENT",
        SpanKind.Producer => "SPAN_KIND_PRODUCER",
        SpanKind.Consumer => "SPAN_KIND_CONSUMER",
        _ => kind.ToString(CultureInfo.InvariantCulture),
    };

    private static string StatusName(int status) => (SpanStatusCode)status switch
    {
        SpanStatusCode.Unset => "STATUS_CODE_UNSET",
        SpanStatusCode.Ok => "STATUS_CODE_OK",
        SpanStatusCode.Error => "STATUS_CODE_ERROR",
        _ => status.ToString(CultureInfo.InvariantCulture),
    };
}
