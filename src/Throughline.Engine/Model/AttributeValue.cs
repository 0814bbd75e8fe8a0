using System.Text;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Model;

/// <summary>
/// One attribute value as a small tree, for the cold paths that show or export single values (hot paths read the columns). Immutable.
/// </summary>
/// <param name="Type">Which of the others is meaningful.</param>
/// <param name="Text">String: the text.</param>
/// <param name="Number">Bool: 0 or 1; Int: the number; Double: its bits.</param>
/// <param name="Bytes">Bytes: the bytes.</param>
/// <param name="Items">Array: the elements. KvList: the values, with their keys in <paramref name="Keys"/>.</param>
/// <param name="Keys">KvList: the keys, as many as <paramref name="Items"/>.</param>
public sealed record AttributeValue(AttributeType Type, string Text, long Number, ReadOnlyMemory<byte> Bytes, IReadOnlyList<AttributeValue> Items, IReadOnlyList<string> Keys)
{
    /// <summary>Reads the attribute at <paramref name="index"/> of one of the batch's attribute columns.</summary>
    public static AttributeValue Read(SpanBatch batch, AttributeColumns attributes, int index) => Read(batch.Strings, batch.Blobs, attributes, index);

    /// <summary>Reads the attribute at <paramref name="index"/> of attribute columns whose texts and blobs lie in these dictionaries.</summary>
    public static AttributeValue Read(ByteDictionary strings, ByteDictionary blobs, AttributeColumns attributes, int index)
    {
        var type = (AttributeType)attributes.Type[index];
        var value = attributes.Value[index];
        return type switch
        {
            AttributeType.String => Of(type, 0, strings[(int)value]),
            AttributeType.Bytes or AttributeType.Array or AttributeType.KvList => Of(type, 0, blobs[(int)value]),
            _ => Of(type, value, []),
        };
    }

    /// <summary>The value of a type that has a number (bool, int, double) or bytes (text, bytes, encoded array or list).</summary>
    internal static AttributeValue Of(AttributeType type, long number, ReadOnlySpan<byte> bytes)
    {
        var draft = new Draft { Type = type };
        switch (type)
        {
            case AttributeType.String: draft.Text = Encoding.UTF8.GetString(bytes); break;
            case AttributeType.Bytes: draft.Bytes = bytes.ToArray(); break;
            case AttributeType.Array: draft.ReadArray(new WireReader(bytes)); break;
            case AttributeType.KvList: draft.ReadKvList(new WireReader(bytes)); break;
            default: draft.Number = number; break;
        }
        return draft.ToValue();
    }

    /// <summary>Reads the elements of an encoded OTLP ArrayValue that the decoder has checked.</summary>
    public static IReadOnlyList<AttributeValue> ReadArray(ReadOnlySpan<byte> arrayValue)
    {
        var draft = new Draft { Type = AttributeType.Array };
        draft.ReadArray(new WireReader(arrayValue));
        return draft.ToValue().Items;
    }

    /// <summary>
    /// A value being read from the wire. A field that comes twice goes to the same draft, which makes it what protobuf says: of the cases of an
    /// AnyValue the last one stands, and lists of the same case are joined.
    /// </summary>
    private sealed class Draft
    {
        private List<AttributeValue>? _items;
        private List<string>? _keys;

        public AttributeType Type { get; set; }
        public string Text { get; set; } = "";
        public long Number { get; set; }
        public byte[] Bytes { get; set; } = [];

        public AttributeValue ToValue() => Type switch
        {
            AttributeType.String => new(Type, Text, 0, default, [], []),
            AttributeType.Bytes => new(Type, "", 0, Bytes, [], []),
            AttributeType.Array => new(Type, "", 0, default, _items ?? [], []),
            AttributeType.KvList => new(Type, "", 0, default, _items ?? [], _keys ?? []),
            AttributeType.Empty => new(Type, "", 0, default, [], []),
            _ => new(Type, "", Number, default, [], []),
        };

        public void ReadArray(WireReader message)
        {
            _items ??= [];
            while (message.HasMore)
            {
                var tag = message.ReadTag();
                if (tag != 0x0A)
                {
                    message.Skip(tag);
                    continue;
                }
                var item = new Draft();
                item.ReadAnyValue(message.ReadMessage());
                _items.Add(item.ToValue());
            }
        }

        public void ReadKvList(WireReader message)
        {
            _items ??= [];
            _keys ??= [];
            while (message.HasMore)
            {
                var tag = message.ReadTag();
                if (tag == 0x0A) ReadKeyValue(message.ReadMessage(), _keys, _items);
                else message.Skip(tag);
            }
        }

        private static void ReadKeyValue(WireReader message, List<string> keys, List<AttributeValue> items)
        {
            var key = "";
            var value = new Draft();
            while (message.HasMore)
            {
                var tag = message.ReadTag();
                if (tag == 0x0A) key = Encoding.UTF8.GetString(message.ReadBytes());
                else if (tag == 0x12) value.ReadAnyValue(message.ReadMessage());
                else message.Skip(tag);
            }
            keys.Add(key);
            items.Add(value.ToValue());
        }

        private void ReadAnyValue(WireReader message)
        {
            while (message.HasMore)
            {
                var tag = message.ReadTag();
                switch (tag)
                {
                    case 0x0A:
                        Become(AttributeType.String);
                        Text = Encoding.UTF8.GetString(message.ReadBytes());
                        break;
                    case 0x10:
                        Become(AttributeType.Bool);
                        Number = message.ReadVarint() != 0 ? 1 : 0;
                        break;
                    case 0x18:
                        Become(AttributeType.Int);
                        Number = (long)message.ReadVarint();
                        break;
                    case 0x21:
                        Become(AttributeType.Double);
                        Number = (long)message.ReadFixed64();
                        break;
                    case 0x2A:
                        Become(AttributeType.Array);
                        ReadArray(message.ReadMessage());
                        break;
                    case 0x32:
                        Become(AttributeType.KvList);
                        ReadKvList(message.ReadMessage());
                        break;
                    case 0x3A:
                        Become(AttributeType.Bytes);
                        Bytes = message.ReadBytes().ToArray();
                        break;
                    default:
                        message.Skip(tag);
                        break;
                }
            }
        }

        private void Become(AttributeType type)
        {
            if (Type == type) return;
            Type = type;
            (_items, _keys) = (null, null);
        }
    }
}
