using System.Text;
using System.Text.Json;
using Throughline.Engine.Model;

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
    /// <summary>sfixed64.</summary>
    SFixed64,
    /// <summary>fixed32.</summary>
    Fixed32,
    /// <summary>uint32 as a varint.</summary>
    UInt32,
    /// <summary>int64 as a varint.</summary>
    Int64,
    /// <summary>uint64 as a varint.</summary>
    UInt64,
    /// <summary>sint32 as a varint of its zigzag form.</summary>
    SInt32,
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
            OtlpFieldType.Fixed64 or OtlpFieldType.SFixed64 or OtlpFieldType.Double => 1u,
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
/// The messages of OTLP's export requests as tables (opentelemetry-proto 1.x), for what is not on the hot path: reading JSON and naming the field that an error lies in. Here are those that
/// all signals share (common.proto, resource.proto); each signal's own are in a class of its own.
/// </summary>
internal static class OtlpSchema
{
    /// <summary>AnyValue.</summary>
    public static readonly OtlpMessage AnyValue = new("AnyValue");

    /// <summary>ArrayValue, in which values nest.</summary>
    public static readonly OtlpMessage ArrayValue = new("ArrayValue") { Fields = [new(1, "values", OtlpFieldType.Message, AnyValue, true)] };

    /// <summary>KeyValue.</summary>
    public static readonly OtlpMessage KeyValue = new("KeyValue") { Fields = [new(1, "key", OtlpFieldType.Text), new(2, "value", OtlpFieldType.Message, AnyValue)] };

    /// <summary>KeyValueList, in which values nest.</summary>
    public static readonly OtlpMessage KeyValueList = new("KeyValueList") { Fields = [new(1, "values", OtlpFieldType.Message, KeyValue, true)] };

    /// <summary>Resource.</summary>
    public static readonly OtlpMessage Resource = Message("Resource", Attributes(1), Dropped(2));

    /// <summary>InstrumentationScope.</summary>
    public static readonly OtlpMessage Scope = Message("InstrumentationScope", new(1, "name", OtlpFieldType.Text), new(2, "version", OtlpFieldType.Text), Attributes(3), Dropped(4));

    static OtlpSchema() => AnyValue.Fields =
    [
        new(1, "string_value", OtlpFieldType.Text), new(2, "bool_value", OtlpFieldType.Bool), new(3, "int_value", OtlpFieldType.Int64),
        new(4, "double_value", OtlpFieldType.Double), new(5, "array_value", OtlpFieldType.Message, ArrayValue),
        new(6, "kvlist_value", OtlpFieldType.Message, KeyValueList), new(7, "bytes_value", OtlpFieldType.Bytes),
    ];

    /// <summary>The export request of a signal.</summary>
    public static OtlpMessage Request(SignalKind signal) => signal switch
    {
        SignalKind.Traces => OtlpTraceSchema.Request,
        SignalKind.Metrics => OtlpMetricSchema.Request,
        SignalKind.Logs => OtlpLogSchema.Request,
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "A signal without a table."),
    };

    /// <summary>A message's repeated attributes.</summary>
    public static OtlpField Attributes(uint number, string name = "attributes") => new(number, name, OtlpFieldType.Message, KeyValue, true);

    /// <summary>The count of what a sender dropped.</summary>
    public static OtlpField Dropped(uint number, string what = "attributes") => new(number, $"dropped_{what}_count", OtlpFieldType.UInt32);

    /// <summary>A message of these fields.</summary>
    public static OtlpMessage Message(string name, params OtlpField[] fields) => new(name) { Fields = fields };

    /// <summary>
    /// The three outer messages, which all signals have alike: the request, its parts of one resource (<c>resource_spans</c>), and their parts of one scope (<c>scope_spans</c>) with the items.
    /// </summary>
    public static OtlpMessage Export(string request, string what, OtlpField items)
    {
        var pascal = string.Concat(what[..1].ToUpperInvariant(), what.AsSpan(1));
        var scopes = Message("Scope" + pascal, new(1, "scope", OtlpFieldType.Message, Scope), items, new(3, "schema_url", OtlpFieldType.Text));
        var resources = Message("Resource" + pascal, new(1, "resource", OtlpFieldType.Message, Resource),
            new(2, "scope_" + what, OtlpFieldType.Message, scopes, true), new(3, "schema_url", OtlpFieldType.Text));
        return Message(request, new OtlpField(1, "resource_" + what, OtlpFieldType.Message, resources, true));
    }
}
