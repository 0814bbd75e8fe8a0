using System.Buffers;

namespace Throughline.Server.Process;

/// <summary>
/// Redacts inside an encoded OTLP <c>KeyValueList</c> or <c>ArrayValue</c> (opentelemetry-proto 1.x, common.proto), as the decoder keeps them in a batch's
/// blobs. Thread safe.
/// </summary>
internal static class EncodedValueRedactor
{
    // Field numbers with their wire type (length-delimited), as they stand on the wire.
    private const byte ListValuesTag = 0x0A;
    private const byte KeyTag = 0x0A;
    private const byte ValueTag = 0x12;
    private const byte StringTag = 0x0A;
    private const byte ArrayTag = 0x2A;
    private const byte KvListTag = 0x32;

    /// <summary>Writes the message with its sensitive values replaced and answers their number; 0: nothing was to be replaced, and the output is to be ignored.</summary>
    internal static int Redact(ReadOnlySpan<byte> message, bool isKvList, ArrayBufferWriter<byte> output)
    {
        var values = 0;
        var reader = new WireFields(message);
        while (reader.Next(out var field))
        {
            if (field.Tag != ListValuesTag)
            {
                output.Write(field.Raw);
                continue;
            }
            var item = new ArrayBufferWriter<byte>(Math.Max(16, field.Payload.Length));
            var replaced = isKvList ? RedactKeyValue(field.Payload, item) : RedactAnyValue(field.Payload, item);
            if (replaced == 0) output.Write(field.Raw);
            else WriteField(output, ListValuesTag, item.WrittenSpan);
            values += replaced;
        }
        return values;
    }

    private static int RedactKeyValue(ReadOnlySpan<byte> message, ArrayBufferWriter<byte> output)
    {
        // A key may stand behind its value, and the last of several counts.
        ReadOnlySpan<byte> key = default;
        var keys = new WireFields(message);
        while (keys.Next(out var field))
        {
            if (field.Tag == KeyTag) key = field.Payload;
        }
        if (SensitiveKeys.Contains(key)) return ReplaceValue(message, key, output);

        var values = 0;
        var reader = new WireFields(message);
        while (reader.Next(out var field))
        {
            if (field.Tag != ValueTag)
            {
                output.Write(field.Raw);
                continue;
            }
            var value = new ArrayBufferWriter<byte>(Math.Max(16, field.Payload.Length));
            var replaced = RedactAnyValue(field.Payload, value);
            if (replaced == 0) output.Write(field.Raw);
            else WriteField(output, ValueTag, value.WrittenSpan);
            values += replaced;
        }
        return values;
    }

    private static int ReplaceValue(ReadOnlySpan<byte> message, ReadOnlySpan<byte> key, ArrayBufferWriter<byte> output)
    {
        var replacement = Redactor.Replacement;
        Span<byte> value = stackalloc byte[2 + replacement.Length];
        value[0] = StringTag;
        value[1] = (byte)replacement.Length;
        replacement.CopyTo(value[2..]);

        var reader = new WireFields(message);
        var clean = true;
        while (reader.Next(out var field)) clean &= field.Tag == KeyTag || (field.Tag == ValueTag && field.Payload.SequenceEqual(value));
        if (clean) return 0;
        WriteField(output, KeyTag, key);
        WriteField(output, ValueTag, value);
        return 1;
    }

    private static int RedactAnyValue(ReadOnlySpan<byte> message, ArrayBufferWriter<byte> output)
    {
        var values = 0;
        var reader = new WireFields(message);
        while (reader.Next(out var field))
        {
            if (field.Tag is not (ArrayTag or KvListTag))
            {
                output.Write(field.Raw);
                continue;
            }
            var nested = new ArrayBufferWriter<byte>(Math.Max(16, field.Payload.Length));
            var replaced = Redact(field.Payload, field.Tag == KvListTag, nested);
            if (replaced == 0) output.Write(field.Raw);
            else WriteField(output, field.Tag, nested.WrittenSpan);
            values += replaced;
        }
        return values;
    }

    private static void WriteField(ArrayBufferWriter<byte> output, byte tag, ReadOnlySpan<byte> payload)
    {
        var head = output.GetSpan(6);
        head[0] = tag;
        var length = 1;
        var rest = (uint)payload.Length;
        for (; rest >= 0x80; rest >>= 7) head[length++] = (byte)(rest | 0x80);
        head[length++] = (byte)rest;
        output.Advance(length);
        output.Write(payload);
    }
}
