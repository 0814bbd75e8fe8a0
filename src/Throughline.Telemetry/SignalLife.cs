using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;

namespace Throughline.Telemetry;

/// <summary>
/// Gives the exporters of logs and metrics a logger once there is one, and has them send what they hold while it still works: what is lost
/// at the end is then said as at any other time. Owned by the host.
/// </summary>
internal sealed class SignalLife(LateLogger late, ILoggerFactory loggers, LoggerProvider? logs, MeterProvider? metrics) : IHostedLifecycleService
{
    /// <summary>A receiver that hangs must not keep the service from ending.</summary>
    private const int PatienceMilliseconds = 5_000;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        late.Use(loggers.CreateLogger(ExportLedger.MeterName));
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // Metrics first: their losses are lines of the log. Their reader waits for an export that is under way without a limit of its own: it is left behind then.
        if (metrics is not null)
            await Task.WhenAny(Task.Run(() => metrics.ForceFlush(PatienceMilliseconds), CancellationToken.None), Task.Delay(PatienceMilliseconds, CancellationToken.None));
        logs?.ForceFlush(PatienceMilliseconds);
    }
}
