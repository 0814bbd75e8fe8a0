using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Throughline.Telemetry;

/// <summary>
/// Samples as a server says, which is asked now and then by Jaeger's protocol (GET /sampling?service=NAME). Until it has answered, and while it doesn't, what it said last holds, at first a share of its own; what
/// keeps it from answering is told once. Owned by the host; thread-safe.
/// </summary>
internal sealed class RemoteSampler : Sampler, IDisposable
{
    private const int MaxAnswerBytes = 64 << 10;

    private readonly RemoteSamplerOptions _options;
    private readonly Uri _address;
    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private volatile Sampler _current;
    private volatile string _strategy = "";
    private string? _complaint;

    public RemoteSampler(RemoteSamplerOptions options, string service, ILogger logger, TimeProvider time)
    {
        (_options, _logger, _time) = (options, logger, time);
        _address = new UriBuilder(options.Endpoint) { Path = options.Endpoint.AbsolutePath == "/" ? "/sampling" : options.Endpoint.AbsolutePath, Query = $"service={Uri.EscapeDataString(service)}" }.Uri;
        _current = new ConsistentSampler(options.InitialRate);
        // Without spans of its own, which would be sampled by what it asks for.
        _client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null }) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = MaxAnswerBytes };
        Description = $"RemoteSampler{{{_address}}}";
        Asking = Task.Run(AskAsync);
    }

    /// <summary>Over when it has been disposed of.</summary>
    internal Task Asking { get; }

    /// <summary>What holds now.</summary>
    internal Sampler Current => _current;

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => _current.ShouldSample(samplingParameters);

    public void Dispose()
    {
        if (_stop.IsCancellationRequested) return;
        _stop.Cancel();
        _client.Dispose();
    }

    /// <summary>Reads an answer of the server; the sampler that it asks for, and a text that is the same for the same strategy.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal static (string Strategy, Func<TimeProvider, Sampler> Sampler) Read(ReadOnlySpan<byte> answer)
    {
        try
        {
            var reader = new Utf8JsonReader(answer);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            // The type may be a name or its number; which part is there says the same.
            if (root.TryGetProperty("rateLimitingSampling", out var limit) && limit.ValueKind == JsonValueKind.Object)
            {
                var most = limit.TryGetProperty("maxTracesPerSecond", out var number) ? number.GetDouble() : 0;
                if (!double.IsFinite(most) || most < 0) throw new InvalidDataException($"{most} traces a second can't be kept.");
                return (string.Create(CultureInfo.InvariantCulture, $"{most}/s"), most == 0 ? static _ => new ConsistentSampler(0) : time => new RateLimitedSampler(most, time));
            }
            var rate = root.GetProperty("probabilisticSampling").TryGetProperty("samplingRate", out var share) ? share.GetDouble() : 0;
            if (!(rate is >= 0 and <= 1)) throw new InvalidDataException($"A share of {rate} can't be kept.");
            return (string.Create(CultureInfo.InvariantCulture, $"{rate}"), _ => new ConsistentSampler(rate));
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"It is no sampling strategy: {wrong.Message}", wrong);
        }
    }

    private async Task AskAsync()
    {
        using var timer = new PeriodicTimer(_options.Interval, _time);
        try
        {
            do await AskOnceAsync();
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The service ends.
        }
    }

    private async Task AskOnceAsync()
    {
        try
        {
            using var response = await _client.GetAsync(_address, _stop.Token);
            var answer = await response.Content.ReadAsByteArrayAsync(_stop.Token);
            if (!response.IsSuccessStatusCode) throw new InvalidDataException($"It answered {(int)response.StatusCode}.");
            var (strategy, sampler) = Read(answer);
            // The same strategy keeps its sampler, and what that has learnt of how many traces begin.
            if (strategy != _strategy) (_current, _strategy) = (sampler(_time), strategy);
            if (_complaint is not null) _logger.LogInformation("{Address} tells again how to sample.", _address);
            _complaint = null;
        }
        // The boundary between sampling and the service: whatever it is, it is told, and asked again.
        catch (Exception problem) when (!_stop.IsCancellationRequested)
        {
            if (_complaint == problem.Message) return;
            _complaint = problem.Message;
            _logger.LogWarning("{Address} doesn't tell how to sample, so what it said last holds ({Sampler}): {Reason}", _address, _current.Description, problem.Message);
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The service ends.
        }
    }
}

/// <summary>Where a <see cref="RemoteSampler"/> asks, and how often. Immutable.</summary>
internal sealed record RemoteSamplerOptions(Uri Endpoint, TimeSpan Interval, double InitialRate)
{
    private const int MostMilliseconds = 86_400_000;

    /// <summary>Reads the sampler's argument by the OpenTelemetry specification: <c>endpoint=http://localhost:5778,pollingIntervalMs=60000,initialSamplingRate=1</c>, each of which may be left out.</summary>
    /// <exception cref="InvalidOperationException">It is something else; the message begins with <paramref name="key"/>.</exception>
    public static RemoteSamplerOptions Parse(string? argument, string key)
    {
        var options = new RemoteSamplerOptions(new Uri("http://localhost:5778"), TimeSpan.FromSeconds(60), 1);
        foreach (var part in (argument ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (part, "") : (part[..equals].Trim(), part[(equals + 1)..].Trim());
            options = name switch
            {
                "endpoint" when Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" => options with { Endpoint = address },
                "pollingIntervalMs" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var interval) && interval is >= 100 and <= MostMilliseconds => options with { Interval = TimeSpan.FromMilliseconds(interval) },
                "initialSamplingRate" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is >= 0 and <= 1 => options with { InitialRate = rate },
                _ => throw new InvalidOperationException(
                    $"{key} is '{argument}'; for remote sampling it has to be like endpoint=http://localhost:5778,pollingIntervalMs=60000,initialSamplingRate=1 (100 to {MostMilliseconds} ms, a rate from 0 to 1), and '{part}' isn't."),
            };
        }
        return options;
    }
}
