using System.Globalization;
using System.Text;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Reads OTLP's KeyValue and AnyValue as texts: a series is told by what its attributes say, so a number and the text of its digits are one. Lists and maps are written as JSON has them. Not thread safe.
/// </summary>
internal sealed class AttributeText(int maxNesting, MetricKeyTest? isSensitive, MetricRedaction? redact)
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
        if (value is not null) into.TryAdd(key, value);
    }

    /// <summary>A text, with replacement characters for what is not UTF-8.</summary>
    public string Text(ReadOnlySpan<byte> bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes)) Mended++;
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The value is null when a rule takes it away.</summary>
    private (string Key, string? Value) ReadPair(WireReader message, int depth, bool isQuoted)
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
        var name = Text(key);
        if (isSensitive is not null && isSensitive(Encoding.UTF8.GetBytes(name)))
        {
            RedactedValues++;
            return (name, Quoted(Redacted, isQuoted));
        }
        var (text, isText) = Value(value, depth, isQuoted);
        if (redact is null) return (name, Quoted(text, isQuoted && isText));
        var kept = redact(name, text);
        if (ReferenceEquals(kept, text)) return (name, Quoted(text, isQuoted && isText));
        RedactedValues++;
        return (name, kept is null ? null : Quoted(kept, isQuoted));
    }

    /// <summary>The value as a text, and whether it is one that JSON puts in quotes. <paramref name="isInJson"/> says what stands for none.</summary>
    private (string Text, bool IsText) Value(WireReader message, int depth, bool isInJson)
    {
        if (depth > maxNesting) WireReader.Throw(message.Position, $"values nest deeper than {maxNesting}");
        var value = (isInJson ? "null" : "", false);
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x0A:
                    value = (Text(message.ReadBytes()), true);
                    break;
                case 0x10:
                    value = (message.ReadVarint() != 0 ? "true" : "false", false);
                    break;
                case 0x18:
                    value = (((long)message.ReadVarint()).ToString(CultureInfo.InvariantCulture), false);
                    break;
                case 0x21:
                    value = (BitConverter.Int64BitsToDouble((long)message.ReadFixed64()).ToString("R", CultureInfo.InvariantCulture), false);
                    break;
                case 0x2A:
                    value = (List(message.ReadMessage(), depth + 1), false);
                    break;
                case 0x32:
                    value = (Map(message.ReadMessage(), depth + 1), false);
                    break;
                case 0x3A:
                    value = (Convert.ToBase64String(message.ReadBytes()), true);
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }
        return value;
    }

    private string List(WireReader message, int depth)
    {
        var parts = new List<string>();
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A)
            {
                var (text, isText) = Value(message.ReadMessage(), depth, true);
                parts.Add(Quoted(text, isText));
            }
            else
            {
                message.Skip(tag);
            }
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
                if (value is not null) parts.Add($"{Quoted(key, true)}:{value}");
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

/// <summary>What is kept of the value of an attribute, as a text: the same text, another, or null when it goes with its key. Lists and maps come as JSON, after what they hold.</summary>
public delegate string? MetricRedaction(string key, string value);
