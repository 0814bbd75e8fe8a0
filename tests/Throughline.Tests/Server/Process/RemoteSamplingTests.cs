using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;
using Throughline.Server.Configuration;
using Throughline.Telemetry;

namespace Throughline.Tests.Server.Process;

/// <summary>SDKs are told by Jaeger's protocol what the rules say, on the ports that there are, and services whose senders sample are not thinned out again.</summary>
public sealed class RemoteSamplingTests
{
    private const string Rules =
        """{"rules":{"sampling":{"rate":0.25,"remote":true,"services":[{"service":"camera","rate":0.1,"remote":true},{"service":"busy","tracesPerSecond":7.5,"remote":true},{"service":"here","rate":0.5}]}}}""";

    [Theory]
    [InlineData("camera", """{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.1}}""")]
    [InlineData("nobody%20knows%20it", """{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}""")]
    [InlineData("busy", """{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":8}}""")]
    // Here the server itself keeps a half: senders send everything.
    [InlineData("here", """{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}""")]
    public async Task EveryPortTellsTheStrategyOfAService(string service, string strategy)
    {
        await using var server = await StartAsync();
        await ProcessRulesTests.PutAsync(server, Rules);
        using var own = new HttpClient { BaseAddress = new Uri(server.Addresses.RemoteSampling?.ToString() ?? "") };
        foreach (var (client, path) in new[] { (server.Http, "/sampling"), (server.Http, "/api/sampling"), (own, "/sampling"), (own, "/api/sampling"), (own, "/") })
        {
            using var answer = await client.GetAsync($"{path}?service={service}");
            Assert.Equal((HttpStatusCode.OK, "application/json", strategy), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsStringAsync()));
        }
        Assert.Matches(@" remote-sampling=http://127\.0\.0\.1:\d+$", server.Addresses.ToString());
    }

    [Fact]
    public async Task WithoutRulesEverythingIsSent()
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.Equal("""{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}""", await server.Http.GetStringAsync("/sampling?service=a"));
        Assert.Null(server.Addresses.RemoteSampling);
    }

    [Fact]
    public async Task WhatIsWrongIsRefusedWithWhatWouldBeRight()
    {
        await using var server = await StartAsync();
        using var own = new HttpClient { BaseAddress = new Uri(server.Addresses.RemoteSampling?.ToString() ?? "") };
        foreach (var (path, status, said) in new[]
        {
            ("/sampling", HttpStatusCode.BadRequest, "'service' is needed, once"), ("/sampling?service=", HttpStatusCode.BadRequest, "'service' is needed, once"),
            ("/sampling?service=a&service=b", HttpStatusCode.BadRequest, "'service' is needed, once"), ($"/sampling?service={new string('a', 1025)}", HttpStatusCode.BadRequest, "more than 1024 characters"),
            ("/baggageRestrictions?service=a", HttpStatusCode.NotFound, "this port tells SDKs how to sample, at /sampling?service=NAME"), ("/v1/traces", HttpStatusCode.NotFound, "this port tells SDKs how to sample"),
        })
        {
            using var answer = await own.GetAsync(path);
            Assert.Equal(status, answer.StatusCode);
            Assert.Contains(said, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using var posted = await own.PostAsync("/sampling?service=a", new StringContent("{}", null, "application/json"));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET"), (posted.StatusCode, string.Join(',', posted.Content.Headers.Allow)));
    }

    [Fact]
    public async Task WhatSendersSampleIsNotThinnedOutAgain()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await ProcessRulesTests.PutAsync(server, """{"rules":{"sampling":{"services":[{"service":"camera","rate":0.01,"remote":true},{"service":"gone","rate":0}]}}}""");
        for (var i = 1; i <= 20; i++) await server.StoreAsync(Export.OneSpan(i, "camera"));
        await server.StoreAsync(Export.OneSpan(21, "gone"));
        Assert.Equal(20, (await server.SearchAsync("limit=100")).Length);
        var dropped = Assert.Single((await server.GetAsync("/api/v1/settings/process/counts")).GetProperty("dropped").EnumerateArray());
        Assert.Equal("gone", dropped.GetProperty("service").GetString());
    }

    [Fact]
    public async Task AServiceOfThroughlineTelemetrySamplesAsItIsTold()
    {
        await using var server = await StartAsync();
        await ProcessRulesTests.PutAsync(server, """{"rules":{"sampling":{"services":[{"service":"camera","rate":0,"remote":true}]}}}""");
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
        [
            new("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote"), new("OTEL_TRACES_SAMPLER_ARG", $"endpoint={server.Addresses.RemoteSampling},pollingIntervalMs=100"),
            new("OTEL_TRACES_EXPORTER", "none"), new("OTEL_METRICS_EXPORTER", "none"), new("OTEL_LOGS_EXPORTER", "none"),
        ]);
        builder.AddThroughline("camera");
        using var host = builder.Build();
        var sampler = host.Services.GetRequiredService<RemoteSampler>();
        _ = host.Services.GetRequiredService<TracerProvider>();
        using var source = new ActivitySource("camera");
        await UntilSpansAreAsync(source, recorded: false);
        await ProcessRulesTests.PutAsync(server, """{"rules":{"sampling":{"services":[{"service":"camera","tracesPerSecond":1000,"remote":true}]}}}""");
        await UntilSpansAreAsync(source, recorded: true);
        host.Dispose();
        await sampler.Asking.WaitAsync(Patience.Limit);
    }

    private static Task UntilSpansAreAsync(ActivitySource source, bool recorded) => Patience.UntilAsync(() =>
    {
        using var span = source.StartActivity("frame");
        return (span?.Recorded == true) == recorded;
    }, () => $"Spans are still {(recorded ? "dropped" : "recorded")}");

    private static Task<ServerUnderTest> StartAsync() => ServerUnderTest.StartAsync(static o => o with { RemoteSampling = new ListenAddress(IPAddress.Loopback, 0) });
}
