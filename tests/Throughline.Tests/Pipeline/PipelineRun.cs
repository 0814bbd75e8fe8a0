using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Pipeline;

/// <summary>One run of everything: the real server on an empty directory and the four real processes, on free ports, until the cameras have sent their images.</summary>
public sealed partial class PipelineRun : IAsyncLifetime
{
    /// <summary>What the cameras send in all.</summary>
    public const int Images = 6;

    /// <summary>Long beside the time between two images, also on a busy machine, and short beside the design's 30 s.</summary>
    public const double IdleSeconds = 3;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-pipeline-").FullName;
    private readonly List<PipelineProcess> _processes = [];
    private readonly HttpClient _http = new();
    private Uri _server = new("http://unset");
    private Uri _backend = new("http://unset");

    public async ValueTask InitializeAsync()
    {
        var server = Start(PipelineFiles.Program("src/Throughline.Server", "throughline"), [],
            "server", "--data", Path.Combine(_folder, "data"), "--http", "http://127.0.0.1:0", "--otlp-grpc", "http://127.0.0.1:0", "--otlp-http", "http://127.0.0.1:0");
        var listening = await server.LineAsync(ServerLine());
        _server = new(listening.Groups["http"].Value);
        Dictionary<string, string> otlp = new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = listening.Groups["grpc"].Value, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
        };
        var detector = await Service("Yolo26", "hsi-yolo26", otlp, "--Model:Path", PipelineFiles.Model);
        var analyst = await Service("Nemotron", "hsi-nemotron", otlp);
        _backend = new(await Service("Backend", "hsi-backend", otlp, "--Detector:Url", detector, "--Analyst:Url", analyst,
            "--Events:Database", Path.Combine(_folder, "events.db"), "--Batch:WindowSeconds", "20", "--Batch:IdleSeconds", $"{IdleSeconds}",
            // A first try that is too slow would be a second one in the traces.
            "--Detector:TimeoutSeconds", "60"));
        var camera = Start(PipelineFiles.Program("pipeline/Camera", "hsi-camera"), [], "--Camera:Backend", _backend.AbsoluteUri,
            "--Camera:Frames", PipelineFiles.Frames, "--Camera:BurstSizes", "3", "--Camera:Bursts", "1", "--Camera:IntervalSeconds", "0.3",
            "--Camera:PauseSeconds", "0");
        Assert.Equal(0, await camera.EndAsync());
        await WaitForWholeTraces();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes)) await process.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
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

    internal async Task<IReadOnlyList<JsonElement>> EventsAsync() =>
        [.. (await _http.GetFromJsonAsync<JsonElement>(new Uri(_backend, "/api/events"))).GetProperty("events").EnumerateArray()];

    /// <summary>Stops the pipeline's services as Ctrl-C would, the backend first, and answers their exit codes.</summary>
    internal async Task<IReadOnlyList<int>> StopServicesAsync()
    {
        var codes = new List<int>();
        foreach (var process in Enumerable.Reverse(_processes.Skip(1))) codes.Add(await process.StopAsync());
        return codes;
    }

    /// <summary>Until every image's trace has its end: the saved event, or the wait for the analysis that another trace tells.</summary>
    private async Task WaitForWholeTraces()
    {
        using var limit = new CancellationTokenSource(s_patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        var (ended, seen) = (0, 0);
        try
        {
            while (ended < Images)
            {
                await tick.WaitForNextTickAsync(limit.Token);
                seen = (await GetAsync("/api/v1/search?operation=Process%20Detection&limit=1")).GetProperty("total").GetProperty("value").GetInt32();
                ended = (await GetAsync("/api/v1/search?operation=save_event&operation=await_analysis&limit=1")).GetProperty("total").GetProperty("value").GetInt32();
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"After {s_patience.TotalMinutes} minutes the server has {seen} traces of {Images} images, {ended} of them whole.\n"
                + string.Join("\n", _processes.Select(process => process.Output)));
        }
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
