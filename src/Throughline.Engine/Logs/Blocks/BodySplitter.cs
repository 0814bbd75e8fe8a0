using System.Buffers;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// Splits a body's text into its template and the values of the template's slots: log lines of one statement differ in numbers, ids and a few words, and the numbers of one place compress far
/// better beside each other than within their lines. What a template makes of its values is the text again, byte for byte. One owner; not thread safe.
/// </summary>
internal sealed class BodySplitter
{
    /// <summary>Longer bodies are kept as they are: they are stack traces and dumps, which share more with each other as texts than as templates.</summary>
    public const int LongestBytes = 2048;

    /// <summary>More slots than this make no template that other lines would have.</summary>
    private const int MostSlots = 48;

    private const int MostDigits = 18;
    private const int HexPiece = 16;
    private const int ShortestHex = 6;
    private const int LongestWord = 128;
    private const int TokenFrom = 16;

    private static readonly SearchValues<byte> Interesting = SearchValues.Create("0123456789="u8);
    private static readonly SearchValues<byte> WordEnds = SearchValues.Create(" \t\r\n,;)]}&\"'<>|"u8);

    private Column<byte> _template = new(256);
    private Column<long> _values = new(64);
    private Column<(int Start, int Length)> _words = new(16);

    /// <summary>The template.</summary>
    public ReadOnlySpan<byte> Template => _template.Span;

    /// <summary>By slot its number; of a word its place in <see cref="Words"/>.</summary>
    public ReadOnlySpan<long> Values => _values.Span;

    /// <summary>Where the words lie in the text.</summary>
    public ReadOnlySpan<(int Start, int Length)> Words => _words.Span;

    /// <summary>Splits a text; false when it is too long for a template, or would have too many slots.</summary>
    public bool TrySplit(ReadOnlySpan<byte> text)
    {
        _template.Truncate(0);
        _values.Truncate(0);
        _words.Truncate(0);
        if (text.Length > LongestBytes) return false;
        var (at, copied) = (0, 0);
        while (at < text.Length)
        {
            var next = text[at..].IndexOfAny(Interesting);
            if (next < 0) break;
            at += next;
            var run = at;
            if (text[at] == '=')
            {
                run = ++at;
                if (at == text.Length || IsWordPart(text[at]) == false) continue;
            }
            else
            {
                while (run > copied && IsWordPart(text[run - 1])) run--;
            }
            var end = run;
            while (end < text.Length && IsWordPart(text[end])) end++;
            at = Run(text, run, end, ref copied);
            if (_values.Count > MostSlots) return false;
        }
        _template.AddRange(text[copied..]);
        return true;
    }

    private static bool IsWordPart(byte b) => char.IsAsciiLetterOrDigit((char)b);

    /// <summary>Takes what varies of the letters and digits [run, end); answers where to go on.</summary>
    private int Run(ReadOnlySpan<byte> text, int run, int end, ref int copied)
    {
        if (end - run == 8 && IsUuid(text[run..])) return Uuid(text, run, ref copied);
        var letters = 0;
        foreach (var b in text[run..end]) letters += char.IsAsciiDigit((char)b) ? 0 : 1;
        if (letters == 0) return Number(text, run, end, ref copied);
        if (letters < end - run && end - run >= ShortestHex)
        {
            if (IsHex(text[run..end], 'a', 'f')) return Hex(text, run, end, BodySlot.HexLower, ref copied);
            if (IsHex(text[run..end], 'A', 'F')) return Hex(text, run, end, BodySlot.HexUpper, ref copied);
            if (end - run >= TokenFrom && end - run <= LongestWord) return Word(text, run, end, ref copied);
        }
        if (run > 0 && text[run - 1] == '=')
        {
            var stop = text[run..].IndexOfAny(WordEnds);
            stop = stop < 0 ? text.Length : run + stop;
            if (stop - run <= LongestWord) return Word(text, run, stop, ref copied);
        }
        return Digits(text, run, end, ref copied);
    }

    /// <summary>The runs of digits within a run of letters and digits.</summary>
    private int Digits(ReadOnlySpan<byte> text, int run, int end, ref int copied)
    {
        var at = run;
        while (at < end)
        {
            var from = text[at..end].IndexOfAnyInRange((byte)'0', (byte)'9');
            if (from < 0) return end;
            from += at;
            var to = from;
            while (to < end && char.IsAsciiDigit((char)text[to])) to++;
            at = Number(text, from, to, ref copied);
            if (at > end) return at;
        }
        return end;
    }

    private int Number(ReadOnlySpan<byte> text, int from, int to, ref int copied)
    {
        if (to - from > MostDigits) return Hex(text, from, to, BodySlot.HexLower, ref copied);
        var isPadded = text[from] == '0' && to - from > 1;
        if (!isPadded && IsDecimal(text, from, to, out var end))
        {
            Slot(text, from, BodySlot.Decimal, ref copied, end);
            _template.Add((byte)(end - to - 1));
            _values.Add(Value(text[from..to], 10) * Power(end - to - 1) + Value(text[(to + 1)..end], 10));
            return end;
        }
        Slot(text, from, isPadded ? BodySlot.Padded : BodySlot.Number, ref copied, to);
        if (isPadded) _template.Add((byte)(to - from));
        _values.Add(Value(text[from..to], 10));
        return to;
    }

    /// <summary>Whether the digits go on behind a point and end there: neither a version nor an address.</summary>
    private static bool IsDecimal(ReadOnlySpan<byte> text, int from, int to, out int end)
    {
        end = to + 1;
        if (to >= text.Length || text[to] != '.' || (from > 0 && text[from - 1] == '.')) return false;
        while (end < text.Length && char.IsAsciiDigit((char)text[end])) end++;
        if (end == to + 1 || end - from > MostDigits) return false;
        return !(end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit((char)text[end + 1]));
    }

    private int Hex(ReadOnlySpan<byte> text, int from, int end, BodySlot slot, ref int copied)
    {
        for (; from < end; from += HexPiece)
        {
            var to = Math.Min(end, from + HexPiece);
            Slot(text, from, slot, ref copied, to);
            _template.Add((byte)(to - from));
            _values.Add(Value(text[from..to], 16));
        }
        return end;
    }

    private int Uuid(ReadOnlySpan<byte> text, int at, ref int copied)
    {
        foreach (var length in (ReadOnlySpan<int>)[8, 4, 4, 4, 12])
        {
            Hex(text, at, at + length, BodySlot.HexLower, ref copied);
            at += length + 1;
        }
        return at - 1;
    }

    private int Word(ReadOnlySpan<byte> text, int from, int end, ref int copied)
    {
        Slot(text, from, BodySlot.Word, ref copied, end);
        _values.Add(_words.Count);
        _words.Add((from, end - from));
        return end;
    }

    private void Slot(ReadOnlySpan<byte> text, int from, BodySlot slot, ref int copied, int end)
    {
        _template.AddRange(text[copied..from]);
        _template.Add((byte)slot);
        copied = end;
    }

    private static bool IsUuid(ReadOnlySpan<byte> text)
    {
        if (text.Length < 36 || (text.Length > 36 && IsWordPart(text[36]))) return false;
        for (var i = 0; i < 36; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? text[i] != '-' : !IsHexDigit(text[i], 'a', 'f')) return false;
        }
        return true;
    }

    private static bool IsHex(ReadOnlySpan<byte> text, char first, char last)
    {
        foreach (var b in text)
        {
            if (!IsHexDigit(b, first, last)) return false;
        }
        return true;
    }

    private static bool IsHexDigit(byte b, char first, char last) => char.IsAsciiDigit((char)b) || (b >= first && b <= last);

    private static long Value(ReadOnlySpan<byte> digits, int radix)
    {
        var value = 0L;
        foreach (var b in digits) value = value * radix + (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
        return value;
    }

    private static long Power(int digits)
    {
        var power = 1L;
        for (var i = 0; i < digits; i++) power *= 10;
        return power;
    }
}
