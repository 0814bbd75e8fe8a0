namespace Throughline.Tests.Pipeline;

/// <summary>The test classes that share one backend, one after the other.</summary>
[CollectionDefinition(nameof(ScriptedBackend))]
public sealed class ScriptedBackendCollection : ICollectionFixture<ScriptedBackend>;

/// <summary>One backend for many tests: each has a camera of its own, and a batch closes with its third image or at once with an urgent one.</summary>
public sealed class ScriptedBackend : IAsyncLifetime
{
    public const int BatchSize = 3, WindowSeconds = 45, IdleSeconds = 40, MaximumBytes = 256 * 1024;

    private static readonly string[] s_cameras =
    [
        "sampled-some", "sampled-none", "retried-detection", "retried-upload", "same-id", "bad-input", "odd-detector", "analyst-prose", "analyst-score",
        "analyst-level", "analyst-hollow", "baggage", "quiet", "paged", "levels", "analyst-prose-levels", "times", "shown", "watched", "missed", "traced", "counted",
        "overtaken", "overtaking", "forgotten", "stranger", "known",
    ];

    internal BackendRun Run { get; private set; } = null!;

    internal ScriptedServices Services { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Services = await ScriptedServices.StartAsync();
        try
        {
            Run = await BackendRun.StartAsync([
                "--Detector:Url", Services.Url, "--Analyst:Url", Services.Url, "--Detector:PauseSeconds", "0.01", "--Pipeline:Detections", "1",
                "--Batch:WindowSeconds", $"{WindowSeconds}", "--Batch:IdleSeconds", $"{IdleSeconds}", "--Batch:MaximumSize", $"{BatchSize}",
                "--Upload:MaximumBytes", $"{MaximumBytes}", "--Cameras:baggage:Priority", "high", .. s_cameras.SelectMany(camera => new[] { $"--Cameras:{camera}", $"The {camera}" }),
            ]);
        }
        catch
        {
            // Nobody disposes of a fixture that did not come to be.
            await Services.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Run.DisposeAsync();
        await Services.DisposeAsync();
    }
}
