using System.Diagnostics;
using System.Text.Json;
using Throughline.Tests.Architecture;
using Throughline.Tests.Pipeline;
using Throughline.Tests.Server;

namespace Throughline.Tests.Senders;

/// <summary>The programs of docs/senders, taken out of the guides, run against the real server, which is then asked for what they sent.</summary>
public sealed class GuideTests
{
    [Fact]
    public async Task DotnetGuideShowsTheSampleAndTheSampleIsTraced()
    {
        var sample = Path.Combine(SourceTree.Root, "samples", "TracedService");
        Assert.Equal("// Program.cs\n" + await File.ReadAllTextAsync(Path.Combine(sample, "Program.cs")), Guide.Read("dotnet.md").Files["Program.cs"]);
        await using var server = await ServerUnderTest.StartAsync();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(sample, "bin", SourceTree.Configuration, "net10.0", "TracedService.dll")]);
        start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = server.Addresses.OtlpGrpc.ToString();
        await Guide.RunAsync(start);

        var trace = await Guide.OnlyTraceAsync(server);
        Chain(trace, "my-detector", "ask_detector", "POST", "detect_objects", "inference");
        var request = trace.Only("my-detector", "detect_objects", StoredSpan.Server);
        var (wait, save) = (trace.Only("my-detector", "queue_wait"), trace.Only("my-detector", "save_event"));
        Assert.Equal((request.Row, "queue", request.Row, true), (wait.Parent, wait.Wait, save.Parent, save.Error));
        Assert.Equal("The disk is full.", await ExceptionAsync(server, trace, save));
        Assert.Equal("front_door", await AttributeAsync(server, trace, trace.Only("my-detector", "inference"), "camera.id"));
    }

    [Fact]
    public async Task JavaScriptGuideIsTraced()
    {
        var guide = Guide.Read("javascript.md");
        var folder = Path.Combine(SourceTree.Tests, "guide-javascript");
        using var package = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "package.json")));
        foreach (var dependency in package.RootElement.GetProperty("dependencies").EnumerateObject())
            Assert.Contains($"{dependency.Name}@{dependency.Value.GetString()}", guide.Text);
        await InstallAsync(folder);
        await using var server = await ServerUnderTest.StartAsync();
        var trace = await guide.RunAsync(server, "node", ["--require", "./tracing.cjs", "app.cjs"],
            ("NODE_PATH", Path.Combine(folder, "node_modules")), ("OTEL_LOGS_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none"));

        Chain(trace, "my-detector", "ask_detector", "GET", "GET", "inference");
        Assert.Equal("2", await AttributeAsync(server, trace, trace.Only("my-detector", "inference"), "detection.count"));

        await using var another = await ServerUnderTest.StartAsync();
        var queued = await guide.RunAsync(another, "node", ["--require", "./tracing.cjs", "queue.cjs"],
            ("NODE_PATH", Path.Combine(folder, "node_modules")), ("OTEL_LOGS_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none"));
        Chain(queued, "my-detector", "accept_image", "analyze");
        Chain(queued, "my-detector", "accept_image", "queue_wait");
        Assert.Equal("queue", queued.Only("my-detector", "queue_wait").Wait);
    }

    [Fact]
    public async Task LogsAndMetricsOfTheJavaScriptGuideAreThere()
    {
        var folder = Path.Combine(SourceTree.Tests, "guide-javascript");
        await InstallAsync(folder);
        await using var server = await ServerUnderTest.StartAsync();
        await SignalsAreOpenAsync(server);
        var trace = await Guide.Read("javascript.md").RunAsync(server, "node", ["--require", "./tracing.cjs", "signals.cjs"],
            ("NODE_PATH", Path.Combine(folder, "node_modules")), ("OTEL_LOGS_EXPORTER", "otlp"), ("OTEL_METRICS_EXPORTER", "otlp"));

        var log = await OnlyLogAsync(server, trace);
        Assert.Equal((trace.Only("my-detector", "look").SpanId, "warn", "the image is dark"), (Text(log, "spanId"), Text(log, "level"), Text(log, "body")));
        var metrics = await server.GetAsync("/api/v1/metrics/range?name=detector.queue.depth&aggregation=last");
        Assert.Equal(2, Assert.Single(metrics.GetProperty("series").EnumerateArray()).GetProperty("values").EnumerateArray().Last().GetDouble());
    }

    [Fact]
    public async Task PythonGuideIsTraced()
    {
        Assert.SkipUnless(Guide.Has("python3"), "There is no python3 on this machine.");
        await using var server = await ServerUnderTest.StartAsync();
        await SignalsAreOpenAsync(server);
        var trace = await Guide.Read("python.md").RunAsync(server, "python3", ["app.py"]);

        Chain(trace, "my-detector", "ask_detector", "POST", "POST /detect", "inference");
        Assert.Equal("2", await AttributeAsync(server, trace, trace.Only("my-detector", "inference"), "detection.count"));
        var failed = trace.Only("my-detector", "parse_answer");
        Assert.True(failed.Error);
        Assert.Contains("Expecting value", await ExceptionAsync(server, trace, failed));
        var log = await OnlyLogAsync(server, trace);
        Assert.Equal((trace.Only("my-detector", "inference").SpanId, "warn", "2 of 4 pixels are bright"), (Text(log, "spanId"), Text(log, "level"), Text(log, "body")));
    }

    [Fact]
    public async Task PythonServiceEndsThoughTheQueueIsFullAndNobodyListens()
    {
        Assert.SkipUnless(Guide.Has("python3"), "There is no python3 on this machine.");
        const string Program = """
            from tracing import Tracer
            tracer = Tracer("my-detector", queue_limit=3, end_limit=0.5)
            made = 0
            while tracer.lost == 0:
                with tracer.span("lost"):
                    pass
                made += 1
            tracer.close()
            print("lost", tracer.lost, "of", made)
            """;
        var folder = Directory.CreateTempSubdirectory("throughline-guide-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "tracing.py"), Guide.Read("python.md").Files["tracing.py"]);
            // Errors are told on the standard error: here they are wanted, and come with the output.
            var start = new ProcessStartInfo("python3", ["-c", "import sys; sys.stderr = sys.stdout\n" + Program]) { WorkingDirectory = folder };
            start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1";
            var output = await Guide.RunAsync(start);

            Assert.Contains("the queue is full", output);
            Assert.Contains("the process ends", output);
            Assert.Matches(@"lost (\d+) of \1\b", output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task JavaGuideIsTraced()
    {
        Assert.SkipUnless(Guide.Has("javac"), "There is no JDK on this machine.");
        await using var server = await ServerUnderTest.StartAsync();
        await SignalsAreOpenAsync(server);
        var trace = await Guide.Read("java.md").RunAsync(server, "java", ["TracedJob.java"]);

        Chain(trace, "my-job", "nightly_report", "load_events");
        Chain(trace, "my-job", "nightly_report", "send_report");
        Assert.Equal("42", await AttributeAsync(server, trace, trace.Only("my-job", "load_events"), "event.count"));
        Assert.Equal("no printer is known", await ExceptionAsync(server, trace, trace.Only("my-job", "send_report")));
        var log = await OnlyLogAsync(server, trace);
        Assert.Equal((trace.Only("my-job", "send_report").SpanId, "warn", "the report is kept until tomorrow"), (Text(log, "spanId"), Text(log, "level"), Text(log, "body")));
    }

    /// <summary>Each span is the one below the span before it, and the first has none above it.</summary>
    private static void Chain(StoredTrace trace, string service, params string[] names)
    {
        var parent = -1;
        foreach (var name in names)
            parent = Assert.Single(trace.Spans, span => span.Service == service && span.Name == name && span.Parent == parent).Row;
    }

    private static async Task<JsonElement> SpanAsync(ServerUnderTest server, StoredTrace trace, StoredSpan span) =>
        Assert.Single((await server.GetAsync($"/api/v1/traces/{trace.Id}/spans/{span.SpanId}")).GetProperty("spans").EnumerateArray());

    private static async Task<JsonElement> OnlyLogAsync(ServerUnderTest server, StoredTrace trace) =>
        Assert.Single((await server.GetAsync($"/api/v1/logs?trace={trace.Id}")).GetProperty("entries").EnumerateArray());

    private static string? Text(JsonElement entry, string property) => entry.GetProperty(property).GetString();

    private static async Task<string?> AttributeAsync(ServerUnderTest server, StoredTrace trace, StoredSpan span, string key) =>
        Value((await SpanAsync(server, trace, span)).GetProperty("attributes"), key);

    private static async Task<string?> ExceptionAsync(ServerUnderTest server, StoredTrace trace, StoredSpan span)
    {
        var exception = Assert.Single((await SpanAsync(server, trace, span)).GetProperty("events").EnumerateArray());
        Assert.Equal("exception", exception.GetProperty("name").GetString());
        Assert.NotEqual("", Value(exception.GetProperty("attributes"), "exception.stacktrace"));
        return Value(exception.GetProperty("attributes"), "exception.message");
    }

    private static string? Value(JsonElement attributes, string key) =>
        Assert.Single(attributes.EnumerateArray(), attribute => attribute.GetProperty("key").GetString() == key).GetProperty("value").ToString();

    /// <summary>Logs and metrics have stores of their own, which may open after the server listens: a program that ends at once would try in vain.</summary>
    private static async Task SignalsAreOpenAsync(ServerUnderTest server)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        foreach (var path in new[] { "/api/v1/logs?limit=0", "/api/v1/metrics" })
            while (true)
            {
                using var response = await server.Http.GetAsync(path, limit.Token);
                if (response.IsSuccessStatusCode) break;
                await tick.WaitForNextTickAsync(limit.Token);
            }
    }

    private static async Task InstallAsync(string folder)
    {
        // npm writes this file last, so it tells whether the packages are those of the lock.
        var installed = new FileInfo(Path.Combine(folder, "node_modules/.package-lock.json"));
        if (installed.Exists && installed.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(folder, "package-lock.json"))) return;
        await Guide.RunAsync(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]) { WorkingDirectory = folder });
    }
}
