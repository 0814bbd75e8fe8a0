using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;

namespace Throughline.Telemetry;

/// <summary>The way of the service's log records, each with the ids of the trace and the span that it was written in, to an OTLP receiver.</summary>
internal static class LogExport
{
    public static void Add(OpenTelemetryBuilder telemetry, ThroughlineTelemetryOptions options, LateLogger logger, IConfiguration configuration)
    {
        var target = OtlpTarget.Options(OtlpSignal.Logs, configuration, options);
        var queue = QueueSettings.Read(configuration, options);
        var offset = ClockOffset.Read(configuration);
        telemetry.WithLogging(
            logging =>
            {
                if (offset != TimeSpan.Zero) logging.AddProcessor(new LogClockOffset(offset));
                var exporter = new OtlpLogExporter(target);
                logging.AddProcessor(services => LogQueue.Create(
                    exporter, target, queue, logger, services.GetService<TimeProvider>() ?? TimeProvider.System));
                // After the queue, which is then emptied before this closes the exporter.
                logging.AddProcessor(new ExporterOwner(exporter));
            },
            records => records.IncludeFormattedMessage = true);
    }

    /// <summary>
    /// Gives the SDK's exporter what only a processor of its own can: the provider's resource, and an end. That exporter can't be derived
    /// from, and the queue holds another one, which counts.
    /// </summary>
    private sealed class ExporterOwner(BaseExporter<LogRecord> exporter) : BaseExportProcessor<LogRecord>(exporter)
    {
        protected override void OnExport(LogRecord data)
        {
            // Records come by the queue.
        }
    }

    /// <summary>The logs of a service whose clock is wrong are as wrong as its spans; see <see cref="ClockOffset"/>.</summary>
    private sealed class LogClockOffset(TimeSpan offset) : BaseProcessor<LogRecord>
    {
        public override void OnEnd(LogRecord data) => data.Timestamp += offset;
    }
}
