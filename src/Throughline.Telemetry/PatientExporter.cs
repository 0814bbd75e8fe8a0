using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace Throughline.Telemetry;

/// <summary>
/// Sends batches by OTLP and tries a refused one again until its time is over: a receiver that restarts loses nothing. One that can never be taken is given
/// up at once, and what a receiver refuses of a batch that it takes is counted. A batch that was taken twice is one to the store, which knows equal spans.
/// Called by one thread, the export queue's.
/// </summary>
/// <remarks>It derives from the SDK's exporter rather than holding one, since only so does that get the provider's resource.</remarks>
internal sealed class PatientExporter(ReceiverOptions target, TimeSpan patience, ExportLedger ledger, TimeProvider time)
    : OtlpTraceExporter(target)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(3);

    private readonly ManualResetEventSlim _stopping = new();
    private readonly ExporterComplaints _complaints = new();

    public override ExportResult Export(in Batch<Activity> activityBatch)
    {
        // A batch can be walked once only, since walking takes the spans out of the queue.
        var spans = new Activity[activityBatch.Count];
        var count = 0;
        foreach (var span in activityBatch) spans[count++] = span;

        _complaints.Begin();
        var begun = time.GetTimestamp();
        var pause = s_firstPause;
        while (!TrySend(spans, count))
        {
            var wait = target.Answer is { } said && said.Pause > pause ? said.Pause : pause;
            if (target.Answer?.IsFinal is true || time.GetElapsedTime(begun) + wait > patience || _stopping.Wait(wait))
            {
                ledger.GivenUp(count, _complaints.Last);
                return ExportResult.Failure;
            }
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
        ledger.Delivered(count, target.Answer);
        return ExportResult.Success;
    }

    private bool TrySend(Activity[] spans, int count)
    {
        target.Answer?.Begin();
        return base.Export(new Batch<Activity>(spans, count)) == ExportResult.Success;
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        _stopping.Set();
        return base.OnShutdown(timeoutMilliseconds);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _complaints.Dispose();
            _stopping.Set();
        }
        base.Dispose(disposing);
    }
}
