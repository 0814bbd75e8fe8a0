using System.Globalization;
using System.Text;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Reads OTLP's KeyValue and AnyValue as texts: a series is told by what its attributes say, so a number and the text of its digits are one. Lists and maps are written as JSON has them. Not thread safe.
/// </summary>
internal sealed class AttributeText(int maxNesting, MetricKeyTest? isSensitive)
{
    /// <summary>What stands in place of a value that must not be stored.</summary>
    public const string Redacted = "[redacted]";

    private readonly StringBuilder _text = new();

    /// <summary>Texts that were not valid UTF-8 since the last <see cref="Begin"/>.</summary>
    public int Mended { get; private set; }

    /// <summary>Values that were replaced since then.</summary>
    public int RedactedValues { get; private set; }

    public void Begin() => (Mended, RedactedValues) = (0, 0);

    /// <summary>A KeyValue. When a key comes twice the first counts.</summary>
    public void Read(WireReader message, SortedDictionary<string, string> into)
    {
        var (key, value) = ReadPair(message, 0, false);
        into.TryAdd(key, value);
    }

    /// <summary>A text, with replacement characters for what is not UTF-8.</summary>
    public string Text(ReadOnlySpan<byte> bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes)) Mended++;
        return Encoding.UTF8.GetString(bytes);
    }

    private (string Key, string Value) ReadPair(WireReader message, int depth, bool isQuoted)
    {
        ReadOnlySpan<byte> key = default;
        WireReader value = default;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A) key = message.ReadBytes();
            else if (tag == 0x12) value = message.ReadMessage();
            else message.Skip(tag);
        }
        var text = Text(key);
        if (isSensitive is not null && isSensitive(Encoding.UTF8.GetBytes(text)))
        {
            RedactedValues++;
            return (text, Quoted(Redacted, isQuoted));
        }
        return (text, Value(value, depth, isQuoted));
    }

    private string Value(WireReader message, int depth, bool isQuoted)
    {
        if (depth > maxNesting) WireReader.Throw(message.Position, $"values nest deeper than {maxNesting}");
        var text = isQuoted ? "null" : "";
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x0A:
                    text = Quoted(Text(message.ReadBytes()), isQuoted);
                    break;
                case 0x10:
                    text = message.ReadVarint() != 0 ? "true" : "false";
                    break;
                case 0x18:
                    text = ((long)message.ReadVarint()).ToString(CultureInfo.InvariantCulture);
                    break;
                case 0x21:
                    text = BitConverter.Int64BitsToDouble((long)message.ReadFixed64()).ToString("R", CultureInfo.InvariantCulture);
                    break;
                case 0x2A:
                    text = List(message.ReadMessage(), depth + 1);
                    break;
                case 0x32:
                    text = Map(message.ReadMessage(), depth + 1);
                    break;
                case 0x3A:
                    text = Quoted(Convert.ToBase64String(message.ReadBytes()), isQuoted);
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }
        return text;
    }

    private string List(WireReader message, int depth)
    {
        var parts = new List<string>();
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A) parts.Add(Value(message.ReadMessage(), depth, true));
            else message.Skip(tag);
        }
        return $"[{string.Join(',', parts)}]";
    }

    private string Map(WireReader message, int depth)
    {
        var parts = new List<string>();
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A)
            {
                var (key, value) = ReadPair(message.ReadMessage(), depth, true);
                parts.Add($"{Quoted(key, true)}:{value}");
            }
            else
            {
                message.Skip(tag);
            }
        }
        return $"{{{string.Join(',', parts)}}}";
    }

    private string Quoted(string text, bool isQuoted)
    {
        if (!isQuoted) return text;
        _text.Clear().Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\') _text.Append('\\').Append(c);
            else if (c < ' ') _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else _text.Append(c);
        }
        return _text.Append('"').ToString();
    }
}

/// <summary>Whether the value of an attribute with this key (UTF-8) must not be stored.</summary>
public delegate bool MetricKeyTest(ReadOnlySpan<byte> key);
