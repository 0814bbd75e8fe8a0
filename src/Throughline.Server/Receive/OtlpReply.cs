using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Throughline.Server.Receive;

/// <summary>
/// The messages that OTLP answers with, written by hand: the signals' export responses (opentelemetry-proto 1.x; alike but for a name in JSON), <c>google.rpc.Status</c> and
/// <c>google.rpc.RetryInfo</c> (googleapis, google/rpc). Thread safe.
/// </summary>
internal static class OtlpReply
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly byte[] EmptyJson = "{}"u8.ToArray();

    /// <summary>The response to a stored request: empty when all of it was, else with its partial success.</summary>
    internal static byte[] Export(OtlpForm form, OtlpSignal signal, int rejected, string message)
    {
        if (rejected == 0 && message.Length == 0) return form == OtlpForm.Json ? EmptyJson : [];
        if (form == OtlpForm.Json)
        {
            return Json(json =>
            {
                json.WriteStartObject("partialSuccess"u8);
                json.WriteString(signal.RejectedField, rejected.ToString(CultureInfo.InvariantCulture));
                json.WriteString("errorMessage"u8, message);
                json.WriteEndObject();
            });
        }
        var partial = new ArrayBufferWriter<byte>();
        WriteNumber(partial, 1, (ulong)rejected);
        WriteBytes(partial, 2, Encoding.UTF8.GetBytes(message));
        var response = new ArrayBufferWriter<byte>();
        WriteBytes(response, 1, partial.WrittenSpan);
        return response.WrittenSpan.ToArray();
    }

    /// <summary>A <c>google.rpc.Status</c>; with a RetryInfo among its details when <paramref name="retryAfter"/> is given.</summary>
    internal static byte[] Status(OtlpForm form, RpcCode code, string message, TimeSpan? retryAfter = null)
    {
        if (form == OtlpForm.Json)
        {
            return Json(json =>
            {
                json.WriteNumber("code"u8, (int)code);
                json.WriteString("message"u8, message);
            });
        }
        var status = new ArrayBufferWriter<byte>();
        WriteNumber(status, 1, (ulong)code);
        WriteBytes(status, 2, Encoding.UTF8.GetBytes(message));
        if (retryAfter is { } delay) WriteBytes(status, 3, RetryInfoInAny(delay));
        return status.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> RetryInfoInAny(TimeSpan delay)
    {
        var duration = new ArrayBufferWriter<byte>();
        WriteNumber(duration, 1, (ulong)(delay.Ticks / TimeSpan.TicksPerSecond));
        WriteNumber(duration, 2, (ulong)(delay.Ticks % TimeSpan.TicksPerSecond * 100));
        var retryInfo = new ArrayBufferWriter<byte>();
        WriteBytes(retryInfo, 1, duration.WrittenSpan);
        var any = new ArrayBufferWriter<byte>();
        WriteBytes(any, 1, "type.googleapis.com/google.rpc.RetryInfo"u8);
        WriteBytes(any, 2, retryInfo.WrittenSpan);
        return any.WrittenSpan;
    }

    private static byte[] Json(Action<Utf8JsonWriter> members)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, JsonOptions))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    // Protobuf 3 leaves out fields with their default value.
    private static void WriteNumber(ArrayBufferWriter<byte> output, int field, ulong value)
    {
        if (value == 0) return;
        WriteVarint(output, (ulong)field << 3);
        WriteVarint(output, value);
    }

    private static void WriteBytes(ArrayBufferWriter<byte> output, int field, ReadOnlySpan<byte> value)
    {
        WriteVarint(output, ((ulong)field << 3) | 2);
        WriteVarint(output, (ulong)value.Length);
        output.Write(value);
    }

    private static void WriteVarint(ArrayBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7) span[length++] = (byte)(value | 0x80);
        span[length++] = (byte)value;
        output.Advance(length);
    }
}

/// <summary>The codes of <c>google.rpc.Code</c> (which are gRPC's status codes) that OTLP answers with.</summary>
internal enum RpcCode
{
    /// <summary>The request is wrong and will stay so.</summary>
    InvalidArgument = 3,
    /// <summary>It took too long.</summary>
    DeadlineExceeded = 4,
    /// <summary>There is no such thing here.</summary>
    NotFound = 5,
    /// <summary>Not for this caller.</summary>
    PermissionDenied = 7,
    /// <summary>A limit.</summary>
    ResourceExhausted = 8,
    /// <summary>Not done by this server.</summary>
    Unimplemented = 12,
    /// <summary>A bug.</summary>
    Internal = 13,
    /// <summary>To be tried again.</summary>
    Unavailable = 14,
    /// <summary>A token is missing or wrong.</summary>
    Unauthenticated = 16,
}
