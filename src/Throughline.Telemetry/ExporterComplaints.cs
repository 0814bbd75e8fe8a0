using System.Diagnostics.Tracing;
using System.Globalization;

namespace Throughline.Telemetry;

/// <summary>Remembers why the SDK's exporter failed last: it tells that only to its event source. Thread-safe.</summary>
internal sealed class ExporterComplaints : EventListener
{
    private volatile string? _last;

    /// <summary>The last warning or error in words, null when there was none.</summary>
    public string? Last => _last;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol") EnableEvents(eventSource, EventLevel.Warning);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.Message is not { } format) return;
        var text = string.Format(CultureInfo.InvariantCulture, format, [.. eventData.Payload ?? []]);
        // An exception comes with its stack trace; the first line says it.
        _last = text.Split('\n', 2)[0].Trim();
    }
}
