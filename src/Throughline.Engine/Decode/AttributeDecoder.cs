using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Decodes OTLP's KeyValue and AnyValue into a batch's attribute columns, and texts into its dictionary. Bound to one batch at a time; not
/// thread safe. UTF-8 is checked only when a text is new to the dictionary: what is in there is valid.
/// </summary>
internal sealed class AttributeDecoder(int maxNesting)
{
    private ByteDictionary _strings = new(16);
    private ByteDictionary _blobs = new(16);

    /// <summary>Texts that were not valid UTF-8 and were mended, since <see cref="Bind"/>.</summary>
    public int MendedTexts { get; private set; }

    /// <summary>Begins a batch.</summary>
    public void Bind(SpanBatch batch)
    {
        _strings = batch.Strings;
        _blobs = batch.Blobs;
        MendedTexts = 0;
    }

    /// <summary>The id of a text, mended when it is not valid UTF-8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Text(ReadOnlySpan<byte> utf8)
    {
        var id = _strings.Find(utf8);
        return id >= 0 ? id : NewText(utf8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int NewText(ReadOnlySpan<byte> utf8)
    {
        if (Utf8.IsValid(utf8)) return _strings.GetOrAdd(utf8);
        MendedTexts++;
        return _strings.GetOrAdd(Mend(utf8));
    }

    /// <summary>The text with U+FFFD in place of what is not UTF-8 (Unicode 15, section 3.9, maximal subparts).</summary>
    private static byte[] Mend(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8));

    /// <summary>Decodes one KeyValue and appends it.</summary>
    public void KeyValue(WireReader message, AttributeColumns output)
    {
        ReadOnlySpan<byte> key = default;
        var type = AttributeType.Empty;
        var bits = 0L;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x0A:
                    key = message.ReadBytes();
                    break;
                case 0x12:
                    // A message field that comes twice is merged: the second goes on where the first ended.
                    Value(message.ReadMessage(), ref type, ref bits);
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }
        output.Add(Text(key), type, bits);
    }

    private void Value(WireReader reader, ref AttributeType type, ref long bits)
    {
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            switch (tag)
            {
                case 0x0A:
                    type = AttributeType.String;
                    bits = Text(reader.ReadBytes());
                    break;
                case 0x10:
                    type = AttributeType.Bool;
                    bits = reader.ReadVarint() != 0 ? 1 : 0;
                    break;
                case 0x18:
                    type = AttributeType.Int;
                    bits = (long)reader.ReadVarint();
                    break;
                case 0x21:
                    type = AttributeType.Double;
                    bits = (long)reader.ReadFixed64();
                    break;
                case 0x2A:
                    bits = Nested(reader.ReadMessage(), AttributeType.Array, type, bits);
                    type = AttributeType.Array;
                    break;
                case 0x32:
                    bits = Nested(reader.ReadMessage(), AttributeType.KvList, type, bits);
                    type = AttributeType.KvList;
                    break;
                case 0x3A:
                    type = AttributeType.Bytes;
                    bits = _blobs.GetOrAdd(reader.ReadBytes());
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    /// <summary>Checks a nested message and keeps its bytes; bytes of the same case that came before are merged by joining.</summary>
    private long Nested(WireReader message, AttributeType type, AttributeType before, long beforeBits)
    {
        var bytes = message.Rest;
        var mendable = CheckNested(message, type == AttributeType.KvList, 1);
        if (before == type) bytes = (byte[])[.. _blobs[(int)beforeBits], .. bytes];
        if (mendable) bytes = NestedMender.Mend(bytes, type, () => MendedTexts++);
        return _blobs.GetOrAdd(bytes);
    }

    /// <summary>Walks an ArrayValue or KeyValueList. Answers whether a text in it is not valid UTF-8.</summary>
    private bool CheckNested(WireReader message, bool isKvList, int depth)
    {
        if (depth > maxNesting) WireReader.Throw(message.Position - 1, $"values nest deeper than {maxNesting}");
        var mendable = false;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag != 0x0A) message.Skip(tag);
            else if (isKvList) mendable |= CheckKeyValue(message.ReadMessage(), depth);
            else mendable |= CheckValue(message.ReadMessage(), depth);
        }
        return mendable;
    }

    private bool CheckKeyValue(WireReader message, int depth)
    {
        var mendable = false;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A) mendable |= !Utf8.IsValid(message.ReadBytes());
            else if (tag == 0x12) mendable |= CheckValue(message.ReadMessage(), depth);
            else message.Skip(tag);
        }
        return mendable;
    }

    private bool CheckValue(WireReader message, int depth)
    {
        var mendable = false;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A) mendable |= !Utf8.IsValid(message.ReadBytes());
            else if (tag == 0x2A) mendable |= CheckNested(message.ReadMessage(), false, depth + 1);
            else if (tag == 0x32) mendable |= CheckNested(message.ReadMessage(), true, depth + 1);
            else message.Skip(tag);
        }
        return mendable;
    }
}
