using System.Buffers;

namespace Throughline.Server.Process;

/// <summary>
/// Redacts inside an encoded OTLP <c>KeyValueList</c> or <c>ArrayValue</c> (opentelemetry-proto 1.x, common.proto), as the decoder keeps them in a batch's
/// blobs: by the operator's rules, or without any by <see cref="SensitiveKeys"/>. Thread safe.
/// </summary>
internal sealed class EncodedValueRedactor(RedactionRules? rules)
{
    // Field numbers with their wire type (length-delimited), as they stand on the wire.
    private const byte ListValuesTag = 0x0A;
    private const byte KeyTag = 0x0A;
    private const byte ValueTag = 0x12;
    private const byte StringTag = 0x0A;
    private const byte ArrayTag = 0x2A;
    private const byte KvListTag = 0x32;

    /// <summary>Writes the message with its sensitive values replaced and answers their number; 0: nothing was to be replaced, and the output is to be ignored.</summary>
    /// <param name="applicable">Rules for the texts of an array: those of the key that it is the value of.</param>
    /// <param name="hits">Gets the rules that acted.</param>
    internal int Redact(ReadOnlySpan<byte> message, bool isKvList, int[] applicable, ArrayBufferWriter<byte> output, List<int> hits)
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
            var removed = false;
            var replaced = isKvList ? RedactKeyValue(field.Payload, item, hits, out removed) : RedactAnyValue(field.Payload, applicable, item, hits);
            values += replaced;
            if (removed) continue;
            if (replaced == 0) output.Write(field.Raw);
            else WriteField(output, ListValuesTag, item.WrittenSpan);
        }
        return values;
    }

    private int RedactKeyValue(ReadOnlySpan<byte> message, ArrayBufferWriter<byte> output, List<int> hits, out bool removed)
    {
        removed = false;
        // A key may stand behind its value, and the last of several counts.
        ReadOnlySpan<byte> key = default;
        var keys = new WireFields(message);
        while (keys.Next(out var field))
        {
            if (field.Tag == KeyTag) key = field.Payload;
        }
        int[] applicable = [];
        if (rules is null)
        {
            if (SensitiveKeys.Contains(key)) return ReplaceValue(message, key, Redactor.Replacement, output);
        }
        else
        {
            applicable = rules.For(key);
            var text = new ArrayBufferWriter<byte>();
            var before = hits.Count;
            var outcome = rules.Apply(rules.OfWhole(applicable), ValueOf(message), text, hits);
            removed = outcome == RedactionOutcome.Removed;
            if (removed) return 1;
            if (outcome == RedactionOutcome.Changed)
            {
                var replaced = IsReplaced(message) ? 0 : ReplaceValue(message, key, text.WrittenSpan, output);
                if (replaced == 0) hits.RemoveRange(before, hits.Count - before);
                return replaced;
            }
        }

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
            var replaced = RedactAnyValue(field.Payload, applicable, value, hits);
            if (replaced == 0) output.Write(field.Raw);
            else WriteField(output, ValueTag, value.WrittenSpan);
            values += replaced;
        }
        return values;
    }

    /// <summary>The bytes that stand for a value when it is hashed: a text's own, of other types their encoding.</summary>
    private static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> value = default;
        var reader = new WireFields(message);
        while (reader.Next(out var field))
        {
            if (field.Tag == ValueTag) value = field.Payload;
        }
        var inner = new WireFields(value);
        return inner.Next(out var text) && text.Tag == StringTag ? text.Payload : value;
    }

    private static bool IsReplaced(ReadOnlySpan<byte> message) => ValueOf(message).SequenceEqual(Redactor.Replacement);

    private static int ReplaceValue(ReadOnlySpan<byte> message, ReadOnlySpan<byte> key, ReadOnlySpan<byte> replacement, ArrayBufferWriter<byte> output)
    {
        // Both replacements are shorter than 128 bytes: their length is one byte.
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

    private int RedactAnyValue(ReadOnlySpan<byte> message, int[] applicable, ArrayBufferWriter<byte> output, List<int> hits)
    {
        var values = 0;
        var reader = new WireFields(message);
        while (reader.Next(out var field))
        {
            var nested = new ArrayBufferWriter<byte>(Math.Max(16, field.Payload.Length));
            var replaced = field.Tag switch
            {
                ArrayTag or KvListTag => Redact(field.Payload, field.Tag == KvListTag, applicable, nested, hits),
                StringTag when rules?.Apply(applicable, field.Payload, nested, hits) is { } outcome and not RedactionOutcome.Same => Masked(outcome, nested),
                _ => 0,
            };
            if (replaced == 0) output.Write(field.Raw);
            else WriteField(output, field.Tag, nested.WrittenSpan);
            values += replaced;
        }
        return values;
    }

    /// <summary>An element of a list cannot go without moving the others: it is masked.</summary>
    private static int Masked(RedactionOutcome outcome, ArrayBufferWriter<byte> text)
    {
        if (outcome == RedactionOutcome.Removed) text.Write(Redactor.Replacement);
        return 1;
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
