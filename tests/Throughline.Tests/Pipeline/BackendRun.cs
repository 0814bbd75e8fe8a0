using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Pipeline;

/// <summary>The real server and the real backend as processes of their own, on free ports and empty directories, with whatever detector and analyst a test gives.</summary>
internal sealed partial class BackendRun : IAsyncDisposable
{
    public const string Backend = "hsi-backend";

    private readonly List<PipelineProcess> _processes = [];
    private readonly Dictionary<string, string> _otlp = [];
    private Uri _server = new("http://unset");

    private BackendRun()
    {
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("throughline-backend-").FullName;

    /// <summary>Without trace headers of its own: a tracer of another test, in the same process, would put them in place of those that a test gives.</summary>
    public HttpClient Http { get; } = new(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { Timeout = Patience.Limit };

    public Uri Address { get; private set; } = new("http://unset");

    /// <summary>What the processes said, for the message of a failed test.</summary>
    public string Output => string.Join('\n', _processes.Select(process => process.Output));

    /// <summary>Starts the server, then the backend with these options.</summary>
    public static async Task<BackendRun> StartAsync(params string[] options)
    {
        var run = await WithoutBackendAsync();
        await run.OrDisposeAsync(() => run.StartBackendAsync(options));
        return run;
    }

    /// <summary>Starts the server only; services are started one by one.</summary>
    public static async Task<BackendRun> WithoutBackendAsync()
    {
        var run = new BackendRun();
        await run.OrDisposeAsync(run.StartServerAsync);
        return run;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes)) await process.DisposeAsync();
        Http.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Starts a service of the pipeline and answers where it listens.</summary>
    public async Task<string> ServiceAsync(string folder, string name, params string[] options)
    {
        var process = PipelineProcess.Start(PipelineFiles.Program($"pipeline/{folder}", name), _otlp, ["--urls", "http://127.0.0.1:0", .. options]);
        _processes.Add(process);
        return (await process.LineAsync(ServiceLine())).Groups["http"].Value;
    }

    public async Task StartBackendAsync(params string[] options) =>
        Address = new(await ServiceAsync("Backend", Backend, ["--Events:Database", Path.Combine(Folder, "events.db"), .. options]));

    /// <summary>Asks the process that was started last to end, as Ctrl-C would, and answers its exit code.</summary>
    public async Task<int> StopLastAsync()
    {
        var process = _processes[^1];
        _processes.RemoveAt(_processes.Count - 1);
        await using (process) return await process.StopAsync();
    }

    public Task<Upload> UploadAsync(string camera, ScriptedImage image, bool? sampled = null) => UploadAsync(camera, image.Bytes, image.Id, sampled);

    /// <summary>Sends an image as a camera would; with <paramref name="sampled"/> as a sender that traces and has decided on sampling.</summary>
    public async Task<Upload> UploadAsync(string camera, byte[] bytes, string? id = null, bool? sampled = null, string? baggage = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, $"/api/cameras/{camera}/images")) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        if (id is not null) request.Headers.Add("X-Image-Id", id);
        var sent = $"{Guid.NewGuid():n}";
        if (sampled is { } flag) request.Headers.Add("traceparent", $"00-{sent}-{sent[..16]}-0{(flag ? 1 : 0)}");
        if (baggage is not null) request.Headers.Add("baggage", baggage);
        using var response = await Http.SendAsync(request);
        return new(response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(), sampled is null ? null : sent, response.Content.Headers.ContentType?.MediaType,
            response.Headers.RetryAfter?.ToString());
    }

    /// <summary>Asks until the camera has this many events.</summary>
    public async Task<IReadOnlyList<JsonElement>> EventsAsync(string camera, int count)
    {
        IReadOnlyList<JsonElement> events = [];
        await UntilAsync(async () =>
        {
            var page = await Http.GetFromJsonAsync<JsonElement>(new Uri(Address, $"/api/events?camera={camera}"));
            events = [.. page.GetProperty("events").EnumerateArray()];
            return events.Count >= count;
        }, () => $"{camera} has {events.Count} events, not {count}.");
        return events;
    }

    public async Task<JsonElement> EventAsync(string camera) => Assert.Single(await EventsAsync(camera, 1));

    /// <summary>Asks the server for a trace until it has these spans of the backend.</summary>
    public async Task<StoredTrace> TraceAsync(string id, params string[] spans)
    {
        StoredTrace? trace = null;
        await UntilAsync(async () =>
        {
            using var response = await Http.GetAsync(new Uri(_server, $"/api/v1/traces/{id}"));
            if (response.StatusCode == HttpStatusCode.NotFound) return false;
            trace = new(await response.Content.ReadFromJsonAsync<JsonElement>());
            return spans.All(name => trace.Find(Backend, name) is not null);
        }, () => $"Trace {id} lacks some of {string.Join(", ", spans)}:\n{trace}");
        return trace ?? throw new InvalidOperationException("There is no trace.");
    }

    public async Task<bool> HasTraceAsync(string id)
    {
        using var response = await Http.GetAsync(new Uri(_server, $"/api/v1/traces/{id}"));
        return response.StatusCode == HttpStatusCode.OK;
    }

    public Task<JsonElement> AskServerAsync(string path) => Http.GetFromJsonAsync<JsonElement>(new Uri(_server, path));

    public async Task<IReadOnlyDictionary<string, JsonElement>> AttributesAsync(StoredTrace trace, StoredSpan span) =>
        (await DetailAsync(trace, span)).GetProperty("attributes").EnumerateArray()
            .DistinctBy(entry => entry.GetProperty("key").GetString())
            .ToDictionary(entry => entry.GetProperty("key").GetString() ?? "", entry => entry.GetProperty("value"));

    public async Task<JsonElement> DetailAsync(StoredTrace trace, StoredSpan span) =>
        Assert.Single((await AskServerAsync($"/api/v1/traces/{trace.Id}/spans/{span.SpanId}")).GetProperty("spans").EnumerateArray());

    /// <summary>Asks again and again until the answer is yes; fails when that takes too long, with what <paramref name="else"/> says.</summary>
    public async Task UntilAsync(Func<Task<bool>> question, Func<string> @else)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        Task<bool>? asked = null;
        try
        {
            while (!await (asked = question()).WaitAsync(limit.Token)) await tick.WaitForNextTickAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{(asked is { IsCompletedSuccessfully: true } ? "" : "The last question got no answer. ")}{@else()}\n{Output}");
        }
    }

    /// <summary>What was started by then goes with a start that fails, as nobody else has the run yet.</summary>
    private async Task OrDisposeAsync(Func<Task> start)
    {
        try
        {
            await start();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task StartServerAsync()
    {
        var server = PipelineProcess.Start(PipelineFiles.Program("src/Throughline.Server", "throughline"), new Dictionary<string, string>(),
            "server", "--data", Path.Combine(Folder, "data"), "--http", "http://127.0.0.1:0", "--otlp-grpc", "http://127.0.0.1:0", "--otlp-http", "http://127.0.0.1:0");
        _processes.Add(server);
        var listening = await server.LineAsync(ServerLine());
        _server = new(listening.Groups["http"].Value);
        _otlp["OTEL_EXPORTER_OTLP_ENDPOINT"] = listening.Groups["grpc"].Value;
        _otlp["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
    }

    [GeneratedRegex(@"^listening: http=(?<http>\S+) otlp-grpc=(?<grpc>\S+) otlp-http=(?<otlp>\S+)")]
    private static partial Regex ServerLine();

    [GeneratedRegex(@"^hsi-\w+ listening: http=(?<http>\S+)")]
    private static partial Regex ServiceLine();
}

/// <summary>What the backend answered to an image; <paramref name="SentTrace"/> is the trace that the sender gave.</summary>
internal sealed record Upload(HttpStatusCode Status, JsonElement Answer, string? SentTrace, string? MediaType, string? RetryAfter)
{
    public string Text(string property) => Answer.GetProperty(property).GetString() ?? "";

    public string TraceId => Text("traceId");
}
