using System.Text;

namespace Throughline.Engine.Query.Execution;

/// <summary>Case-insensitive substring search in UTF-8, by Unicode's simple case folding as .NET's ordinal comparison has it. Immutable.</summary>
internal sealed class TextSearch
{
    private readonly string _text;
    /// <summary>ASCII letters, digits and signs as they are found in names and addresses, the commonest first; others are rarer.</summary>
    private const string Commonest = "e/taoin1sr0.-hl2dc3_u:m4f5p6g7w8y9bvk?&=%xjqz";

    private readonly int _anchor;
    private readonly byte _lower;
    private readonly byte _upper;
    private readonly bool _isAscii;

    /// <summary>Looks for a text.</summary>
    public TextSearch(string text)
    {
        _text = text;
        _isAscii = Ascii.IsValid(text);
        if (!_isAscii || text.Length == 0) return;
        var rarest = -1;
        for (var i = 0; i < text.Length; i++)
        {
            var place = Commonest.IndexOf(char.ToLowerInvariant(text[i]), StringComparison.Ordinal);
            if (place < 0) place = Commonest.Length;
            if (place > rarest) (rarest, _anchor) = (place, i);
        }
        _lower = (byte)char.ToLowerInvariant(text[_anchor]);
        _upper = (byte)char.ToUpperInvariant(text[_anchor]);
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
        var from = 0;
        // The text's rarest letter is looked for, many bytes at a time; where it is, the others are compared.
        while (from + _text.Length <= ascii.Length)
        {
            var at = ascii[(from + _anchor)..(ascii.Length - _text.Length + _anchor + 1)].IndexOfAny(_lower, _upper);
            if (at < 0) return -1;
            from += at;
            if (Ascii.EqualsIgnoreCase(ascii.Slice(from, _text.Length), _text)) return from;
            from++;
        }
        return -1;
    }
}
