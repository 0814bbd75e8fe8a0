using System.Diagnostics.Tracing;
using System.Globalization;

namespace Throughline.Telemetry;

/// <summary>
/// Remembers why the SDK's exporter failed last: it tells that only to its event source, which is one for all exporters of the process. An
/// exporter tells it on the thread that exports, so what others say is known by its thread. Thread-safe, for one export at a time.
/// </summary>
internal sealed class ExporterComplaints : EventListener
{
    private volatile string? _last;
    private volatile int _thread;

    /// <summary>The last warning or error of this export in words, null when there was none.</summary>
    public string? Last => _last;

    /// <summary>The current thread exports from now on.</summary>
    public void Begin() => (_last, _thread) = (null, Environment.CurrentManagedThreadId);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol") EnableEvents(eventSource, EventLevel.Warning);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (Environment.CurrentManagedThreadId != _thread || eventData.Message is not { } format) return;
        var text = string.Format(CultureInfo.InvariantCulture, format, [.. eventData.Payload ?? []]);
        // An exception comes with its stack trace; the first line says it.
        _last = text.Split('\n', 2)[0].Trim();
    }
}
