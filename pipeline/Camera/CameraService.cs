using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Throughline.Pipeline.Camera;

/// <summary>
/// Runs all cameras and says now and then what became of their images; ends the process when they have sent what they were asked for, or
/// with <see cref="FailedExitCode"/> when one of them fails.
/// </summary>
internal sealed class CameraService(CameraOptions options, FrameRoll frames, IHostApplicationLifetime lifetime, ILogger<CameraService> logger)
    : BackgroundService
{
    /// <summary>The exit code of the process when a camera failed.</summary>
    public const int FailedExitCode = 1;

    private static readonly TimeSpan s_tellEvery = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var uploader = new Uploader(options, TimeProvider.System);
        var (ids, count, pattern) = (options.Ids(), new UploadCount(), new ArrivalPattern(options));
        var rate = options.Rate > 0 ? options.Rate : pattern.ImagesPerSecond * ids.Count;
        Console.WriteLine($"hsi-camera sending: {Named(ids)} to {options.Backend}, {frames.Count} frames, {options.Pattern}, {rate:0.##} images/s");
        var cameras = Task.WhenAll(ids.Select((id, index) => PlayAsync(
            id,
            new(id, frames.Count * index / ids.Count, frames, options, uploader, count, TimeProvider.System, logger),
            pattern.Arrivals(index, ids.Count),
            ending)));
        try
        {
            using var tick = new PeriodicTimer(s_tellEvery);
            while (true)
            {
                // Not cancelled: whoever ends the cameras ends this loop, and nothing that they use is disposed before.
                var ticked = tick.WaitForNextTickAsync(CancellationToken.None).AsTask();
                if (await Task.WhenAny(cameras, ticked) == cameras) break;
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

    /// <summary>Runs one camera to its end. One that fails is told, and ends the others and the process: a load without it would look like the one asked for.</summary>
    private async Task PlayAsync(string id, CameraLoop camera, IEnumerable<Arrival> arrivals, CancellationTokenSource ending)
    {
        try
        {
            await camera.RunAsync(arrivals, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The process ends.
        }
        catch (Exception problem)
        {
            // The boundary of one camera.
            logger.LogCritical(problem, "{Camera} failed, and all cameras end: {Problem}", id, problem.Message);
            Environment.ExitCode = FailedExitCode;
            await ending.CancelAsync();
        }
    }

    private static string Named(IReadOnlyList<string> ids) => ids.Count <= 6 ? string.Join(", ", ids) : $"{ids[0]} to {ids[^1]}";
}
