using System.Net.Http.Headers;

namespace Throughline.Pipeline.Camera;

/// <summary>What became of an image: the status of the last answer, null when there was none, and why the image is lost if it is.</summary>
internal sealed record UploadOutcome(int? Status, int Attempts, string? Problem);

/// <summary>
/// Sends images to the backend. One that is not answered in time, or with 5xx, is sent again with the same id, so that the backend knows
/// it if it has it already. Thread-safe; owns its connections.
/// </summary>
internal sealed class Uploader(CameraOptions options, TimeProvider time) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    public void Dispose() => _http.Dispose();

    public async Task<UploadOutcome> SendAsync(string camera, CameraImage image, CancellationToken cancellation)
    {
        var pause = TimeSpan.FromSeconds(options.RetryPauseSeconds);
        for (var attempt = 1; ; attempt++)
        {
            var (outcome, wait) = await TryAsync(camera, image, attempt, cancellation);
            var worthAnotherTry = outcome.Problem is not null && outcome.Status is null or >= 500;
            if (!worthAnotherTry || attempt == options.Attempts) return outcome;
            await Task.Delay(wait > pause ? wait : pause, time, cancellation);
            pause *= 2;
        }
    }

    private async Task<(UploadOutcome Outcome, TimeSpan Wait)> TryAsync(string camera, CameraImage image, int attempt, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{options.Backend.GetLeftPart(UriPartial.Path).TrimEnd('/')}/api/cameras/{camera}/images"))
        {
            Content = new ByteArrayContent(image.Jpeg) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } },
        };
        request.Headers.Add("X-Image-Id", image.Id);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(options.TimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            if (response.IsSuccessStatusCode) return (new(status, attempt, null), TimeSpan.Zero);
            var problem = $"the backend answered {status}: {Shortened(await response.Content.ReadAsStringAsync(either.Token))}";
            return (new(status, attempt, problem), response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero);
        }
        catch (HttpRequestException problem)
        {
            return (new(null, attempt, problem.Message), TimeSpan.Zero);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (new(null, attempt, $"it did not answer in {options.TimeoutSeconds} s"), TimeSpan.Zero);
        }
    }

    private static string Shortened(string text) => text.Length <= 300 ? text : text[..300] + "...";
}
