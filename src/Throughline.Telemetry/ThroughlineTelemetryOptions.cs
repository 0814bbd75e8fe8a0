using OpenTelemetry.Exporter;

namespace Throughline.Telemetry;

/// <summary>What a service may say about how its spans are made and sent. Read once, while the host is built.</summary>
public sealed class ThroughlineTelemetryOptions
{
    /// <summary>Where spans go, and logs and metrics that have no endpoint of their own. Unset: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> of the configuration, else OTLP's own default address.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>OTLP's transport. Unset: <c>OTEL_EXPORTER_OTLP_PROTOCOL</c>, else gRPC.</summary>
    public OtlpExportProtocol? Protocol { get; set; }

    /// <summary>The service's version; unset: the entry assembly's.</summary>
    public string? ServiceVersion { get; set; }

    /// <summary>Activity sources to record besides those named after the service (<c>NAME</c> and <c>NAME.*</c>).</summary>
    public IList<string> Sources { get; } = [];

    /// <summary>Entries of the baggage that become attributes, of the same name, of every span started below them. Empty: none.</summary>
    public IList<string> BaggageAttributes { get; } = ["camera.id", "priority"];

    /// <summary>
    /// Whether the baggage of incoming requests is taken over: sent on, and put on spans as <see cref="BaggageAttributes"/> says. Off for a
    /// service whose callers are strangers, which makes its baggage itself.
    /// </summary>
    public bool AcceptBaggage { get; set; } = true;

    /// <summary>Meters to export besides those whose names start with the service's, where metrics are exported at all.</summary>
    public IList<string> Meters { get; } = [];

    /// <summary>The name of the spans of outgoing HTTP calls; unset: what the conventions say, the method.</summary>
    public string? HttpClientSpanName { get; set; }

    /// <summary>Spans that may wait to be sent, and as many log records. What comes above it is dropped, counted and logged. Unset: <c>OTEL_BSP_MAX_QUEUE_SIZE</c>, else 16,384.</summary>
    public int? QueueLimit { get; set; }

    /// <summary>
    /// The longest time a finished span or a log record waits for company before it is sent. Unset: <c>OTEL_BSP_SCHEDULE_DELAY</c>, else a second: a request
    /// costs more than the spans in it (docs/performance.md, "What telemetry costs a service").
    /// </summary>
    public TimeSpan? ExportDelay { get; set; }

    /// <summary>The most spans or log records in one request. Unset: <c>OTEL_BSP_MAX_EXPORT_BATCH_SIZE</c>, else 512.</summary>
    public int? ExportBatchLimit { get; set; }

    /// <summary>How long a batch of spans that the receiver doesn't take is tried again before it is given up and logged.</summary>
    public TimeSpan DeliveryTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
