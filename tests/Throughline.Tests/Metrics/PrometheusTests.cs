using System.Net;
using System.Net.Http.Headers;
using Throughline.Tests.Server;

namespace Throughline.Tests.Metrics;

/// <summary>GET /metrics of a real server, read by the formats' own rules.</summary>
public sealed class PrometheusTests
{
    private const string OpenMetrics = "application/openmetrics-text";

    [Theory]
    [InlineData(null, "text/plain", "0.0.4")]
    [InlineData("text/plain", "text/plain", "0.0.4")]
    [InlineData("text/plain;q=1,application/openmetrics-text;q=0.5", "text/plain", "0.0.4")]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OpenMetrics, "1.0.0")]
    public async Task TheFormatIsTheOneThatAcceptAsksFor(string? accept, string type, string version)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (text, content) = await ReadAsync(server, accept);
        Assert.Equal(type, content?.MediaType);
        Assert.Contains(content?.Parameters ?? [], p => p.Name == "version" && p.Value == version);
        Assert.Equal(1, text.Value("throughline_store_open"));
        Assert.True(text.Value("process_resident_memory_bytes") > 1 << 20);
        Assert.True(text.Value("process_cpu_seconds_total") > 0);
    }

    [Fact]
    public async Task SpansAreCountedByServiceOperationKindAndStatusWithExemplars()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("detector",
            Export.Span(Export.Trace(1), Export.Id(1), "detect", ms: 8, more: "\"kind\":2"), Export.Span(Export.Trace(2), Export.Id(2), "detect", ms: 9, more: "\"kind\":2"),
            Export.Span(Export.Trace(3), Export.Id(3), "detect", ms: 700_000, more: "\"kind\":2"),
            Export.Span(Export.Trace(4), Export.Id(4), "detect", ms: 20, more: "\"kind\":2,\"status\":{\"code\":2}")));
        await server.StoreAsync(Export.Json("detector", Export.Span(Export.Trace(5), Export.Id(5), "detect", ms: 10, more: "\"kind\":2")));

        var (text, _) = await ReadAsync(server, OpenMetrics);
        (string, string)[] good = [("service", "detector"), ("span_name", "detect"), ("span_kind", "SPAN_KIND_SERVER"), ("status_code", "STATUS_CODE_UNSET")];
        Assert.Equal(4, text.Value("traces_spanmetrics_calls_total", good));
        Assert.Equal(1, text.Value("traces_spanmetrics_calls_total", ("span_name", "detect"), ("status_code", "STATUS_CODE_ERROR")));
        // A bound belongs to its bucket: the span of exactly 10 ms, which came last, is its exemplar.
        var bucket = text.Find("traces_spanmetrics_latency_bucket", [.. good, ("le", "0.01")]);
        Assert.Equal(3, bucket.Value);
        Assert.Equal(Export.Trace(5), bucket.Exemplar?.Labels["trace_id"]);
        Assert.Equal(Export.Id(5), bucket.Exemplar?.Labels["span_id"]);
        Assert.Equal(0.01, bucket.Exemplar?.Value);
        Assert.Equal(Export.BaseNano / 1_000_000_000 + 0.01, bucket.Exemplar?.Seconds ?? 0, 1e-6);
        Assert.Equal(Export.Trace(3), text.Find("traces_spanmetrics_latency_bucket", [.. good, ("le", "+Inf")]).Exemplar?.Labels["trace_id"]);
        Assert.Equal(700.027, text.Value("traces_spanmetrics_latency_sum", good), 1e-9);

        // The plain format has the same figures and no exemplars, which it does not know.
        var (plain, _) = await ReadAsync(server, null);
        Assert.Equal(4, plain.Value("traces_spanmetrics_calls_total", good));
        Assert.All(plain.Samples, s => Assert.Null(s.Exemplar));
        Assert.Equal(5, plain.Value("throughline_ingest_items_total", ("signal", "traces")));
        Assert.Equal(2, plain.Value("throughline_ingest_requests_total", ("signal", "traces")));
    }

    [Fact]
    public async Task ASampledSpanCountsForAsManyAsItsTraceStateSays()
    {
        await using var server = await ServerUnderTest.StartAsync();
        // th:8 is a half, th:c a quarter, th:5 eleven sixteenths; rv alone says nothing of a share.
        string[] states = ["ot=th:8", "ot=th:c;rv:ffffffffffffff", "vendor=x,ot=th:5", "ot=rv:ffffffffffffff", ""];
        await server.StoreAsync(Export.Json("s", [.. states.Select((state, i) => Export.Span(Export.Trace(i + 1), Export.Id(i + 1), "op", ms: i < 3 ? 8 : 200, more: $"\"traceState\":\"{state}\""))]));
        var (text, _) = await ReadAsync(server, OpenMetrics);
        // 2 + 4 + 16/11, and two that stand for themselves.
        Assert.Equal(9, text.Value("traces_spanmetrics_calls_total"));
        Assert.Equal(7, text.Value("traces_spanmetrics_latency_bucket", ("le", "0.01")));
        Assert.Equal(9, text.Value("traces_spanmetrics_latency_bucket", ("le", "+Inf")));
        Assert.Equal((6 + (16.0 / 11)) * 0.008 + 0.4, text.Value("traces_spanmetrics_latency_sum"), 1e-9);
        Assert.Equal(5, text.Value("throughline_ingest_items_total", ("signal", "traces")));
    }

    [Fact]
    public async Task TheStoresOfAllSignalsAndTheHealthHaveTheirFigures()
    {
        await using var server = await ServerUnderTest.StartAsync(files: new Server.Health.RoomyFileSystem(new Engine.Files.DiskFileSystem()));
        using (var content = new ByteArrayContent(MetricRequests.Bytes("svc", MetricRequests.Gauge("g", MetricRequests.Point(1, 1), MetricRequests.Point(2, 2)))))
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            using (await server.Otlp.PostAsync("/v1/metrics", content)) { }
        }
        foreach (var accept in new[] { OpenMetrics, null })
        {
            var (text, _) = await ReadAsync(server, accept);
            Assert.Equal(2, text.Value("throughline_signal_store_items", ("signal", "metrics")));
            Assert.Equal(0, text.Value("throughline_signal_store_items", ("signal", "logs")));
            Assert.Equal(0, text.Value("throughline_signal_store_problems", ("signal", "profiles")));
            Assert.Equal(0, text.Value("throughline_read_only"));
            Assert.True(text.Value("throughline_disk_free_bytes") > 0);
            Assert.DoesNotContain(text.Samples, static sample => sample.Name.StartsWith("throughline_forward", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task ARetriedRequestIsCountedOnce()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.OneSpan(7));
        await server.StoreAsync(Export.OneSpan(7));
        var (text, _) = await ReadAsync(server, OpenMetrics);
        Assert.Equal(1, text.Value("traces_spanmetrics_calls_total"));
    }

    [Fact]
    public async Task NamesThatNeedEscapesComeBackAsTheyWere()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("s", Export.Span(Export.Trace(1), Export.Id(1), """GET \"a\\b\"\nü{}""")));
        foreach (var accept in new[] { OpenMetrics, null })
        {
            var (text, _) = await ReadAsync(server, accept);
            Assert.Equal(1, text.Value("traces_spanmetrics_calls_total", ("span_name", "GET \"a\\b\"\nü{}")));
        }
    }

    [Fact]
    public async Task OperationsBeyondTheLimitAreCountedInOneNumberAndTheLimitIsNamed()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { RedMaxOperations = 3 });
        for (var i = 0; i < 5; i++) await server.StoreAsync(Export.Json("s", Export.Span(Export.Trace(i + 1), Export.Id(1), $"op{i}")));
        await server.StoreAsync(Export.Json("s", Export.Span(Export.Trace(9), Export.Id(1), "op0")));
        var (text, _) = await ReadAsync(server, OpenMetrics);
        Assert.Equal(["op0", "op1", "op2"], text.Samples.Where(s => s.Name == "traces_spanmetrics_calls_total").Select(s => s.Labels["span_name"]));
        Assert.Equal(2, text.Value("traces_spanmetrics_calls_total", ("span_name", "op0")));
        Assert.Equal(2, text.Value("throughline_red_spans_over_limit_total"));
        Assert.Equal(3, text.Value("throughline_red_operations"));
        Assert.Equal(3, text.Value("throughline_red_operations_limit"));
    }

    [Fact]
    public async Task LongNamesAreCutBetweenCharacters()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.StoreAsync(Export.Json("s", Export.Span(Export.Trace(1), Export.Id(1), "x" + new string('ü', 100_000))));
        var (text, _) = await ReadAsync(server, null);
        Assert.Equal("x" + new string('ü', 127), text.Find("traces_spanmetrics_calls_total").Labels["span_name"]);
    }

    [Fact]
    public async Task RefusalsAreCountedByReason()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using (await server.ExportAsync([0xFF, 0xFF])) { }
        using (await server.ExportAsync([], "text/html")) { }
        var (text, _) = await ReadAsync(server, null);
        Assert.Equal(1, text.Value("throughline_ingest_refused_total", ("reason", "malformed")));
        Assert.Equal(1, text.Value("throughline_ingest_refused_total", ("reason", "unsupported_type")));
        Assert.Equal(2, text.Samples.Where(s => s.Name == "throughline_ingest_refused_total").Sum(s => s.Value));
    }

    [Fact]
    public async Task QueriesAreCountedByRouteAndStatus()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.GetAsync("/api/v1/services");
        await server.GetAsync("/api/v1/services");
        await server.GetProblemAsync("/api/v1/services?from=x", HttpStatusCode.BadRequest);
        await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(1)}", HttpStatusCode.NotFound);
        var (text, _) = await ReadAsync(server, OpenMetrics);
        Assert.Equal(2, text.Value("throughline_api_request_duration_seconds_count", ("route", "/api/v1/services"), ("status", "200")));
        Assert.Equal(1, text.Value("throughline_api_request_duration_seconds_count", ("route", "/api/v1/services"), ("status", "400")));
        // The route, not the path: ids in it would make a series each.
        Assert.Equal(1, text.Value("throughline_api_request_duration_seconds_count", ("route", "/api/v1/traces/{id}"), ("status", "404")));
        Assert.Equal(0, text.Value("throughline_api_requests_under_way"));
    }

    [Fact]
    public async Task OnlyReadingIsTaken()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var content = new StringContent("{}", MediaTypeHeaderValue.Parse("application/json"));
        using var response = await server.Http.PostAsync("/metrics", content);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task TheTokenGuardsTheFiguresToo()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Token = "secret" });
        using var refused = await server.Http.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        Assert.Equal(1, (await ReadAsync(server, null)).Text.Value("throughline_store_open"));
    }

    private static async Task<(ExpositionText Text, MediaTypeHeaderValue? Type)> ReadAsync(ServerUnderTest server, string? accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var type = response.Content.Headers.ContentType;
        return (new ExpositionText(await response.Content.ReadAsStringAsync(), type?.MediaType == OpenMetrics), type);
    }
}
