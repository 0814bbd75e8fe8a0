using Microsoft.Extensions.Logging;

namespace Throughline.Pipeline.Camera;

/// <summary>
/// One camera: plays the frames at the times of its pattern. A plain device that knows nothing of tracing. Runs on its own until cancelled.
/// </summary>
internal sealed class CameraLoop(
    string name, int first, FrameRoll frames, CameraOptions options, Uploader uploader, UploadCount count, TimeProvider time, ILogger logger)
{
    /// <summary>A camera that is so far behind its pattern gives the images up that it should have sent by now.</summary>
    private static readonly TimeSpan s_farBehind = TimeSpan.FromSeconds(2);

    private int _next = first;
    private bool _unheard;

    /// <summary>Sends images as they arrive, until the options' number of bursts is full.</summary>
    public async Task RunAsync(IEnumerable<Arrival> arrivals, CancellationToken cancellation)
    {
        var (bursts, due) = (0, time.GetUtcNow());
        foreach (var arrival in arrivals)
        {
            if (arrival.NewBurst && options.Bursts > 0 && bursts++ == options.Bursts) return;
            due += TimeSpan.FromSeconds(arrival.AfterSeconds);
            var now = time.GetUtcNow();
            if (due > now) await Task.Delay(due - now, time, cancellation);
            else if (now - due > s_farBehind && options.Bursts == 0)
            {
                count.Skip();
                _next++;
                continue;
            }
            await SendAsync(cancellation);
        }
    }

    /// <summary>A camera has no memory: an image that isn't taken is gone, and the log says so once until the backend is heard of again.</summary>
    private async Task SendAsync(CancellationToken cancellation)
    {
        var image = await frames.TakeAsync(name, _next++, cancellation);
        var outcome = await uploader.SendAsync(name, image, cancellation);
        count.Add(outcome);
        if (outcome.Status is not null) _unheard = false;
        if (outcome.Problem is not { } problem) return;
        if (outcome.Status is null)
        {
            if (!_unheard) logger.LogWarning("{Camera}: the backend is not heard of, images are lost: {Problem}", name, problem);
            _unheard = true;
            return;
        }
        if (outcome.Status == 503) logger.LogDebug("{Camera}: image {Image} is lost: {Problem}", name, image.Id, problem);
        else logger.LogWarning("{Camera}: image {Image} was refused: {Problem}", name, image.Id, problem);
    }
}
