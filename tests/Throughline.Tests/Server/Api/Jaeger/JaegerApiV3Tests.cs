using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Throughline.Tests.Server.Api.Jaeger;

/// <summary>Jaeger's third API over HTTP, as its newer pages and Grafanas ask it.</summary>
public sealed class JaegerApiV3Tests
{
    private static string Time(long seconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(Export.BaseNano / 100)).AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    private static string Between => $"query.startTimeMin={Time(-10)}&query.startTimeMax={Time(600)}";

    [Fact]
    public async Task ServicesAndOperationsAreListed()
    {
        await using var server = await JaegerApiTests.StartAsync();
        Assert.Equal("""{"services":["back","front"]}""", (await server.GetAsync("/api/v3/services")).GetRawText());
        Assert.Equal("""{"operations":[{"name":"GET /","spanKind":"server"},{"name":"render","spanKind":""}]}""", (await server.GetAsync("/api/v3/operations?service=front")).GetRawText());
        Assert.Equal("""{"operations":[{"name":"GET /","spanKind":"server"}]}""", (await server.GetAsync("/api/v3/operations?service=front&spanKind=server")).GetRawText());
    }

    [Fact]
    public async Task ATraceIsAnOtlpDocument()
    {
        await using var server = await JaegerApiTests.StartAsync();
        var trace = await server.GetAsync($"/api/v3/traces/{JaegerApiTests.Short(1)}?startTime={Time(0)}&rawTraces=true");
        var spans = Spans(trace);
        Assert.Equal(3, spans.Count);
        Assert.All(spans, s => Assert.Equal(Export.Trace(1), s.GetProperty("traceId").GetString()));
    }

    [Theory]
    [InlineData("", "2,1")]
    [InlineData("&query.serviceName=front&query.operationName=GET%20%2F&query.durationMin=150ms", "2")]
    [InlineData("&query.service_name=back&query.attributes=%7B%22error%22%3A%22true%22%7D", "2")]
    [InlineData("&query.searchDepth=1", "2")]
    [InlineData("&query.search_depth=1", "2")]
    public async Task SummariesAndTracesAreOfTheSameSearch(string query, string expected)
    {
        await using var server = await JaegerApiTests.StartAsync();
        var ids = expected.Split(',').Select(n => Export.Trace(int.Parse(n, CultureInfo.InvariantCulture))).ToList();
        var summaries = (await server.GetAsync($"/api/v3/trace-summaries?{Between}{query}")).GetProperty("summaries");
        Assert.Equal(ids, summaries.EnumerateArray().Select(s => s.GetProperty("traceId").GetString()));
        Assert.Equal(ids, Spans(await server.GetAsync($"/api/v3/traces?{Between}{query}")).Select(s => s.GetProperty("traceId").GetString()).Distinct());
    }

    [Fact]
    public async Task ASummaryIsOfTheWholeTrace()
    {
        await using var server = await JaegerApiTests.StartAsync();
        var summary = (await server.GetAsync($"/api/v3/trace-summaries?{Between}&query.serviceName=back&query.searchDepth=1")).GetProperty("summaries")[0];
        var start = Export.BaseNano + 120_000_000_000;
        Assert.Equal($$"""
            {"traceId":"{{Export.Trace(2)}}","rootServiceName":"front","rootOperationName":"GET /","minStartTimeUnixNano":"{{start}}","maxEndTimeUnixNano":"{{start + 200_000_000}}","spanCount":3,"errorSpanCount":1,"orphanSpanCount":0,"services":[{"name":"front","spanCount":2,"errorSpanCount":0},{"name":"back","spanCount":1,"errorSpanCount":1}]}
            """, summary.GetRawText());
    }

    /// <summary>Grafana does not escape the plus of an offset; nine decimals of a second count.</summary>
    [Fact]
    public async Task TimesAreRfc3339WithNanosecondsAndAnyOffset()
    {
        await using var server = await JaegerApiTests.StartAsync();
        var start = DateTimeOffset.UnixEpoch.AddTicks((long)(Export.BaseNano / 100)).AddSeconds(60).ToOffset(TimeSpan.FromHours(2));
        var (exact, later) = ($"{start:yyyy-MM-dd'T'HH:mm:ss}.000000000+02:00", $"{start:yyyy-MM-dd'T'HH:mm:ss}.000000001+02:00");
        Assert.Equal(2, (await server.GetAsync($"/api/v3/trace-summaries?query.startTimeMin={exact}&query.startTimeMax={Time(600)}&query.operationName=render")).GetProperty("summaries").GetArrayLength());
        Assert.Equal(1, (await server.GetAsync($"/api/v3/trace-summaries?query.startTimeMin={later}&query.startTimeMax={Time(600)}&query.operationName=render")).GetProperty("summaries").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/v3/operations", 400, "parameter 'service' is required")]
    [InlineData("/api/v3/traces/abc", 404, "trace not found")]
    [InlineData("/api/v3/traces/xyz", 400, "unable to parse param 'traceID': 'xyz' is no trace id of up to 32 hexadecimal digits")]
    [InlineData("/api/v3/traces?query.serviceName=a", 400, "query.startTimeMin and query.startTimeMax are required, in RFC 3339 such as 2026-01-02T15:04:05Z")]
    [InlineData("/api/v3/traces?query.startTimeMin=x&query.startTimeMax=y", 400, "malformed parameter query.startTimeMin: 'x' is no time in RFC 3339, such as 2026-01-02T15:04:05Z")]
    [InlineData("/api/v3/traces?query.startTimeMin=2026-01-02T15:04:05Z&query.startTimeMax=2026-01-01T15:04:05Z", 400, "query.startTimeMin should not be after query.startTimeMax")]
    [InlineData("/api/v3/traces?query.startTimeMin=1990-01-01T00:00:00Z&query.startTimeMax=1990-01-02T00:00:00Z", 404, "No traces found")]
    [InlineData("/api/v3/trace-summaries?query.startTimeMin=1990-01-01T00:00:00Z&query.startTimeMax=1990-01-02T00:00:00Z&query.searchDepth=0", 400, "malformed parameter query.searchDepth: it is from 1 to 1500, not '0'")]
    [InlineData("/api/v3/trace-summaries?query.startTimeMin=1990-01-01T00:00:00Z&query.startTimeMax=1990-01-02T00:00:00Z&query.durationMin=1", 400, "malformed parameter query.durationMin: time: missing unit in duration \"1\"")]
    [InlineData("/api/v3/trace-summaries?query.startTimeMin=1990-01-01T00:00:00.1234567890Z&query.startTimeMax=1990-01-02T00:00:00Z", 400, "malformed parameter query.startTimeMin: '1990-01-01T00:00:00.1234567890Z' is no time in RFC 3339, such as 2026-01-02T15:04:05Z")]
    public async Task SaysWhatIsWrong(string path, int status, string message)
    {
        await using var server = await JaegerApiTests.StartAsync();
        using var response = await server.Http.GetAsync(path);
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal((status, message), (error.GetProperty("httpCode").GetInt32(), error.GetProperty("message").GetString()));
    }

    private static List<JsonElement> Spans(JsonElement answer) =>
    [
        .. answer.GetProperty("result").GetProperty("resourceSpans").EnumerateArray()
            .SelectMany(r => r.GetProperty("scopeSpans").EnumerateArray()).SelectMany(s => s.GetProperty("spans").EnumerateArray()),
    ];
}
