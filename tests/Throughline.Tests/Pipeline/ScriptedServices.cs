using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Throughline.Tests.Pipeline;

/// <summary>
/// A detector and an analyst over real HTTP that answer what the image or the camera asks for: answers that the real ones give only when
/// something is wrong with them. They make no spans. What they were sent is kept.
/// </summary>
internal sealed class ScriptedServices : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, int> _tries = [];

    private volatile Gate? _hold;

    private ScriptedServices(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    /// <summary>The headers of the requests that came in, with their path and the script or the camera that they were about.</summary>
    public ConcurrentQueue<ScriptedRequest> Requests { get; } = [];

    public static async Task<ScriptedServices> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var services = new ScriptedServices(builder.Build());
        services._app.MapPost("/detect", services.Detect);
        services._app.MapPost("/analyze", services.Analyze);
        await services._app.StartAsync();
        return services;
    }

    /// <summary>From now on detections are not answered, until the result is disposed.</summary>
    public IDisposable Hold() => _hold = new();

    /// <summary>Until a detection waits.</summary>
    public Task HeldAsync() => _hold is { } hold ? hold.Entered.Task.WaitAsync(Patience.Limit) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task<IResult> Detect(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var (script, name) = ScriptedImage.Read(body.ToArray());
        Keep(request, script);
        if (_hold is { } hold) await hold.PassAsync();
        var attempt = _tries.AddOrUpdate(name, 0, (_, before) => before + 1);
        return script switch
        {
            "person" => Found(0.7),
            "urgent" => Found(0.95),
            "nothing" => Json("""{"model":"scripted","modelVersion":"1","detections":[]}"""),
            "busy-then-urgent" => attempt == 0
                ? Results.Problem(statusCode: 503, detail: "The queue is full.", extensions: new Dictionary<string, object?> { ["errorType"] = "overloaded" })
                : Found(0.95),
            "nan" => Json("""{"model":"scripted","modelVersion":"1","detections":[{"class":"person","confidence":NaN}]}"""),
            "too-sure" => Json("""{"model":"scripted","modelVersion":"1","detections":[{"class":"person","confidence":7}]}"""),
            "no-class" => Json("""{"model":"scripted","modelVersion":"1","detections":[{"confidence":0.5}]}"""),
            "no-detections" => Json("""{"model":"scripted","modelVersion":"1"}"""),
            "null-detection" => Json("""{"model":"scripted","modelVersion":"1","detections":[null]}"""),
            "html" => Results.Text("<html>It works!</html>", "text/html"),
            _ => throw new ArgumentException($"No script is called '{script}'."),
        };

        static IResult Found(double confidence) => Results.Json(new
        {
            model = "scripted", modelVersion = "1", detections = new[] { new { @class = "person", confidence } },
        });
    }

    private async Task<IResult> Analyze(HttpRequest request)
    {
        using var batch = await JsonDocument.ParseAsync(request.Body);
        var camera = batch.RootElement.GetProperty("cameraId").GetString() ?? "";
        Keep(request, camera);
        return camera switch
        {
            "analyst-prose" or "analyst-prose-levels" => Results.Text("I would say that all is well.", "text/plain"),
            "analyst-score" => Json("""{"model":"scripted","riskScore":900,"riskLevel":"high","summary":"s","reasoning":"r"}"""),
            "analyst-level" => Json("""{"model":"scripted","riskScore":9,"riskLevel":"fine","summary":"s","reasoning":"r"}"""),
            "analyst-hollow" => Json("""{"model":"scripted","riskScore":9,"riskLevel":"low","summary":" ","reasoning":"r"}"""),
            _ => Json("""{"model":"scripted","riskScore":64,"riskLevel":"high","summary":"A person at the door.","reasoning":"Because."}"""),
        };
    }

    private void Keep(HttpRequest request, string about) =>
        Requests.Enqueue(new(request.Path, about, request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString())));

    private sealed class Gate : IDisposable
    {
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task PassAsync()
        {
            Entered.TrySetResult();
            return _open.Task;
        }

        public void Dispose() => _open.TrySetResult();
    }

    private static IResult Json(string text) => Results.Text(text, "application/json");
}

internal sealed record ScriptedRequest(string Path, string About, IReadOnlyDictionary<string, string> Headers);
