using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Throughline.Telemetry.Profiling;

/// <summary>
/// Sends profiles to a Throughline server (POST /api/v1/profiles), one after the other, beside the taking of the next. What the server can't take now is tried again until its time is over; what is dropped is
/// counted and told. Owned by the profile service.
/// </summary>
internal sealed class ProfileSender : IAsyncDisposable
{
    /// <summary>Time that is left to what waits when the host stops.</summary>
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_firstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(10);

    private readonly Channel<Waiting> _queue;
    private readonly HttpClient _client;
    private readonly Uri _target;
    private readonly string _service;
    private readonly TimeSpan _patience;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private long _sent;
    private long _dropped;
    private string? _complaint;

    public ProfileSender(ProfileOptions options, string service, ILogger logger, TimeProvider time)
    {
        (_target, _service, _patience, _logger, _time) = (options.Target(), service, TimeSpan.FromSeconds(options.DeliverySeconds), logger, time);
        // Without what sending has no use for: cookies, redirections, and spans of its own, which would be profiled.
        _client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null }) { Timeout = TimeSpan.FromSeconds(30) };
        foreach (var (name, value) in options.HeaderList()) _client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.QueueLimit) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        _loop = Task.Run(SendAllAsync);
    }

    private sealed record Waiting(byte[] Body, DateTimeOffset Start, TimeSpan Duration, DateTimeOffset Until);

    /// <summary>Where profiles go.</summary>
    public Uri Target => _target;

    /// <summary>Profiles that the server has taken.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Profiles that were given up.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes a profile to be sent; never waits. One above the queue's limit is dropped.</summary>
    public void Offer(ReadOnlySpan<byte> profile, DateTimeOffset start, TimeSpan duration)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(profile);
        if (!_queue.Writer.TryWrite(new Waiting(packed.ToArray(), start, duration, _time.GetUtcNow() + _patience))) Drop("the profiles before it still wait to be sent");
    }

    /// <summary>Gives what waits a few seconds, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        try
        {
            await _loop.WaitAsync(s_goodbye, _time);
        }
        catch (TimeoutException)
        {
            await _stop.CancelAsync();
            await _loop;
        }
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task SendAllAsync()
    {
        await foreach (var waiting in _queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (await SendAsync(waiting) is { } reason)
            {
                Drop(reason);
                continue;
            }
            Interlocked.Increment(ref _sent);
            if (_complaint is not null) _logger.LogInformation("Profiles are sent again to {Target}; {Dropped} were dropped.", _target, Dropped);
            _complaint = null;
        }
    }

    /// <summary>Sends one until it is taken; answers why it was not.</summary>
    private async Task<string?> SendAsync(Waiting waiting)
    {
        for (var wait = s_firstWait; ; wait = wait * 2 < s_longestWait ? wait * 2 : s_longestWait)
        {
            var (reason, after, isFinal) = await TryAsync(waiting);
            if (reason is null || isFinal) return reason;
            var delay = after ?? wait;
            if (_stop.IsCancellationRequested || _time.GetUtcNow() + delay > waiting.Until) return reason;
            try
            {
                await Task.Delay(delay, _time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return reason;
            }
        }
    }

    private async Task<(string? Reason, TimeSpan? After, bool IsFinal)> TryAsync(Waiting waiting)
    {
        try
        {
            using var content = new ByteArrayContent(waiting.Body);
            content.Headers.ContentType = new("application/octet-stream");
            using var response = await _client.PostAsync(AddressOf(waiting), content, _stop.Token);
            if (response.IsSuccessStatusCode) return (null, null, true);
            var said = await response.Content.ReadAsStringAsync(_stop.Token);
            var reason = $"the server answered {(int)response.StatusCode}{(said.Length == 0 ? "" : $": {(said.Length <= 300 ? said : said[..300])}")}";
            // What the server refuses it would refuse again; what it can't take now it may take later.
            var isLater = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)response.StatusCode >= 500;
            return (reason, response.Headers.RetryAfter?.Delta, !isLater);
        }
        catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException or IOException)
        {
            return (problem.Message, null, false);
        }
    }

    private Uri AddressOf(Waiting waiting)
    {
        static string Nanos(DateTimeOffset time) => ((time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick).ToString(CultureInfo.InvariantCulture);
        return new UriBuilder(_target) { Query = $"service={Uri.EscapeDataString(_service)}&from={Nanos(waiting.Start)}&until={Nanos(waiting.Start + waiting.Duration)}" }.Uri;
    }

    private void Drop(string reason)
    {
        var dropped = Interlocked.Increment(ref _dropped);
        _logger.Log(reason == _complaint ? LogLevel.Debug : LogLevel.Warning, "A profile was not sent to {Target}: {Reason}. {Dropped} were dropped so far; the same reason isn't told again.", _target, reason, dropped);
        _complaint = reason;
    }
}
