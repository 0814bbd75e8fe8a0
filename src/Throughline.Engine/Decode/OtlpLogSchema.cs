using static Throughline.Engine.Decode.OtlpSchema;

namespace Throughline.Engine.Decode;

/// <summary>The messages of an ExportLogsServiceRequest (opentelemetry-proto 1.x, logs.proto).</summary>
internal static class OtlpLogSchema
{
    // TRACE, TRACE2 ... FATAL4, by number.
    private static readonly string[] Severities =
    [
        "SEVERITY_NUMBER_UNSPECIFIED",
        .. new[] { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" }.SelectMany(static name => new[] { "", "2", "3", "4" }, static (name, step) => $"SEVERITY_NUMBER_{name}{step}"),
    ];

    /// <summary>ExportLogsServiceRequest.</summary>
    public static readonly OtlpMessage Request = Export("ExportLogsServiceRequest", "logs", new(2, "log_records", OtlpFieldType.Message, Message("LogRecord",
        new(1, "time_unix_nano", OtlpFieldType.Fixed64), new(2, "severity_number", OtlpFieldType.Enum, names: Severities), new(3, "severity_text", OtlpFieldType.Text),
        new(5, "body", OtlpFieldType.Message, AnyValue), Attributes(6), Dropped(7), new(8, "flags", OtlpFieldType.Fixed32), new(9, "trace_id", OtlpFieldType.Id),
        new(10, "span_id", OtlpFieldType.Id), new(11, "observed_time_unix_nano", OtlpFieldType.Fixed64), new(12, "event_name", OtlpFieldType.Text)), true));
}
