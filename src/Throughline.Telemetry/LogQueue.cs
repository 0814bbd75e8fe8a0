using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;

namespace Throughline.Telemetry;

/// <summary>
/// The queue between the service's logger and the receiver of logs; counts as <see cref="ExportQueue"/> does for spans. A record that the
/// receiver doesn't take is lost and counted: records are the SDK's own, which it uses again after one try. Owned by the logger provider. Thread-safe.
/// </summary>
internal sealed class LogQueue : BatchLogRecordExportProcessor
{
    private readonly ExportLedger _ledger;

    private LogQueue(BaseExporter<LogRecord> exporter, ExportLedger ledger, QueueSettings settings)
        : base(exporter, settings.Limit, settings.DelayMilliseconds, exporterTimeoutMilliseconds: 30_000, settings.BatchLimit) => _ledger = ledger;

    public static LogQueue Create(OtlpLogExporter exporter, ReceiverOptions target, QueueSettings settings, ILogger logger, TimeProvider time)
    {
        var ledger = new ExportLedger("log records", settings.Limit, target.Endpoint, logger, time);
        return new(new Counted(exporter, target, ledger), ledger, settings);
    }

    public override void OnEnd(LogRecord data)
    {
        if (_ledger.TryEnter()) base.OnEnd(data);
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        var done = base.OnShutdown(timeoutMilliseconds);
        _ledger.Close();
        return done;
    }

    /// <summary>Tells the ledger how each batch ended. Called by one thread, the queue's.</summary>
    private sealed class Counted(OtlpLogExporter exporter, ReceiverOptions target, ExportLedger ledger) : BaseExporter<LogRecord>
    {
        private readonly ExporterComplaints _complaints = new();

        public override ExportResult Export(in Batch<LogRecord> batch)
        {
            var count = (int)batch.Count;
            _complaints.Begin();
            target.Answer?.Begin();
            var result = exporter.Export(batch);
            if (result == ExportResult.Success) ledger.Delivered(count, target.Answer);
            else ledger.GivenUp(count, _complaints.Last);
            return result;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _complaints.Dispose();
            base.Dispose(disposing);
        }
    }
}
