using static Throughline.Engine.Decode.OtlpSchema;

namespace Throughline.Engine.Decode;

/// <summary>The messages of an ExportTraceServiceRequest (opentelemetry-proto 1.x, trace.proto).</summary>
internal static class OtlpTraceSchema
{
    /// <summary>ExportTraceServiceRequest.</summary>
    public static readonly OtlpMessage Request = Build();

    private static OtlpMessage Build()
    {
        var status = Message("Status", new(2, "message", OtlpFieldType.Text), new(3, "code", OtlpFieldType.Enum,
            names: ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"]));
        var @event = Message("Event", new(1, "time_unix_nano", OtlpFieldType.Fixed64), new(2, "name", OtlpFieldType.Text), Attributes(3), Dropped(4));
        var link = Message("Link", new(1, "trace_id", OtlpFieldType.Id), new(2, "span_id", OtlpFieldType.Id), new(3, "trace_state", OtlpFieldType.Text),
            Attributes(4), Dropped(5), new(6, "flags", OtlpFieldType.Fixed32));
        var span = Message("Span", new(1, "trace_id", OtlpFieldType.Id), new(2, "span_id", OtlpFieldType.Id), new(3, "trace_state", OtlpFieldType.Text),
            new(4, "parent_span_id", OtlpFieldType.Id), new(5, "name", OtlpFieldType.Text), new(6, "kind", OtlpFieldType.Enum,
                names: ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"]),
            new(7, "start_time_unix_nano", OtlpFieldType.Fixed64), new(8, "end_time_unix_nano", OtlpFieldType.Fixed64), Attributes(9), Dropped(10),
            new(11, "events", OtlpFieldType.Message, @event, true), Dropped(12, "events"), new(13, "links", OtlpFieldType.Message, link, true),
            Dropped(14, "links"), new(15, "status", OtlpFieldType.Message, status), new(16, "flags", OtlpFieldType.Fixed32));
        return Export("ExportTraceServiceRequest", "spans", new(2, "spans", OtlpFieldType.Message, span, true));
    }
}
