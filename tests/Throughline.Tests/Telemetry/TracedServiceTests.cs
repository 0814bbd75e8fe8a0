using System.Text;
using System.Text.RegularExpressions;
using Throughline.Tests.Pipeline;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Telemetry;

/// <summary>A real service of the pipeline in a process of its own, told by its configuration how to send, and a real receiver.</summary>
public sealed partial class TracedServiceTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string ParentSpan = "b7ad6b7169203331";

    [Fact]
    public async Task BaggageOfTheRequestIsOnEverySpanBelowIt()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using var service = await AnalystAsync(sink);
        await AskAsync(service, baggage: "camera.id=front_door,priority=high,secret=x");

        var span = await sink.SpanAsync(span => Hex(span.Item.ParentSpanId) == ParentSpan);
        Assert.Equal("hsi-nemotron", span.Service);
        Assert.Equal(("front_door", "high", null), (Text(span.Item, "camera.id"), Text(span.Item, "priority"), Text(span.Item, "secret")));
        Assert.Equal(0, await service.Process.StopAsync());
    }

    [Fact]
    public async Task ClockOffsetMovesTheSpansOfOneService()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using var service = await AnalystAsync(sink, "--Telemetry:ClockOffsetSeconds", "-86400");
        var before = Nanoseconds(TimeProvider.System.GetUtcNow());
        await AskAsync(service);

        var span = await sink.SpanAsync(span => Hex(span.Item.ParentSpanId) == ParentSpan);
        var day = 86400UL * 1_000_000_000;
        Assert.InRange(span.Item.StartTimeUnixNano, before - day - 1_000_000_000, Nanoseconds(TimeProvider.System.GetUtcNow()) - day + 1_000_000_000);
        Assert.True(span.Item.EndTimeUnixNano >= span.Item.StartTimeUnixNano);
    }

    [Fact]
    public async Task DisabledSdkMakesNoSpansAndTheServiceWorks()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using (var service = await AnalystAsync(sink, "--OTEL_SDK_DISABLED", "TRUE"))
        {
            await AskAsync(service);
            // What is queued is sent before the end, so nothing comes after it.
            Assert.Equal(0, await service.Process.StopAsync());
        }
        Assert.Empty(sink.Spans);
    }

    [Fact]
    public async Task ResourceNamesServiceProcessAndWhatTheOperatorSays()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using var service = await AnalystAsync(sink, "--OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,host.name=box-7");
        await AskAsync(service);

        var span = await sink.SpanAsync(span => Hex(span.Item.ParentSpanId) == ParentSpan);
        Assert.Equal(("hsi-nemotron", "test", "box-7"), (span.Service, span.ResourceText("deployment.environment.name"), span.ResourceText("host.name")));
        Assert.All(["service.version", "service.instance.id", "process.runtime.version", "os.type"], key => Assert.NotEmpty(span.ResourceText(key)));
        Assert.Equal(service.Process.Id, Assert.Single(span.Resource.Attributes, a => a.Key == "process.pid").Value.IntValue);
    }

    [Fact]
    public async Task SampledShareIsToldInTheTraceState()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using var service = await AnalystAsync(sink, "--OTEL_TRACES_SAMPLER", "parentbased_traceidratio", "--OTEL_TRACES_SAMPLER_ARG", "0.5");
        // Half of them: that none is among fifty has a chance of one in 10^15.
        for (var i = 0; i < 50; i++) await AskAsync(service, parent: null);

        var span = await sink.SpanAsync(span => span.Item.ParentSpanId.IsEmpty);
        Assert.Equal("ot=th:8", span.Item.TraceState);
        Assert.True(span.Item.TraceId[9] >= 0x80, "The first of the 56 bits that decide is set on every trace that is kept.");
    }

    [Fact]
    public async Task MetricsOfTheProcessAreSentAndAMissingGpuIsSaidOnce()
    {
        await using var sink = await OtlpSink.StartAsync();
        await using var service = await AnalystAsync(sink, "--OTEL_METRICS_EXPORTER", "otlp", "--OTEL_METRIC_EXPORT_INTERVAL", "200", "--Logging:LogLevel:Default", "Information");
        await AskAsync(service);

        var memory = await sink.MetricAsync(metric => metric.Service == "hsi-nemotron" && metric.Item.Name == "dotnet.process.memory.working_set");
        Assert.True(memory.Item.Sum.DataPoints.Single().AsInt > 10_000_000);
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "nvidia-smi"))))
        {
            await service.Process.LineAsync(NoGpu());
            Assert.Equal(0, await service.Process.StopAsync());
            Assert.Single(NoGpu().Matches(service.Process.Output));
        }
    }

    private static async Task<Service> AnalystAsync(OtlpSink sink, params string[] options)
    {
        var process = PipelineProcess.Start(PipelineFiles.Program("pipeline/Nemotron", "hsi-nemotron"),
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.Grpc, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc" },
            ["--urls", "http://127.0.0.1:0", .. options]);
        return new(process, (await process.LineAsync(Listening())).Groups["http"].Value);
    }

    private static async Task AskAsync(Service service, string? parent = Parent, string? baggage = null)
    {
        // Other tests have requests of this process traced; this one has to carry what it is given, and nothing else.
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(HttpMethod.Post, service.Address + "/v1/chat/completions");
        request.Content = new StringContent("""{"messages":[{"role":"user","content":"one person at the door"}],"max_tokens":1}""", Encoding.UTF8, "application/json");
        if (parent is not null) request.Headers.Add("traceparent", parent);
        if (baggage is not null) request.Headers.Add("baggage", baggage);
        (await http.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private static string Hex(Google.Protobuf.ByteString id) => Convert.ToHexStringLower(id.Span);

    private static string? Text(Span span, string key) => span.Attributes.FirstOrDefault(a => a.Key == key)?.Value.StringValue;

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;

    [GeneratedRegex(@"^hsi-\w+ listening: http=(?<http>\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex("There is no nvidia-smi")]
    private static partial Regex NoGpu();

    private sealed record Service(PipelineProcess Process, string Address) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Process.DisposeAsync();
    }
}
