using System.Text;
using System.Text.Json;

namespace Throughline.Engine.Decode;

/// <summary>How a field's value is written on the wire and in JSON.</summary>
internal enum OtlpFieldType
{
    /// <summary>UTF-8 text.</summary>
    Text,
    /// <summary>Trace and span ids: bytes, which OTLP's JSON writes in hexadecimal.</summary>
    Id,
    /// <summary>Bytes, in base64 in JSON.</summary>
    Bytes,
    /// <summary>fixed64.</summary>
    Fixed64,
    /// <summary>fixed32.</summary>
    Fixed32,
    /// <summary>uint32 as a varint.</summary>
    UInt32,
    /// <summary>int64 as a varint.</summary>
    Int64,
    /// <summary>An enum as a varint; JSON may give its name.</summary>
    Enum,
    /// <summary>double.</summary>
    Double,
    /// <summary>bool.</summary>
    Bool,
    /// <summary>A nested message.</summary>
    Message,
}

/// <summary>A field of one of OTLP's messages. Immutable.</summary>
internal sealed class OtlpField
{
    private readonly byte[] _snakeName;
    private readonly byte[] _camelName;

    public OtlpField(uint number, string name, OtlpFieldType type, OtlpMessage? message = null, bool repeated = false, string[]? names = null)
    {
        (Number, Name, Type, Message, IsRepeated, Names) = (number, name, type, message, repeated, names ?? []);
        Tag = (number << 3) | type switch
        {
            OtlpFieldType.Fixed64 or OtlpFieldType.Double => 1u,
            OtlpFieldType.Fixed32 => 5u,
            OtlpFieldType.Text or OtlpFieldType.Id or OtlpFieldType.Bytes or OtlpFieldType.Message => 2u,
            _ => 0u,
        };
        _snakeName = Encoding.UTF8.GetBytes(name);
        _camelName = Camel(name);
    }

    public uint Number { get; }

    /// <summary>The name in the .proto file.</summary>
    public string Name { get; }

    public OtlpFieldType Type { get; }

    /// <summary>The type of a nested message.</summary>
    public OtlpMessage? Message { get; }

    public bool IsRepeated { get; }

    /// <summary>An enum's names, by number.</summary>
    public string[] Names { get; }

    /// <summary>Field number times 8 plus wire type.</summary>
    public uint Tag { get; }

    /// <summary>True when the reader stands at this field's name, in either spelling that protobuf's JSON takes.</summary>
    public bool IsNamedBy(ref Utf8JsonReader reader) => reader.ValueIsEscaped
        ? reader.ValueTextEquals(_camelName) || reader.ValueTextEquals(_snakeName)
        : reader.ValueSpan.SequenceEqual(_camelName) || reader.ValueSpan.SequenceEqual(_snakeName);

    private static byte[] Camel(string snake)
    {
        var name = new StringBuilder(snake.Length);
        for (var i = 0; i < snake.Length; i++)
        {
            if (snake[i] != '_') name.Append(i > 0 && snake[i - 1] == '_' ? char.ToUpperInvariant(snake[i]) : snake[i]);
        }
        return Encoding.UTF8.GetBytes(name.ToString());
    }
}

/// <summary>One of OTLP's messages. Immutable once <see cref="OtlpSchema"/> is built.</summary>
internal sealed class OtlpMessage(string name)
{
    public string Name { get; } = name;

    public OtlpField[] Fields { get; set; } = [];

    public OtlpField? Find(uint number) => Array.Find(Fields, field => field.Number == number);
}

/// <summary>
/// The messages of an ExportTraceServiceRequest as a table (opentelemetry-proto 1.x: trace.proto, common.proto, resource.proto), for what is not
/// on the hot path: reading JSON and naming the field that an error lies in.
/// </summary>
internal static class OtlpSchema
{
    /// <summary>ArrayValue, in which values nest.</summary>
    public static readonly OtlpMessage ArrayValue = new("ArrayValue");

    /// <summary>KeyValueList, in which values nest.</summary>
    public static readonly OtlpMessage KeyValueList = new("KeyValueList");

    /// <summary>ExportTraceServiceRequest.</summary>
    public static readonly OtlpMessage Request = Build();

    private static OtlpMessage Build()
    {
        var any = new OtlpMessage("AnyValue");
        var keyValue = Message("KeyValue", new(1, "key", OtlpFieldType.Text), new(2, "value", OtlpFieldType.Message, any));
        ArrayValue.Fields = [new(1, "values", OtlpFieldType.Message, any, true)];
        KeyValueList.Fields = [new(1, "values", OtlpFieldType.Message, keyValue, true)];
        any.Fields =
        [
            new(1, "string_value", OtlpFieldType.Text), new(2, "bool_value", OtlpFieldType.Bool), new(3, "int_value", OtlpFieldType.Int64),
            new(4, "double_value", OtlpFieldType.Double), new(5, "array_value", OtlpFieldType.Message, ArrayValue),
            new(6, "kvlist_value", OtlpFieldType.Message, KeyValueList), new(7, "bytes_value", OtlpFieldType.Bytes),
        ];
        var resource = Message("Resource", Attributes(1), Dropped(2));
        var scope = Message("InstrumentationScope", new(1, "name", OtlpFieldType.Text), new(2, "version", OtlpFieldType.Text), Attributes(3), Dropped(4));
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
        var scopeSpans = Message("ScopeSpans", new(1, "scope", OtlpFieldType.Message, scope), new(2, "spans", OtlpFieldType.Message, span, true),
            new(3, "schema_url", OtlpFieldType.Text));
        var resourceSpans = Message("ResourceSpans", new(1, "resource", OtlpFieldType.Message, resource),
            new(2, "scope_spans", OtlpFieldType.Message, scopeSpans, true), new(3, "schema_url", OtlpFieldType.Text));
        return Message("ExportTraceServiceRequest", new OtlpField(1, "resource_spans", OtlpFieldType.Message, resourceSpans, true));

        OtlpField Attributes(uint number) => new(number, "attributes", OtlpFieldType.Message, keyValue, true);
        OtlpField Dropped(uint number, string what = "attributes") => new(number, $"dropped_{what}_count", OtlpFieldType.UInt32);
        OtlpMessage Message(string name, params OtlpField[] fields) => new(name) { Fields = fields };
    }
}
