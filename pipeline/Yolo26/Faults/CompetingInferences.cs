using Throughline.Pipeline.Yolo26.Detection;

namespace Throughline.Pipeline.Yolo26.Faults;

/// <summary>
/// The fault <c>detector-overload</c>: somebody else's work keeps every turn of the detector with real inferences, again and again, so
/// that images wait until their caller's time is over. Each such turn is a trace of its own (<c>competing_inferences</c>).
/// </summary>
internal sealed class CompetingInferences(
    Detector detector, DetectorOptions detection, OverloadOptions overload, TimeProvider time, ILogger<CompetingInferences> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.LogWarning("The fault {Fault} is on: for {Hold} s at a time, other inferences take every turn.", Fault.DetectorOverload, overload.HoldSeconds);
        return Task.WhenAll(Enumerable.Range(0, detection.Parallel).Select(_ => Task.Run(() => Compete(stoppingToken), CancellationToken.None)));
    }

    private async Task Compete(CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                await detector.OccupyAsync(TimeSpan.FromSeconds(overload.HoldSeconds), stopping);
                await Task.Delay(TimeSpan.FromSeconds(overload.RestSeconds), time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.LogInformation("The service stops, and the competing inferences with it.");
        }
    }
}
