using System.Text;

namespace Throughline.Engine.Query.Execution;

/// <summary>Case-insensitive substring search in UTF-8, by Unicode's simple case folding as .NET's ordinal comparison has it. Immutable.</summary>
internal sealed class TextSearch
{
    private readonly string _text;
    private readonly bool _isAscii;

    /// <summary>Looks for a text.</summary>
    public TextSearch(string text)
    {
        _text = text;
        _isAscii = Ascii.IsValid(text);
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
        for (var i = 0; i + _text.Length <= utf8.Length; i++)
        {
            if (Ascii.EqualsIgnoreCase(utf8.Slice(i, _text.Length), _text)) return true;
        }
        return false;
    }
}
