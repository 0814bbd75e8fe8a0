using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Throughline.Pipeline.Camera;

/// <summary>
/// Runs all cameras and says now and then what became of their images; ends the process when they have sent what they were asked for.
/// </summary>
internal sealed class CameraService(CameraOptions options, FrameRoll frames, IHostApplicationLifetime lifetime, ILogger<CameraService> logger)
    : BackgroundService
{
    private static readonly TimeSpan s_tellEvery = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var uploader = new Uploader(options, TimeProvider.System);
        var (ids, count, pattern) = (options.Ids(), new UploadCount(), new ArrivalPattern(options));
        var rate = options.Rate > 0 ? options.Rate : pattern.ImagesPerSecond * ids.Count;
        Console.WriteLine($"hsi-camera sending: {Named(ids)} to {options.Backend}, {frames.Count} frames, {options.Pattern}, {rate:0.##} images/s");
        var cameras = Task.WhenAll(ids.Select((id, index) =>
            new CameraLoop(id, frames.Count * index / ids.Count, frames, options, uploader, count, TimeProvider.System, logger)
                .RunAsync(pattern.Arrivals(index, ids.Count), stoppingToken)));
        try
        {
            using var tick = new PeriodicTimer(s_tellEvery);
            while (true)
            {
                var ticked = tick.WaitForNextTickAsync(stoppingToken).AsTask();
                if (await Task.WhenAny(cameras, ticked) == cameras) break;
                await ticked;
                logger.LogInformation("{Count}", count);
            }
            await cameras;
        }
        finally
        {
            Console.WriteLine($"hsi-camera sent: {count}");
        }
        lifetime.StopApplication();
    }

    private static string Named(IReadOnlyList<string> ids) => ids.Count <= 6 ? string.Join(", ", ids) : $"{ids[0]} to {ids[^1]}";
}
