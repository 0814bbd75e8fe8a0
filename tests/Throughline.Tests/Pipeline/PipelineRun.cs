using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Pipeline;

/// <summary>
/// One run of everything: the real server on an empty directory and the four real processes, on free ports, until the cameras have sent their images and
/// the run has what it waits for. Then the services are stopped, as Ctrl-C would, and only then is the server asked: each service sends its spans when it
/// likes, so nothing but their end says that all of a trace is there.
/// </summary>
public sealed partial class PipelineRun : IAsyncLifetime
{
    /// <summary>What the cameras send in all.</summary>
    public const int Images = 6;

    /// <summary>Long beside the time between two images, also on a busy machine, and short beside the design's 30 s.</summary>
    public const double IdleSeconds = 3;

    /// <summary>What the fault's launcher or a test gives each service, beside what every run gives; no detector at all when null.</summary>
    internal string[]? DetectorOptions { get; init; } = [];

    internal string[] AnalystOptions { get; init; } = [];

    internal string[] BackendOptions { get; init; } = [];

    /// <summary>The fault that every service is told of; null for none.</summary>
    internal string? Fault { get; init; }

    /// <summary>Images of a run with a fault: three each of two cameras, a second after which their batches are closed, until the run has what it waits for.</summary>
    internal Func<PipelineRun, Task<bool>>? Until { get; init; }

    /// <summary>What a test asks of the services themselves, before they are stopped.</summary>
    internal Func<PipelineRun, Task>? BeforeTheEnd { get; init; }

    /// <summary>The events that the backend had at the end.</summary>
    internal IReadOnlyList<JsonElement> Events { get; private set; } = [];

    /// <summary>The exit codes of the services, in the order in which they were stopped: camera, backend, analyst, detector.</summary>
    internal IReadOnlyList<int> ExitCodes { get; private set; } = [];

    /// <summary>Where hsi-nemotron listens.</summary>
    internal Uri Analyst { get; private set; } = new("http://unset");

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-pipeline-").FullName;
    private readonly List<PipelineProcess> _processes = [];
    private readonly HttpClient _http = new();
    private readonly Socket _nobody = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private Uri _server = new("http://unset");
    private Uri _backend = new("http://unset");

    public async ValueTask InitializeAsync()
    {
        try
        {
            await RunAsync();
            Events = [.. (await _http.GetFromJsonAsync<JsonElement>(new Uri(_backend, "/api/events"))).GetProperty("events").EnumerateArray()];
            if (BeforeTheEnd is not null) await BeforeTheEnd(this);
            ExitCodes = await StopServicesAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task RunAsync()
    {
        var server = Start(PipelineFiles.Program("src/Throughline.Server", "throughline"), [],
            "server", "--data", Path.Combine(_folder, "data"), "--http", "http://127.0.0.1:0", "--otlp-grpc", "http://127.0.0.1:0", "--otlp-http", "http://127.0.0.1:0");
        var listening = await server.LineAsync(ServerLine());
        _server = new(listening.Groups["http"].Value);
        Dictionary<string, string> otlp = new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = listening.Groups["grpc"].Value, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
        };
        string[] fault = Fault is null ? [] : ["--Fault", Fault];
        var detector = DetectorOptions is null
            ? NobodysAddress()
            : await Service("Yolo26", "hsi-yolo26", otlp, ["--Model:Path", PipelineFiles.Model, .. fault, .. DetectorOptions]);
        Analyst = new(await Service("Nemotron", "hsi-nemotron", otlp, [.. fault, .. AnalystOptions]));
        _backend = new(await Service("Backend", "hsi-backend", otlp, ["--Detector:Url", detector, "--Analyst:Url", Analyst.AbsoluteUri,
            "--Events:Database", Path.Combine(_folder, "events.db"), "--Batch:WindowSeconds", "20",
            "--Batch:IdleSeconds", Fault is null ? $"{IdleSeconds}" : "1",
            // A first try that is too slow would be a second one in the traces.
            "--Detector:TimeoutSeconds", "60", .. fault, .. BackendOptions]));
        var camera = Start(PipelineFiles.Program("pipeline/Camera", "hsi-camera"), [], ["--Camera:Backend", _backend.AbsoluteUri,
            "--Camera:Frames", PipelineFiles.Frames, "--Camera:BurstSizes", "3", "--Camera:Bursts", "1", "--Camera:IntervalSeconds", "0.3",
            "--Camera:PauseSeconds", "0", "--Camera:TimeoutSeconds", "60", .. fault]);
        Assert.Equal(0, await camera.EndAsync());
        await WaitForEnoughAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes)) await process.DisposeAsync();
        _processes.Clear();
        _http.Dispose();
        _nobody.Dispose();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    internal async Task<IReadOnlyList<StoredTrace>> TracesAsync(string operation)
    {
        var found = await GetAsync($"/api/v1/search?operation={Uri.EscapeDataString(operation)}&limit=100");
        var traces = new List<StoredTrace>();
        foreach (var trace in found.GetProperty("traces").EnumerateArray())
            traces.Add(new(await GetAsync($"/api/v1/traces/{trace.GetProperty("traceId").GetString()}")));
        return traces;
    }

    /// <summary>The attributes of a span, by key, as the span's detail tells them.</summary>
    internal async Task<IReadOnlyDictionary<string, JsonElement>> AttributesAsync(StoredTrace trace, StoredSpan span) =>
        (await DetailAsync(trace, span)).GetProperty("attributes").EnumerateArray()
            .ToDictionary(entry => entry.GetProperty("key").GetString() ?? "", entry => entry.GetProperty("value"));

    internal async Task<JsonElement> DetailAsync(StoredTrace trace, StoredSpan span) =>
        Assert.Single((await GetAsync($"/api/v1/traces/{trace.Id}/spans/{span.SpanId}")).GetProperty("spans").EnumerateArray());

    internal Task<JsonElement> GetAsync(string path) => _http.GetFromJsonAsync<JsonElement>(new Uri(_server, path));

    /// <summary>Stops the pipeline's services as Ctrl-C would, the backend first, and answers their exit codes.</summary>
    private async Task<IReadOnlyList<int>> StopServicesAsync()
    {
        var codes = new List<int>();
        foreach (var process in Enumerable.Reverse(_processes.Skip(1))) codes.Add(await process.StopAsync());
        return codes;
    }

    private async Task WaitForEnoughAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (!await (Until ?? EveryImageIsDone)(this)) await tick.WaitForNextTickAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"After {Patience.Limit.TotalMinutes} minutes the server has {await CountAsync("Process Detection")} traces of {Images} images, "
                + $"{await CountAsync("save_event", "await_analysis")} of them done.\n" + string.Join("\n", _processes.Select(process => process.Output)));
        }
    }

    /// <summary>Every image's trace has what the backend does last: the saved event, or the wait for the analysis that another trace tells.</summary>
    internal static async Task<bool> EveryImageIsDone(PipelineRun run) => await run.CountAsync("save_event", "await_analysis") == Images;

    /// <summary>How many traces have a span of one of the operations.</summary>
    internal async Task<int> CountAsync(params string[] operations) =>
        (await GetAsync($"/api/v1/search?{string.Join('&', operations.Select(name => $"operation={Uri.EscapeDataString(name)}"))}&limit=1"))
        .GetProperty("total").GetProperty("value").GetInt32();

    /// <summary>An address at which nobody listens and, while the run lives, nobody else can.</summary>
    private string NobodysAddress()
    {
        _nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return $"http://{_nobody.LocalEndPoint}";
    }

    private async Task<string> Service(string folder, string name, Dictionary<string, string> environment, params string[] options)
    {
        var process = Start(PipelineFiles.Program($"pipeline/{folder}", name), environment, ["--urls", "http://127.0.0.1:0", .. options]);
        return (await process.LineAsync(ServiceLine())).Groups["http"].Value;
    }

    private PipelineProcess Start(string program, Dictionary<string, string> environment, params string[] arguments)
    {
        var process = PipelineProcess.Start(program, environment, arguments);
        _processes.Add(process);
        return process;
    }

    [GeneratedRegex(@"^listening: http=(?<http>\S+) otlp-grpc=(?<grpc>\S+) otlp-http=(?<otlp>\S+)")]
    private static partial Regex ServerLine();

    [GeneratedRegex(@"^hsi-\w+ listening: http=(?<http>\S+)")]
    private static partial Regex ServiceLine();
}
