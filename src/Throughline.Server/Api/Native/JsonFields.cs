using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model;

namespace Throughline.Server.Api.Native;

/// <summary>The API's conventions for values in JSON: 64-bit integers are strings, ids lower-case hex, what is not known is null.</summary>
internal static class JsonFields
{
    private const int IdDigits = 16;

    /// <summary>A 64-bit integer, as a string.</summary>
    internal static void WriteLong(this Utf8JsonWriter json, ReadOnlySpan<byte> name, ulong value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        json.WriteString(name, digits[..length]);
    }

    /// <summary>A 64-bit integer as an element of an array, as a string.</summary>
    internal static void WriteLongValue(this Utf8JsonWriter json, ulong value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        json.WriteStringValue(digits[..length]);
    }

    /// <summary>A count, as a string.</summary>
    internal static void WriteLong(this Utf8JsonWriter json, ReadOnlySpan<byte> name, long value) => WriteLong(json, name, checked((ulong)value));

    /// <summary>A 64-bit integer as a string, or null.</summary>
    internal static void WriteLong(this Utf8JsonWriter json, ReadOnlySpan<byte> name, ulong? value)
    {
        if (value is { } known) WriteLong(json, name, known);
        else json.WriteNull(name);
    }

    /// <summary>A text, or null.</summary>
    internal static void WriteText(this Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is null) json.WriteNull(name);
        else json.WriteString(name, value);
    }

    /// <summary>A trace id.</summary>
    internal static void WriteId(this Utf8JsonWriter json, ReadOnlySpan<byte> name, TraceId id)
    {
        Span<byte> hex = stackalloc byte[2 * IdDigits];
        Hex(id.High, hex);
        Hex(id.Low, hex[IdDigits..]);
        json.WriteString(name, hex);
    }

    /// <summary>A trace id as an element of an array.</summary>
    internal static void WriteIdValue(this Utf8JsonWriter json, TraceId id)
    {
        Span<byte> hex = stackalloc byte[2 * IdDigits];
        Hex(id.High, hex);
        Hex(id.Low, hex[IdDigits..]);
        json.WriteStringValue(hex);
    }

    /// <summary>A span id.</summary>
    internal static void WriteSpanId(this Utf8JsonWriter json, ReadOnlySpan<byte> name, ulong id)
    {
        Span<byte> hex = stackalloc byte[IdDigits];
        Hex(id, hex);
        json.WriteString(name, hex);
    }

    /// <summary>A span id as an element of an array.</summary>
    internal static void WriteSpanIdValue(this Utf8JsonWriter json, ulong id)
    {
        Span<byte> hex = stackalloc byte[IdDigits];
        Hex(id, hex);
        json.WriteStringValue(hex);
    }

    /// <summary>OTLP's kind in words; an unknown number as its digits.</summary>
    internal static string KindName(int kind) => (SpanKind)kind switch
    {
        SpanKind.Unspecified => "unspecified",
        SpanKind.Internal => "internal",
        SpanKind.Server => "server",
        SpanKind.Client => "client",
        SpanKind.Producer => "producer",
        SpanKind.Consumer => "consumer",
        _ => kind.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>OTLP's status code in words; an unknown number as its digits.</summary>
    internal static string StatusName(int status) => (SpanStatusCode)status switch
    {
        SpanStatusCode.Unset => "unset",
        SpanStatusCode.Ok => "ok",
        SpanStatusCode.Error => "error",
        _ => status.ToString(CultureInfo.InvariantCulture),
    };

    private static void Hex(ulong value, Span<byte> digits) => value.TryFormat(digits, out _, "x16", CultureInfo.InvariantCulture);
}
