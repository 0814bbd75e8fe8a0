using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Throughline.Telemetry;

/// <summary>
/// The queue between the service and the receiver. The SDK's own drops what is above its limit without a word; this one counts
/// every span that is waiting or on its way, so the inner queue never overflows, and whatever can't be kept is logged.
/// Owned by the tracer provider. Thread-safe.
/// </summary>
internal sealed class ExportQueue : BatchActivityExportProcessor
{
    private readonly ExportLedger _ledger;

    private ExportQueue(BaseExporter<Activity> exporter, ExportLedger ledger, QueueSettings settings)
        : base(exporter, settings.Limit, settings.DelayMilliseconds, exporterTimeoutMilliseconds: 30_000, settings.BatchLimit) => _ledger = ledger;

    public static ExportQueue Create(ReceiverOptions target, QueueSettings settings, TimeSpan patience, ILogger logger, TimeProvider time)
    {
        var ledger = new ExportLedger("spans", settings.Limit, target.Endpoint, logger, time);
        return new(new PatientExporter(target, patience, ledger, time), ledger, settings);
    }

    public override void OnEnd(Activity data)
    {
        if (data.Recorded && _ledger.TryEnter()) base.OnEnd(data);
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        var done = base.OnShutdown(timeoutMilliseconds);
        _ledger.Close();
        return done;
    }
}
