using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Google.Protobuf;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Tests.Metrics;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Server.Forward;

/// <summary>What a server stores is passed on to a real target, over real sockets, whatever the target does.</summary>
public sealed class ForwardingTests
{
    private static readonly SignalKind[] s_allSignals = [SignalKind.Traces, SignalKind.Logs, SignalKind.Metrics];

    private static readonly Func<ListenOptions, ListenOptions> s_http2 = listener =>
    {
        listener.Protocols = HttpProtocols.Http2;
        return listener;
    };

    [Theory]
    [InlineData(ForwardProtocol.Grpc, true)]
    [InlineData(ForwardProtocol.Grpc, false)]
    [InlineData(ForwardProtocol.Http, true)]
    [InlineData(ForwardProtocol.Http, false)]
    public async Task WhatIsStoredComesToTheTargetWithTheHeadersThatWereGiven(ForwardProtocol protocol, bool compress)
    {
        await using var sink = await ForwardSink.StartAsync(protocol == ForwardProtocol.Grpc ? s_http2 : null);
        await using var server = await StartAsync(sink, f => f with { Protocol = protocol, Compress = compress, Headers = [new("x-tenant", "blue")] });
        await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), "a", more: Export.Attributes(("password", "hunter2"), ("kept", "yes")))));
        await sink.UntilAsync(() => sink.Spans.Count == 1, "The span should come");
        Assert.Equal([Export.Id(1)], sink.Spans);
        Assert.Equal("blue", sink.Headers[0]["x-tenant"]);
        var request = sink.Requests[0].ToString();
        Assert.Contains("[redacted]", request);
        Assert.DoesNotContain("hunter2", request);
        Assert.Contains("yes", request);
        var status = await UntilAsync(server, s => Long(s, "queued", "items") == 0);
        Assert.Equal((1, 1, protocol.ToString().ToLowerInvariant()), (Long(status, "delivered", "items"), Long(status, "delivered", "requests"), status.GetProperty("protocol").GetString()));
        Assert.Equal((JsonValueKind.Null, 0), (status.GetProperty("lastError").ValueKind, status.GetProperty("lost").GetArrayLength()));
    }

    [Fact]
    public async Task ATargetThatGoesAndComesBackMissesNothingAndSendersDoNotWait()
    {
        await using var sink = await ForwardSink.StartAsync(s_http2);
        await using var server = await StartAsync(sink, static f => f with { MaxBackoff = TimeSpan.FromMilliseconds(50) });
        await server.StoreAsync(Export.OneSpan(1));
        await sink.UntilAsync(() => sink.Spans.Count == 1, "The first span should come");
        await sink.GoAsync();
        for (var i = 2; i <= 20; i++) await server.StoreAsync(Export.OneSpan(i));
        var failing = await UntilAsync(server, s => s.GetProperty("lastError").ValueKind == JsonValueKind.String);
        Assert.True(Long(failing, "queued", "items") > 0);
        Assert.NotEqual(JsonValueKind.Null, failing.GetProperty("failingSinceUnixNano").ValueKind);
        await sink.ComeAsync();
        await UntilAsync(server, s => Long(s, "queued", "items") == 0);
        Assert.Equal(20, sink.Requests.SelectMany(ForwardSink.SpansOfTraces).Distinct().Count());
        Assert.Equal(0, server.Log.ToString().Length);
    }

    [Fact]
    public async Task WhatTheTargetTakesInPartIsCounted()
    {
        await using var sink = await ForwardSink.StartAsync();
        sink.Answer = static _ => new SinkAnswer(200, Rejected: 1);
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http });
        await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), "a"), Export.Span(Export.Trace(1), Export.Id(2), "b")));
        var status = await UntilAsync(server, s => Long(s, "delivered", "requests") == 1 && Long(s, "queued", "items") == 0);
        Assert.Equal(1, Long(status, "delivered", "items"));
        Assert.Equal(("rejected_in_part", "1", "not all"), Lost(status));
    }

    [Theory]
    [InlineData(ForwardProtocol.Http, 400, "refused")]
    [InlineData(ForwardProtocol.Http, 413, "too_large")]
    [InlineData(ForwardProtocol.Grpc, 3, "refused")]
    [InlineData(ForwardProtocol.Grpc, 8, "too_large")]
    public async Task OneRequestThatIsRefusedCostsNoOther(ForwardProtocol protocol, int status, string reason)
    {
        await using var sink = await ForwardSink.StartAsync(protocol == ForwardProtocol.Grpc ? s_http2 : null);
        sink.Answer = request => ForwardSink.SpansOfTraces(request).Any(id => id.StartsWith(Export.Trace(3), StringComparison.Ordinal)) ? new SinkAnswer(status) : null;
        await using var server = await StartAsync(sink, f => f with { Protocol = protocol, Linger = TimeSpan.FromMilliseconds(300) });
        for (var i = 1; i <= 5; i++) await server.StoreAsync(Export.OneSpan(i));
        var done = await UntilAsync(server, s => Long(s, "queued", "items") == 0);
        Assert.Equal(4, Long(done, "delivered", "items"));
        Assert.Equal((reason, "1"), (Lost(done).Reason, Lost(done).Items));
        Assert.Equal([1, 2, 4, 5], sink.Requests.SelectMany(ForwardSink.SpansOfTraces).Select(id => Convert.ToInt32(id[..32][^4..], 16)).Order());
    }

    [Theory]
    [InlineData(ForwardProtocol.Http, 404)]
    [InlineData(ForwardProtocol.Http, 401)]
    [InlineData(ForwardProtocol.Grpc, 12)]
    public async Task AWrongEndpointKeepsAllUntilItIsMended(ForwardProtocol protocol, int status)
    {
        await using var sink = await ForwardSink.StartAsync(protocol == ForwardProtocol.Grpc ? s_http2 : null);
        var isMended = false;
        sink.Answer = _ => isMended ? null : new SinkAnswer(status);
        await using var server = await StartAsync(sink, f => f with { Protocol = protocol, MaxBackoff = TimeSpan.FromMilliseconds(20) });
        await server.StoreAsync(Export.OneSpan(1));
        var failing = await UntilAsync(server, s => Long(s, "retries") >= 2);
        Assert.Contains($"{status}", failing.GetProperty("lastError").GetString());
        isMended = true;
        var done = await UntilAsync(server, s => Long(s, "queued", "items") == 0);
        Assert.Equal((1, 0, JsonValueKind.Null), (Long(done, "delivered", "items"), done.GetProperty("lost").GetArrayLength(), done.GetProperty("lastError").ValueKind));
    }

    [Fact]
    public async Task AShareOfTheTracesIsPassedOnWholeAndSaysSo()
    {
        await using var sink = await ForwardSink.StartAsync();
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http, Share = 0.5 });
        // The last 56 bits of the id decide.
        const string Small = "00000000000000000000ffffffffffff", Large = "000000000000000000ffffffffffffff";
        await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), "a"), Export.Span(Large, Export.Id(2), "b"), Export.Span(Export.Trace(2), Export.Id(3), "c"), Export.Span(Large, Export.Id(4), "d"), Export.Span(Small, Export.Id(5), "e")));
        var status = await UntilAsync(server, s => Long(s, "delivered", "items") == 2 && Long(s, "queued", "items") == 0);
        Assert.Equal(0.5, status.GetProperty("share").GetDouble());
        Assert.Equal([Export.Id(2), Export.Id(4)], sink.Spans);
        Assert.All(sink.Requests.SelectMany(r => r.ResourceSpans).SelectMany(r => r.ScopeSpans).SelectMany(s => s.Spans), span => Assert.Equal("ot=th:8", span.TraceState));
        Assert.Equal(4, (await server.SearchAsync("service=svc")).Length);
    }

    [Fact]
    public async Task ARequestThatIsSentAgainIsPassedOnOnce()
    {
        await using var sink = await ForwardSink.StartAsync();
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http });
        await server.StoreAsync(Export.OneSpan(1));
        await server.StoreAsync(Export.OneSpan(1));
        await server.StoreAsync(Export.OneSpan(2));
        var status = await UntilAsync(server, s => Long(s, "queued", "items") == 0 && Long(s, "delivered", "items") >= 2);
        Assert.Equal(2, Long(status, "delivered", "items"));
    }

    [Fact]
    public async Task ARequestThatWasStoredAndNotQueuedWhenItsProcessDiedIsPassedOnWhenItIsSentAgain()
    {
        using var directory = new TemporaryDirectory();
        var log = LogExport.Json("svc", LogExport.Record("hello"));
        var metrics = MetricRequests.Bytes("svc", MetricRequests.Gauge("g", MetricRequests.Point(1, 1)));
        // A process that stored and did not come to queue: one that passes nothing on leaves the same behind.
        await using (var first = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = directory.Path } })) await SendAllAsync(first);
        await using var sink = await ForwardSink.StartAsync();
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http, Signals = s_allSignals }, directory.Path);
        for (var i = 0; i < 3; i++) await SendAllAsync(server);
        var status = await UntilAsync(server, s => Long(s, "queued", "items") == 0 && Long(s, "delivered", "items") >= 3);
        Assert.Equal((1, 1, 1), (Long(status, "delivered", "signals", "traces"), Long(status, "delivered", "signals", "logs"), Long(status, "delivered", "signals", "metrics")));
        Assert.Single(await server.SearchAsync("service=svc"));

        async Task SendAllAsync(ServerUnderTest to)
        {
            await to.StoreAsync(Export.OneSpan(1));
            await PostAsync(to, "/v1/logs", System.Text.Encoding.UTF8.GetBytes(log), "application/json");
            await PostAsync(to, "/v1/metrics", metrics, "application/x-protobuf");
        }
    }

    [Theory]
    [InlineData(ForwardProtocol.Grpc)]
    [InlineData(ForwardProtocol.Http)]
    public async Task LogsAndMetricsArePassedOnToo(ForwardProtocol protocol)
    {
        await using var sink = await ForwardSink.StartAsync(protocol == ForwardProtocol.Grpc ? s_http2 : null);
        await using var server = await StartAsync(sink, f => f with { Protocol = protocol, Signals = s_allSignals });
        await PostAsync(server, "/v1/logs", System.Text.Encoding.UTF8.GetBytes(LogExport.Json("svc", LogExport.Record("disk is full"))), "application/json");
        var whole = MetricRequests.Request("svc", MetricRequests.Gauge("depth", MetricRequests.Point(3, 1, "x")));
        await PostAsync(server, "/v1/metrics", whole.ToByteArray(), "application/x-protobuf");
        await server.StoreAsync(Export.OneSpan(1));
        await sink.UntilAsync(() => sink.Logs.Count == 1 && sink.Metrics.Count == 1 && sink.Spans.Count == 1, "One of each should come");
        Assert.Equal("disk is full", sink.Logs[0].ResourceLogs[0].ScopeLogs[0].LogRecords[0].Body.StringValue);
        // What nothing was taken from goes on as it came.
        Assert.Equal(whole, sink.Metrics[0]);
    }

    [Fact]
    public async Task OfLogsAndMetricsOnlyWhatMayBeStoredIsPassedOn()
    {
        await using var sink = await ForwardSink.StartAsync();
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http, Signals = s_allSignals });
        await PostAsync(server, "/v1/logs", System.Text.Encoding.UTF8.GetBytes(LogExport.Json("svc", LogExport.Record("in", more: Export.Attributes(("password", "hunter2"))))), "application/json");
        var point = MetricRequests.Buckets(5, [1, 2], [1, 0, 3], sum: 9.5, start: 1);
        point.Attributes.Add(MetricRequests.Attribute("api.token", "hunter2"));
        await PostAsync(server, "/v1/metrics", MetricRequests.Bytes("svc", MetricRequests.Histogram("h", delta: true, point)), "application/x-protobuf");
        await sink.UntilAsync(() => sink.Logs.Count == 1 && sink.Metrics.Count == 1, "Both should come");
        Assert.DoesNotContain("hunter2", sink.Logs[0].ToString() + sink.Metrics[0]);
        Assert.Contains("[redacted]", sink.Logs[0].ToString());
        point.Attributes[0] = MetricRequests.Attribute("api.token", "[redacted]");
        Assert.Equal(MetricRequests.Request("svc", MetricRequests.Histogram("h", delta: true, point)), sink.Metrics[0]);
    }

    [Fact]
    public async Task OnlyTheSignalsThatWereNamedArePassedOn()
    {
        await using var sink = await ForwardSink.StartAsync();
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http });
        await PostAsync(server, "/v1/logs", System.Text.Encoding.UTF8.GetBytes(LogExport.Json("svc", LogExport.Record("a"))), "application/json");
        await PostAsync(server, "/v1/metrics", MetricRequests.Bytes("svc", MetricRequests.Gauge("g", MetricRequests.Point(1, 1))), "application/x-protobuf");
        await server.StoreAsync(Export.OneSpan(1));
        await UntilAsync(server, s => Long(s, "queued", "items") == 0 && Long(s, "delivered", "items") == 1);
        Assert.Equal((0, 0), (sink.Logs.Count, sink.Metrics.Count));
    }

    [Theory]
    [InlineData(ForwardProtocol.Http, 500)]
    [InlineData(ForwardProtocol.Grpc, 13)]
    public async Task ARequestThatTheTargetFailsAtAgainAndAgainCostsNoOther(ForwardProtocol protocol, int status)
    {
        await using var sink = await ForwardSink.StartAsync(protocol == ForwardProtocol.Grpc ? s_http2 : null);
        sink.Answer = request => ForwardSink.SpansOfTraces(request).Any(static id => id.StartsWith(Export.Trace(3), StringComparison.Ordinal)) ? new SinkAnswer(status) : null;
        await using var server = await StartAsync(sink, f => f with { Protocol = protocol, MaxBackoff = TimeSpan.FromMilliseconds(10) });
        for (var i = 1; i <= 5; i++) await server.StoreAsync(Export.OneSpan(i));
        var done = await UntilAsync(server, s => Long(s, "queued", "items") == 0 && s.GetProperty("lost").GetArrayLength() == 1);
        Assert.Equal(4, Long(done, "delivered", "items"));
        Assert.Equal(("refused", "1"), (Lost(done).Reason, Lost(done).Items));
        Assert.Contains($"{status}", Lost(done).Message);
        Assert.Equal([1, 2, 4, 5], sink.Requests.SelectMany(ForwardSink.SpansOfTraces).Select(id => Convert.ToInt32(id[..32][^4..], 16)).Order());
    }

    [Fact]
    public async Task ATargetThatFailsAtEverythingLosesNothing()
    {
        await using var sink = await ForwardSink.StartAsync();
        var isMended = false;
        sink.Answer = _ => isMended ? null : new SinkAnswer(500);
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http, MaxBackoff = TimeSpan.FromMilliseconds(2), BatchBytes = 1 });
        for (var i = 1; i <= 30; i++) await server.StoreAsync(Export.OneSpan(i));
        await sink.UntilAsync(() => sink.Attempts >= 150, "It should be tried on");
        isMended = true;
        var done = await UntilAsync(server, s => Long(s, "queued", "items") == 0);
        Assert.Equal((30, 0), (Long(done, "delivered", "items"), done.GetProperty("lost").GetArrayLength()));
        Assert.Equal(30, sink.Requests.SelectMany(ForwardSink.SpansOfTraces).Distinct().Count());
    }

    [Fact]
    public async Task AnAnswerThatIsNotWhatItSaysDoesNotEndForwarding()
    {
        await using var sink = await ForwardSink.StartAsync();
        sink.Answer = _ => sink.Attempts == 1 ? new SinkAnswer(200, SaysGzip: true) : null;
        await using var server = await StartAsync(sink, static f => f with { Protocol = ForwardProtocol.Http, MaxBackoff = TimeSpan.FromMilliseconds(10) });
        await server.StoreAsync(Export.OneSpan(1));
        var done = await UntilAsync(server, s => Long(s, "queued", "items") == 0 && Long(s, "delivered", "items") == 1);
        Assert.Equal((1, 0), (Long(done, "retries"), done.GetProperty("lost").GetArrayLength()));
    }

    [Fact]
    public async Task ASlowTargetKeepsNoSenderWaitingAndIsTriedAgain()
    {
        await using var sink = await ForwardSink.StartAsync();
        var (isSlow, mended) = (true, new TaskCompletionSource());
        sink.Pause = () => isSlow ? mended.Task : Task.CompletedTask;
        await using var server = await StartAsync(sink, static f => f with
        {
            Protocol = ForwardProtocol.Http,
            // It has to be over while the target is slow, and not while it is quick, on a slow machine too.
            Timeout = TimeSpan.FromSeconds(2), MaxBackoff = TimeSpan.FromMilliseconds(20),
        });
        for (var i = 1; i <= 5; i++) await server.StoreAsync(Export.OneSpan(i));
        var failing = await UntilAsync(server, s => Long(s, "retries") >= 1);
        Assert.Contains("--forward-timeout-seconds", failing.GetProperty("lastError").GetString());
        isSlow = false;
        mended.SetResult();
        var done = await UntilAsync(server, s => Long(s, "queued", "items") == 0);
        Assert.Equal((5, 0), (Long(done, "delivered", "items"), done.GetProperty("lost").GetArrayLength()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ATargetOverTlsIsBelievedWhenItsAuthorityIsGiven(bool given)
    {
        using var directory = new TemporaryDirectory();
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=127.0.0.1", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        var names = new System.Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var authority = Path.Combine(directory.Path, "ca.pem");
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem());
        await using var sink = await ForwardSink.StartAsync(listener => listener.UseHttps(certificate));
        await using var server = await StartAsync(sink, f => f with
        {
            Target = new Uri($"https://127.0.0.1:{sink.Port}"), Protocol = ForwardProtocol.Http, AuthorityFile = given ? authority : null, MaxBackoff = TimeSpan.FromMilliseconds(20),
        });
        await server.StoreAsync(Export.OneSpan(1));
        var status = await UntilAsync(server, s => given ? Long(s, "delivered", "items") == 1 : Long(s, "retries") > 0);
        if (!given) Assert.Contains("certificate", status.GetProperty("lastError").GetString());
        Assert.Equal(given ? 1 : 0, sink.Spans.Count);
    }

    [Fact]
    public async Task AProcessThatIsKilledWhileTheTargetIsAwayLosesNothing()
    {
        using var directory = new TemporaryDirectory();
        await using var sink = await ForwardSink.StartAsync(s_http2);
        string[] options = ["--data", directory.Path, "--forward", $"http://127.0.0.1:{sink.Port}", "--forward-linger-ms", "1", "--forward-max-backoff-seconds", "1"];
        using (var process = await ServerProcess.StartAsync(options))
        {
            await SendAsync(process, 1, 10);
            await sink.UntilAsync(() => sink.Requests.SelectMany(ForwardSink.SpansOfTraces).Distinct().Count() == 10, "The first spans should come");
            await sink.GoAsync();
            await SendAsync(process, 11, 10);
        }
        await sink.ComeAsync();
        using (await ServerProcess.StartAsync(options))
        {
            await sink.UntilAsync(() => sink.Requests.SelectMany(ForwardSink.SpansOfTraces).Distinct().Count() == 20, "What waited should come from the next process");
        }
    }

    private static async Task SendAsync(ServerProcess process, int first, int count)
    {
        using var client = new HttpClient { BaseAddress = new Uri(process.OtlpHttp) };
        for (var i = first; i < first + count; i++)
        {
            using var content = new StringContent(Export.OneSpan(i), null, "application/json");
            using var response = await client.PostAsync("/v1/traces", content);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    private static async Task PostAsync(ServerUnderTest server, string path, byte[] body, string type)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(type);
        using var response = await server.Otlp.PostAsync(path, content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static Task<ServerUnderTest> StartAsync(ForwardSink sink, Func<ForwardOptions, ForwardOptions> change, string? directory = null) =>
        ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = directory ?? o.Store.Directory }, Forward = change(new ForwardOptions { Target = new Uri($"http://127.0.0.1:{sink.Port}"), Linger = TimeSpan.FromMilliseconds(1) }) });

    private static async Task<JsonElement> UntilAsync(ServerUnderTest server, Func<JsonElement, bool> isSo)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            var status = (await server.GetAsync("/api/v1/status")).GetProperty("forwarding");
            if (isSo(status)) return status;
            Assert.False(limit.IsCancellationRequested, status.GetRawText());
            await Task.Yield();
        }
    }

    private static long Long(JsonElement status, params string[] path) => long.Parse(path.Aggregate(status, (e, name) => e.GetProperty(name)).GetString() ?? "");

    private static (string? Reason, string? Items, string? Message) Lost(JsonElement status)
    {
        var lost = Assert.Single(status.GetProperty("lost").EnumerateArray());
        return (lost.GetProperty("reason").GetString(), lost.GetProperty("items").GetString(), lost.GetProperty("lastMessage").GetString());
    }
}
