using System.Text;

namespace Throughline.Engine.Query.Execution;

/// <summary>Case-insensitive substring search in UTF-8, by Unicode's simple case folding as .NET's ordinal comparison has it. Immutable.</summary>
internal sealed class TextSearch
{
    private readonly string _text;
    private readonly byte _first;
    private readonly byte _firstOther;
    private readonly bool _isAscii;

    /// <summary>Looks for a text.</summary>
    public TextSearch(string text)
    {
        _text = text;
        _isAscii = Ascii.IsValid(text);
        if (!_isAscii || text.Length == 0) return;
        _first = (byte)char.ToLowerInvariant(text[0]);
        _firstOther = (byte)char.ToUpperInvariant(text[0]);
    }

    /// <summary>True when the entry contains the text.</summary>
    public bool IsIn(ReadOnlySpan<byte> utf8)
    {
        // U+017F and U+212A fold to ASCII letters, so an ASCII needle needs the slow way only in texts that are not ASCII.
        if (_isAscii && Ascii.IsValid(utf8)) return AsciiContains(utf8);
        return Encoding.UTF8.GetString(utf8).Contains(_text, StringComparison.OrdinalIgnoreCase);
    }

    private bool AsciiContains(ReadOnlySpan<byte> utf8)
    {
        if (_text.Length == 0) return true;
        // The first letter is looked for many bytes at a time.
        while (utf8.Length >= _text.Length)
        {
            var at = utf8[..(utf8.Length - _text.Length + 1)].IndexOfAny(_first, _firstOther);
            if (at < 0) return false;
            if (Ascii.EqualsIgnoreCase(utf8.Slice(at, _text.Length), _text)) return true;
            utf8 = utf8[(at + 1)..];
        }
        return false;
    }
}
