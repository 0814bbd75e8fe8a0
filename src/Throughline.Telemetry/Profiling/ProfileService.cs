using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Throughline.Telemetry.Profiling.Pprof;
using Throughline.Telemetry.Profiling.Spans;

namespace Throughline.Telemetry.Profiling;

/// <summary>
/// Takes a profile of its own process every so often, and writes it to a file, sends it, or both, until the host stops; what was sampled by then is
/// written and sent too. Owned by the host. Whatever goes wrong here is logged and leaves the service alone.
/// </summary>
internal sealed class ProfileService(ProfileOptions options, ProfileFiles? files, ProfileSender? sender, string? directory, ILogger logger, TimeProvider time)
    : BackgroundService
{
    // Spans that begin before the host has started count too.
    private readonly SpanTracker _spans = new(options.SpanChangeLimit, options.ThreadLimit);
    private string? _failure;
    private bool _lossTold;

    public override void Dispose()
    {
        _spans.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.LogInformation("Profiles of {Window} s are taken every {Interval} s and {Deliveries}.", options.WindowSeconds, options.IntervalSeconds, Deliveries);
        using var next = new PeriodicTimer(TimeSpan.FromSeconds(options.IntervalSeconds), time);
        try
        {
            do await TakeOneAsync(stoppingToken);
            while (await next.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        if (sender is not null) await sender.DisposeAsync();
    }

    private async Task TakeOneAsync(CancellationToken stopping)
    {
        try
        {
            // A directory that can't be written is told before the work, not after it.
            files?.Prepare();
            var window = new ProfileWindow(_spans, options, logger, time);
            await window.RunAsync(stopping);
            if (window.Samples.Total == 0) throw new InvalidDataException("The runtime sent no samples.");
            var encoder = new PprofEncoder(window.Methods, Environment.GetCommandLineArgs()[0]);
            var profile = encoder.Encode(window.Samples, window.Scale, window.Start, window.Duration, encoded => Comments(window, encoded));
            sender?.Offer(profile, window.Start, window.Duration);
            var path = files?.Write(profile, window.Start);
            if (_failure is not null) logger.LogInformation("Profiles are written again.");
            _failure = null;
            logger.LogDebug("Wrote {Path}: {Comments}", path ?? "no file", string.Join("; ", Comments(window, encoder)));
            TellLoss(window);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception problem)
        {
            // The boundary between profiling and the service: the one is lost, the other goes on.
            var reason = $"{problem.GetType().Name}: {problem.Message}";
            logger.Log(
                reason == _failure ? LogLevel.Debug : LogLevel.Warning,
                "No profile was {Deliveries}: {Reason} It is tried again every {Interval} s, and the same reason isn't told again. "
                + "The runtime's diagnostic port has to be on (DOTNET_EnableDiagnostics), and the directory writable.",
                Deliveries, reason, options.IntervalSeconds);
            _failure = reason;
        }
    }

    /// <summary>What is done with profiles, in words.</summary>
    private string Deliveries => string.Join(" and ", new[] { directory is null ? null : $"written to {directory}", sender is null ? null : $"sent to {sender.Target}" }.Where(static part => part is not null));

    private void TellLoss(ProfileWindow window)
    {
        if (_lossTold || window.LostEvents + window.SpansForgotten + window.Samples.AboveLimit + _spans.UntrackedThreads == 0) return;
        _lossTold = true;
        logger.LogWarning(
            "A profile is not whole: {Lost} samples or names were lost (BufferMegabytes {Buffer}), {Forgotten} samples have no span since it changed too often "
            + "(SpanChangeLimit {Changes}), {Above} samples are left out (StackLimit {Stacks}), {Threads} threads were not followed (ThreadLimit {ThreadLimit}). "
            + "This is told once; each profile's comments have its own counts.",
            window.LostEvents, options.BufferMegabytes, window.SpansForgotten, options.SpanChangeLimit, window.Samples.AboveLimit, options.StackLimit,
            _spans.UntrackedThreads, options.ThreadLimit);
    }

    private IEnumerable<string> Comments(ProfileWindow window, PprofEncoder encoder) =>
    [
        $"samples={window.Samples.Total}", $"rounds={window.Samples.Rounds}", $"lost_events={window.LostEvents}", $"span_forgotten={window.SpansForgotten}",
        $"above_stack_limit={window.Samples.AboveLimit}", $"threads_not_followed={_spans.UntrackedThreads}", $"unresolved_frames={encoder.UnresolvedFrames}",
        string.Create(CultureInfo.InvariantCulture, $"cpu_scale={window.Scale.CpuNanos / window.Scale.WallNanos:0.###}"),
    ];
}
