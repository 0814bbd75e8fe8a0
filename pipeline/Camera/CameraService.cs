using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Throughline.Pipeline.Camera;

/// <summary>Runs all cameras; ends the process when they have sent what they were asked for.</summary>
internal sealed class CameraService(CameraOptions options, IReadOnlyList<string> frames, IHostApplicationLifetime lifetime, ILogger<CameraService> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        string[] names = options.Names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Console.WriteLine($"hsi-camera sending: {string.Join(", ", names)} to {options.Backend}, {frames.Count} frames");
        await Task.WhenAll(names.Select((name, index) =>
            new CameraLoop(name, frames.Count * index / names.Length, frames, options, http, TimeProvider.System, logger)
                .RunAsync(TimeSpan.FromSeconds(options.PauseSeconds * index / names.Length), stoppingToken)));
        lifetime.StopApplication();
    }
}
