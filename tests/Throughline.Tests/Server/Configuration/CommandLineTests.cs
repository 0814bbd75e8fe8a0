using System.Net;
using System.Net.Sockets;
using Throughline.Server.Configuration;

namespace Throughline.Tests.Server.Configuration;

public sealed class CommandLineTests
{
    private static async Task<(int Code, ServerOptions? Options, string Errors)> ParseAsync(params string[] arguments)
    {
        ServerOptions? started = null;
        var errors = new StringWriter();
        var line = new ServerCommandLine((options, _) =>
        {
            started = options;
            return Task.FromResult(0);
        });
        var code = await line.InvokeAsync(arguments, TextWriter.Null, errors);
        return (code, started, errors.ToString());
    }

    [Fact]
    public async Task WithoutOptionsEverythingIsOnThisMachineWithTheUsualPorts()
    {
        var (code, options, _) = await ParseAsync("server");
        Assert.Equal(0, code);
        Assert.NotNull(options);
        Assert.Equal("http://127.0.0.1:16686", options.Http.ToString());
        Assert.Equal("http://127.0.0.1:4317", options.OtlpGrpc.ToString());
        Assert.Equal("http://127.0.0.1:4318", options.OtlpHttp.ToString());
        Assert.Equal("./data", options.Store.Directory);
        Assert.Equal(16 << 20, options.Receive.MaxBodyBytes);
        Assert.Equal(64 << 20, options.Receive.MaxExpandedBodyBytes);
        Assert.True(options.Redact);
        Assert.Null(options.Token);
    }

    [Fact]
    public async Task EveryOptionArrivesWhereItBelongs()
    {
        var (_, options, _) = await ParseAsync("server", "--data", "/x", "--http", "http://[::1]:1", "--otlp-grpc", "http://localhost:2", "--otlp-http", "http://127.0.0.1:0",
            "--grafana-url", "https://g.example/d/1", "--jaeger-url", "http://j.example", "--token", "t", "--no-redact", "--allow-host", "a.example", "--allow-host", "10.0.0.1",
            "--otlp-cors-origin", "https://shop.example", "--max-body-bytes", "2000", "--body-timeout-seconds", "3", "--head-max-spans", "7", "--log-segment-bytes", "8192",
            "--query-timeout-seconds", "9", "--query-max-bytes", "2000000", "--query-helpers", "0");
        Assert.NotNull(options);
        Assert.Equal(("/x", "http://[::1]:1", "http://127.0.0.1:2", "http://127.0.0.1:0"), (options.Store.Directory, options.Http.ToString(), options.OtlpGrpc.ToString(), options.OtlpHttp.ToString()));
        Assert.Equal(("https://g.example/d/1", "http://j.example", "t", false), (options.GrafanaUrl?.OriginalString, options.JaegerUrl?.OriginalString, options.Token, options.Redact));
        Assert.Equal(["a.example", "10.0.0.1"], options.AllowedHosts);
        Assert.Equal(["https://shop.example"], options.OtlpCorsOrigins);
        Assert.Equal((2000, 3d), (options.Receive.MaxBodyBytes, options.Receive.BodyTimeout.TotalSeconds));
        Assert.Equal((2_000_000L, 0), (options.Store.QueryMaxBytes, options.Store.QueryHelpers));
        Assert.Equal((7, 8192L, 9d), (options.Store.HeadMaxSpans, options.Store.LogSegmentBytes, options.Store.SearchTimeLimit.TotalSeconds));
    }

    [Fact]
    public async Task EachSignalHasLimitsOfItsOwn()
    {
        var (_, options, _) = await ParseAsync("server", "--logs-retention", "3d", "--metrics-retention", "0", "--profiles-retention-bytes", "5000", "--logs-head-max-bytes", "70000", "--logs-head-max-age-seconds", "9",
            "--metrics-log-queue-bytes", "5000", "--profiles-cache-bytes", "0");
        Assert.NotNull(options);
        Assert.Equal((TimeSpan.FromDays(3), TimeSpan.Zero, TimeSpan.FromDays(7)), (options.Logs.MaxAge, options.Metrics.MaxAge, options.Profiles.MaxAge));
        Assert.Equal((5000L, 0L), (options.Profiles.MaxBytes, options.Logs.MaxBytes));
        Assert.Equal((70_000L, TimeSpan.FromSeconds(9), 5_000L, 0L), (options.Logs.HeadMaxBytes, options.Logs.HeadMaxAge, options.Metrics.LogQueueBytes, options.Profiles.BlockCacheBytes));
    }

    [Theory]
    [InlineData("7d", 7 * 24)]
    [InlineData("36h", 36)]
    [InlineData("120m", 2)]
    [InlineData("0", 0)]
    public async Task RetentionIsATimeANumberOfTracesAndBytes(string time, int hours)
    {
        var (_, options, _) = await ParseAsync("server", "--retention", time, "--retention-traces", "5", "--retention-bytes", "9000000000", "--max-pinned-traces", "3", "--compact-target-spans", "77", "--compact-merge-bytes", "2000000");
        Assert.NotNull(options);
        Assert.Equal((TimeSpan.FromHours(hours), 5L, 9_000_000_000L), (options.Store.Retention.MaxAge, options.Store.Retention.MaxTraces, options.Store.Retention.MaxBytes));
        Assert.Equal((3, 77L, 2_000_000L), (options.Store.MaxPinnedTraces, options.Store.Compaction.TargetSpans, options.Store.Compaction.MaxMergeBytes));
        Assert.Equal(TimeSpan.FromDays(7), (await ParseAsync("server")).Options?.Store.Retention.MaxAge);
    }

    [Theory]
    [InlineData("--retention takes a whole number with s, m, h or d", "server", "--retention", "7")]
    [InlineData("'1.5d'", "server", "--retention", "1.5d")]
    [InlineData("--logs-retention takes a whole number with s, m, h or d", "server", "--logs-retention", "7")]
    [InlineData("--profiles-head-max-bytes takes a whole number from 65536", "server", "--profiles-head-max-bytes", "1")]
    [InlineData("'-1d'", "server", "--retention", "-1d")]
    [InlineData("'99999999999d'", "server", "--retention", "99999999999d")]
    [InlineData("--http must be a URL", "server", "--http", "foo")]
    [InlineData("TLS", "server", "--http", "https://127.0.0.1:1")]
    [InlineData("more than an address and a port", "server", "--http", "http://127.0.0.1:1/x")]
    [InlineData("names a host", "server", "--http", "http://example.com:1")]
    [InlineData("--token TOKEN", "server", "--http", "http://0.0.0.0:1")]
    [InlineData("--insecure", "server", "--otlp-grpc", "http://10.0.0.1:1")]
    [InlineData("each protocol has its own port", "server", "--http", "http://127.0.0.1:9", "--otlp-http", "http://127.0.0.1:9")]
    [InlineData("from 1024 to", "server", "--max-body-bytes", "1 MB")]
    [InlineData("from 1 to", "server", "--max-requests", "0")]
    [InlineData("at least as large", "server", "--max-expanded-body-bytes", "2000")]
    [InlineData("--forward takes an http or https URL", "server", "--forward", "collector:4317")]
    [InlineData("which gRPC has no use for", "server", "--forward", "http://collector:4317/v1/traces")]
    [InlineData("above 0 and at most 1", "server", "--forward", "http://c", "--forward-share", "3")]
    [InlineData("traces, logs, metrics, with commas between, not 'traces,profiles'", "server", "--forward", "http://c", "--forward-signals", "traces,profiles")]
    [InlineData("traces, logs, metrics, with commas between", "server", "--forward", "http://c", "--forward-signals", "")]
    [InlineData("a GPU cannot be both at once", "server", "--lane-gpu-saturated-percent", "20", "--lane-gpu-starved-percent", "20")]
    [InlineData("from 0 to 100", "server", "--lane-cpu-saturated-percent", "101")]
    [InlineData("above 0 and at most 1", "server", "--forward", "http://c", "--forward-share", "0")]
    [InlineData("drop-oldest or refuse-newest", "server", "--forward", "http://c", "--forward-queue-full", "wait")]
    [InlineData("grpc or http", "server", "--forward", "http://c", "--forward-protocol", "http/json")]
    [InlineData("NAME: VALUE", "server", "--forward", "http://c", "--forward-header", "Bearer x")]
    [InlineData("the protocol's own", "server", "--forward", "http://c", "--forward-header", "Content-Type: x")]
    [InlineData("belong together", "server", "--forward", "https://c", "--forward-cert", "a.pem")]
    [InlineData("without TLS", "server", "--forward", "http://c", "--forward-ca", "a.pem")]
    [InlineData("without a port", "server", "--allow-host", "a.example:80")]
    [InlineData("--otlp-cors-origin", "server", "--otlp-cors-origin", "https://shop.example/")]
    [InlineData("--page-trace-rate takes a number from 0 to 1", "server", "--page-trace-rate", "300%")]
    [InlineData("--page-trace-rate takes a number from 0 to 1", "server", "--page-trace-rate", "1.5")]
    [InlineData("--page-trace-rate takes a number from 0 to 1", "server", "--page-trace-rate", "NaN")]
    [InlineData("--page-trace-rate takes a number from 0 to 1", "server", "--page-trace-rate", "-0.5")]
    [InlineData("http or https URL", "server", "--grafana-url", "javascript:alert(1)")]
    [InlineData("'--bogus'", "server", "--bogus")]
    [InlineData("'serve'", "serve")]
    [InlineData("command", new string[0])]
    public async Task WhatCannotBeIsOneLineAndExitCode2(string says, params string[] arguments)
    {
        var (code, options, errors) = await ParseAsync(arguments);
        Assert.Equal(2, code);
        Assert.Null(options);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
        if (says == "--http must be a URL") Assert.Contains("is not a URL such as", errors);
        else Assert.Contains(says, errors);
    }

    [Theory]
    [InlineData("--token", "t")]
    [InlineData("--insecure", null)]
    public async Task BeyondThisMachineIsReachedWithATokenOrKnowingly(string option, string? value)
    {
        var (code, options, _) = await ParseAsync([.. new[] { "server", "--http", "http://0.0.0.0:1", option, value }.OfType<string>()]);
        Assert.Equal(0, code);
        Assert.False(options?.Http.IsLoopback);
    }

    [Fact]
    public async Task TheProcessSaysWhereItListensTakesSpansAndEndsCleanly()
    {
        using var directory = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync("--data", directory.Path);
        Assert.Matches(@"^listening: http=http://127\.0\.0\.1:\d+ otlp-grpc=http://127\.0\.0\.1:\d+ otlp-http=http://127\.0\.0\.1:\d+$", server.ListeningLine);
        using var client = new HttpClient();
        var sent = await client.PostAsync(server.OtlpHttp + "/v1/traces", new StringContent(Export.OneSpan(1), System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(server.Http + "/health/ready")).StatusCode);
        var (code, output, errors) = await server.TerminateAsync();
        Assert.Equal((0, "", ""), (code, output, errors));

        using var again = await ServerProcess.StartAsync("--data", directory.Path);
        Assert.Contains(Export.Trace(1), await client.GetStringAsync(again.Http + "/api/v1/search"));
        Assert.Equal(0, (await again.TerminateAsync()).Code);
    }

    [Fact]
    public async Task ASecondServerOnTheSameDirectoryIsRefused()
    {
        using var directory = new TemporaryDirectory();
        using var first = await ServerProcess.StartAsync("--data", directory.Path);
        var (code, output, errors) = await ServerProcess.RunAsync("--data", directory.Path);
        AssertOneClearLine(code, output, errors, directory.Path, "in use by another process");
        using var client = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(first.Http + "/health/ready")).StatusCode);
        Assert.Equal(0, (await first.TerminateAsync()).Code);
    }

    [Fact]
    public async Task APortInUseIsNamedWithItsOption()
    {
        using var directory = new TemporaryDirectory();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://{listener.LocalEndpoint}";
        var (code, output, errors) = await ServerProcess.RunAsync("--data", directory.Path, "--otlp-http", url);
        AssertOneClearLine(code, output, errors, url, "--otlp-http");
    }

    [Fact]
    public async Task ADataDirectoryThatCannotBeIsNamed()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "file");
        await File.WriteAllTextAsync(file, "");
        var (code, output, errors) = await ServerProcess.RunAsync("--data", file);
        AssertOneClearLine(code, output, errors, file, "data directory");
    }

    private static void AssertOneClearLine(int code, string output, string errors, params string[] says)
    {
        Assert.NotEqual(0, code);
        Assert.Equal("", output);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
        foreach (var part in says) Assert.Contains(part, errors);
        Assert.DoesNotContain("   at ", errors);
    }
}
