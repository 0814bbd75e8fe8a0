using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    private readonly List<byte> _joined = [];
    private readonly RepeatedTexts _repeated = new();

    /// <summary>Texts that were not valid UTF-8 and were mended, since <see cref="Bind"/>.</summary>
    public int MendedTexts { get; private set; }

    /// <summary>Begins a batch.</summary>
    public void Bind(ByteDictionary strings, ByteDictionary blobs)
    {
        _strings = strings;
        _blobs = blobs;
        _repeated.Clear();
        MendedTexts = 0;
    }

    /// <summary>The id of a text, mended when it is not valid UTF-8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Text(ReadOnlySpan<byte> utf8)
    {
        var id = _strings.Find(utf8, out var place);
        return id >= 0 ? id : NewText(utf8, place);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int NewText(ReadOnlySpan<byte> utf8, ByteDictionary.Place place)
    {
        if (Utf8.IsValid(utf8)) return _strings.Add(utf8, place);
        MendedTexts++;
        return _strings.GetOrAdd(Mend(utf8));
    }

    /// <summary>The text with U+FFFD in place of what is not UTF-8 (Unicode 15, section 3.9, maximal subparts).</summary>
    private static byte[] Mend(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8));

    /// <summary>Begins an owner's attributes.</summary>
    public void BeginOwner() => _repeated.BeginOwner();

    /// <summary>Decodes one KeyValue and appends it.</summary>
    public void KeyValue(WireReader message, AttributeColumns output)
    {
        if (!TryPlain(message.Rest, output)) AnyForm(message, output);
    }

    /// <summary>
    /// Decodes the form in which every encoder writes a short KeyValue: the key, then a value of one scalar case, lengths of one byte. Any other form, also what is malformed, is left
    /// to <see cref="AnyForm"/>, and nothing is appended.
    /// </summary>
    private bool TryPlain(ReadOnlySpan<byte> message, AttributeColumns output)
    {
        // Tag and length of the key, its bytes, tag and length of the value, its tag and at least a byte.
        if (message.Length < 6 || message[0] != 0x0A || message[1] > message.Length - 6) return false;
        var keyLength = message[1];
        var value = message[(2 + keyLength)..];
        if (value[0] != 0x12 || value[1] != value.Length - 2 || value.Length > 2 + 0x7F) return false;
        var key = message.Slice(2, keyLength);
        switch (value[2])
        {
            case 0x0A when value[3] == value.Length - 4:
                var keyId = Key(key);
                output.Add(keyId, AttributeType.String, ValueText(keyId, value[4..]));
                return true;
            case 0x10 when value.Length == 4 && value[3] < 0x80:
                output.Add(Key(key), AttributeType.Bool, value[3] != 0 ? 1 : 0);
                return true;
            case 0x18 when TryVarint(value[3..], out var number):
                output.Add(Key(key), AttributeType.Int, number);
                return true;
            case 0x21 when value.Length == 11:
                output.Add(Key(key), AttributeType.Double, BinaryPrimitives.ReadInt64LittleEndian(value[3..]));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads a varint of up to eight bytes that takes all of the bytes; longer ones are left to the reader.</summary>
    private static bool TryVarint(ReadOnlySpan<byte> bytes, out long value)
    {
        value = 0;
        if (bytes.Length is 0 or > 8) return false;
        for (var i = 0; i < bytes.Length; i++)
        {
            value |= (long)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80 != (i == bytes.Length - 1)) return false;
        }
        return true;
    }

    private int Key(ReadOnlySpan<byte> key)
    {
        var id = _repeated.FindKey(_strings, key);
        return id >= 0 ? id : _repeated.RememberKey(Text(key));
    }

    private int ValueText(int key, ReadOnlySpan<byte> text)
    {
        var id = _repeated.FindValue(_strings, key, text);
        return id >= 0 ? id : _repeated.RememberValue(key, Text(text));
    }

    private void AnyForm(WireReader message, AttributeColumns output)
    {
        ReadOnlySpan<byte> key = default;
        Draft value = default;
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
                    Value(message.ReadMessage(), ref value);
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }
        if (value.Type is AttributeType.Array or AttributeType.KvList) value.Bits = _blobs.GetOrAdd(ListBytes(ref value));
        output.Add(Key(key), value.Type, value.Bits);
    }

    /// <summary>The id of the text of an AnyValue that is no attribute's (a log record's body): a string's own, of anything else its JSON; and the type that it had.</summary>
    public int BodyText(WireReader message, BodyJson json, out AttributeType type)
    {
        Draft value = default;
        Value(message, ref value, keepsBytes: false);
        type = value.Type;
        return type switch
        {
            AttributeType.Empty => Text([]),
            AttributeType.String => (int)value.Bits,
            AttributeType.Bool => Text(json.Of(value.Bits != 0)),
            AttributeType.Int => Text(json.Of(value.Bits)),
            AttributeType.Double => Text(json.Of(BitConverter.Int64BitsToDouble(value.Bits))),
            AttributeType.Bytes => Text(json.OfBytes(value.List)),
            _ => Text(json.OfList(ListBytes(ref value), type == AttributeType.KvList)),
        };
    }

    private void Value(WireReader reader, ref Draft value, bool keepsBytes = true)
    {
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            switch (tag)
            {
                case 0x0A:
                    value.Type = AttributeType.String;
                    value.Bits = Text(reader.ReadBytes());
                    break;
                case 0x10:
                    value.Type = AttributeType.Bool;
                    value.Bits = reader.ReadVarint() != 0 ? 1 : 0;
                    break;
                case 0x18:
                    value.Type = AttributeType.Int;
                    value.Bits = (long)reader.ReadVarint();
                    break;
                case 0x21:
                    value.Type = AttributeType.Double;
                    value.Bits = (long)reader.ReadFixed64();
                    break;
                case 0x2A:
                    List(reader.ReadMessage(), AttributeType.Array, ref value);
                    break;
                case 0x32:
                    List(reader.ReadMessage(), AttributeType.KvList, ref value);
                    break;
                case 0x3A:
                    value.Type = AttributeType.Bytes;
                    value.List = reader.ReadBytes();
                    if (keepsBytes) value.Bits = _blobs.GetOrAdd(value.List);
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    /// <summary>Checks a list; one of the same case that came before is merged by joining their bytes.</summary>
    private void List(WireReader message, AttributeType type, ref Draft value)
    {
        var mendable = CheckNested(message, type == AttributeType.KvList, 1);
        if (value.Type != type)
        {
            value = new Draft { Type = type, List = message.Rest, IsMendable = mendable };
            return;
        }
        if (!value.IsJoined)
        {
            _joined.Clear();
            _joined.AddRange(value.List);
            value.IsJoined = true;
        }
        _joined.AddRange(message.Rest);
        value.IsMendable |= mendable;
    }

    private ReadOnlySpan<byte> ListBytes(ref Draft value)
    {
        var bytes = value.IsJoined ? CollectionsMarshal.AsSpan(_joined) : value.List;
        return value.IsMendable ? NestedMender.Mend(bytes, value.Type, () => MendedTexts++) : bytes;
    }

    /// <summary>A value while its parts are read. Lists are kept when the last part has come.</summary>
    private ref struct Draft
    {
        public AttributeType Type;
        public long Bits;
        public ReadOnlySpan<byte> List;
        public bool IsJoined;
        public bool IsMendable;
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
