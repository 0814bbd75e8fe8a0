using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace Throughline.Pipeline.Camera;

/// <summary>One camera: sends bursts of frames to the backend. A plain device that knows nothing of tracing. Runs on its own until cancelled.</summary>
internal sealed class CameraLoop(
    string name, int first, IReadOnlyList<string> frames, CameraOptions options, HttpClient http, TimeProvider time, ILogger logger)
{
    private bool _unheard;

    /// <summary>Sends the bursts that the options ask for, the first one after <paramref name="delay"/>.</summary>
    public async Task RunAsync(TimeSpan delay, CancellationToken cancellation)
    {
        await Task.Delay(delay, time, cancellation);
        var next = first;
        int[] sizes = [.. options.BurstSizes.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        for (var burst = 0; options.Bursts == 0 || burst < options.Bursts; burst++)
        {
            if (burst > 0) await Task.Delay(TimeSpan.FromSeconds(options.PauseSeconds), time, cancellation);
            for (var image = 0; image < sizes[burst % sizes.Length]; image++)
            {
                if (image > 0) await Task.Delay(TimeSpan.FromSeconds(options.IntervalSeconds), time, cancellation);
                await SendAsync(frames[next++ % frames.Count], cancellation);
            }
        }
    }

    /// <summary>A camera has no memory: an image that isn't taken is gone, and the log says so once until the backend is heard of again.</summary>
    private async Task SendAsync(string frame, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(frame, cancellation));
        content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        try
        {
            using var response = await http.PostAsync(new Uri(options.Backend, $"/api/cameras/{name}/images"), content, cancellation);
            if (response.IsSuccessStatusCode) _unheard = false;
            else logger.LogWarning("{Camera}: the backend answered {Status} to {Frame}", name, (int)response.StatusCode, Path.GetFileName(frame));
        }
        catch (HttpRequestException problem)
        {
            if (!_unheard) logger.LogWarning("{Camera}: the backend can't be reached, images are lost: {Problem}", name, problem.Message);
            _unheard = true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning("{Camera}: the backend did not answer in {Seconds} s", name, http.Timeout.TotalSeconds);
        }
    }
}
