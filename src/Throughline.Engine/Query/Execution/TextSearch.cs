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
        if (_isAscii && Ascii.IsValid(utf8)) return _text.Length == 0 || Find(utf8) >= 0;
        return Encoding.UTF8.GetString(utf8).Contains(_text, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether <see cref="Find"/> may be asked about these bytes: a text to look for, and no letters on either side that fold beyond ASCII.</summary>
    public bool CanSearchMany(ReadOnlySpan<byte> utf8) => _isAscii && _text.Length > 0 && Ascii.IsValid(utf8);

    /// <summary>Where the text begins in ASCII bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> ascii)
    {
        var passed = 0;
        // The first letter is looked for many bytes at a time.
        while (ascii.Length >= _text.Length)
        {
            var at = ascii[..(ascii.Length - _text.Length + 1)].IndexOfAny(_first, _firstOther);
            if (at < 0) return -1;
            if (Ascii.EqualsIgnoreCase(ascii.Slice(at, _text.Length), _text)) return passed + at;
            ascii = ascii[(at + 1)..];
            passed += at + 1;
        }
        return -1;
    }
}
