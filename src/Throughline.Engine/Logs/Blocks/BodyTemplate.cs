using System.Globalization;
using System.Text;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>Whether bodies of a template contain a text.</summary>
internal enum TemplateAnswer : byte
{
    /// <summary>None does.</summary>
    None,
    /// <summary>The body has to be looked at.</summary>
    Some,
    /// <summary>All do.</summary>
    All,
}

/// <summary>A template as it is stored, taken apart: texts, and slots between them. Immutable; thread safe.</summary>
internal sealed class BodyTemplate
{
    private const int MostFollowed = 63;

    /// <summary>Bytes of a number at most: 20 digits before a point and 18 behind it.</summary>
    private const int MostDigits = 40;

    private readonly Piece[] _pieces;

    /// <summary>A text, or a slot with its parameter.</summary>
    private readonly record struct Piece(byte[]? Text, BodySlot Slot, int Parameter);

    private BodyTemplate(Piece[] pieces, BodySlot[] slots) => (_pieces, Slots) = (pieces, slots);

    /// <summary>The slots, in their order.</summary>
    public BodySlot[] Slots { get; }

    /// <summary>Whether slot i is a word or a text: its values are ids.</summary>
    public bool IsId(int slot) => Slots[slot] is BodySlot.Word or BodySlot.Text;

    /// <summary>Whether any slot is a word.</summary>
    public bool HasWords => Slots.Contains(BodySlot.Word);

    /// <summary>Whether bodies of it are kept whole.</summary>
    public bool IsText => Slots.Length == 1 && Slots[0] == BodySlot.Text;

    /// <summary>Takes a stored template apart.</summary>
    /// <exception cref="CorruptDataException">It ends within a slot.</exception>
    public static BodyTemplate Parse(ReadOnlySpan<byte> stored, string file, long offset)
    {
        List<Piece> pieces = [];
        List<BodySlot> slots = [];
        while (!stored.IsEmpty)
        {
            var text = stored.IndexOfAnyInRange((byte)BodySlot.Number, (byte)BodySlot.Text);
            if (text != 0)
            {
                var length = text < 0 ? stored.Length : text;
                pieces.Add(new Piece(stored[..length].ToArray(), default, 0));
                stored = stored[length..];
                continue;
            }
            var slot = (BodySlot)stored[0];
            var size = slot is BodySlot.Number or BodySlot.Word or BodySlot.Text ? 1 : 2;
            if (stored.Length < size) throw new CorruptDataException(file, offset, $"a parameter of the slot {slot}", "the template's end");
            var parameter = size == 2 ? stored[1] : 0;
            if (parameter > 18) throw new CorruptDataException(file, offset, "a slot of at most 18 digits", $"{parameter} digits");
            pieces.Add(new Piece(null, slot, parameter));
            slots.Add(slot);
            stored = stored[size..];
        }
        return new BodyTemplate([.. pieces], [.. slots]);
    }

    /// <summary>Writes the text that values give; answers its length. The buffer grows as is needed.</summary>
    public int Render(ReadOnlySpan<long> values, EntryTexts words, EntryTexts texts, ref byte[] buffer)
    {
        var (at, slot) = (0, 0);
        foreach (var piece in _pieces)
        {
            var text = piece.Text ?? (piece.Slot == BodySlot.Word ? words[values[slot]] : piece.Slot == BodySlot.Text ? texts[values[slot]] : default);
            if (buffer.Length < at + text.Length + MostDigits) Array.Resize(ref buffer, Math.Max(buffer.Length * 2, at + text.Length + 2 * MostDigits));
            if (piece.Text is null && text.IsEmpty) at += Digits(piece, (ulong)values[slot], buffer.AsSpan(at));
            text.CopyTo(buffer.AsSpan(at));
            at += text.Length;
            if (piece.Text is null) slot++;
        }
        return at;
    }

    private static int Digits(in Piece piece, ulong value, Span<byte> to)
    {
        switch (piece.Slot)
        {
            case BodySlot.Number:
                value.TryFormat(to, out var written, default, CultureInfo.InvariantCulture);
                return written;
            case BodySlot.Padded:
                Decimal(value, to[..piece.Parameter]);
                return piece.Parameter;
            case BodySlot.Decimal:
                var power = 1UL;
                for (var i = 0; i < piece.Parameter; i++) power *= 10;
                (value / power).TryFormat(to, out var whole, default, CultureInfo.InvariantCulture);
                to[whole] = (byte)'.';
                Decimal(value % power, to.Slice(whole + 1, piece.Parameter));
                return whole + 1 + piece.Parameter;
            case BodySlot.HexLower:
            case BodySlot.HexUpper:
                var letters = piece.Slot == BodySlot.HexLower ? "0123456789abcdef"u8 : "0123456789ABCDEF"u8;
                for (var i = piece.Parameter - 1; i >= 0; i--, value >>= 4) to[i] = letters[(int)(value & 15)];
                return piece.Parameter;
            default:
                // An empty word or text.
                return 0;
        }
    }

    private static void Decimal(ulong value, Span<byte> digits)
    {
        for (var i = digits.Length - 1; i >= 0; i--, value /= 10) digits[i] = (byte)('0' + value % 10);
    }

    /// <summary>What is known of its bodies without looking at them: a text in a piece of it is in all, one that cannot be made of pieces and of what slots take is in none.</summary>
    /// <param name="words">What is known of the words that its slots take; null when nothing is.</param>
    public TemplateAnswer Answer(LogNeedle needle, WordAnswers? words = null)
    {
        if (needle.Text.Length == 0) return TemplateAnswer.All;
        foreach (var piece in _pieces)
        {
            if (piece.Text is not null && needle.Test.Holds(piece.Text)) return TemplateAnswer.All;
        }
        if (Slots.Length == 0) return TemplateAnswer.None;
        return CanHold(needle.Text, words) ? TemplateAnswer.Some : TemplateAnswer.None;
    }

    /// <summary>False when no body of it contains a text, in whatever case.</summary>
    public bool CanHold(string text, WordAnswers? words = null) =>
        // Letters folded from beyond ASCII may be in words and texts only, which take everything.
        text.Length == 0 || !Ascii.IsValid(text) || !IsAscii || MayBeMade(text.ToLowerInvariant(), words);

    private bool IsAscii => Array.TrueForAll(_pieces, p => p.Text is null || Ascii.IsValid(p.Text));

    /// <summary>Follows all places at which the needle could have begun at once: bit k says that its first k letters end here.</summary>
    private bool MayBeMade(string needle, WordAnswers? words)
    {
        var followed = needle.AsSpan(0, Math.Min(needle.Length, MostFollowed));
        var goal = 1ul << followed.Length;
        var states = 1ul;
        foreach (var piece in _pieces)
        {
            if (piece.Text is null)
            {
                states = Taken(piece, followed, states, words);
                if ((states & goal) != 0) return true;
                continue;
            }
            foreach (var b in piece.Text)
            {
                states = (states & Equal(followed, (char)(b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b))) << 1 | 1;
                if ((states & goal) != 0) return true;
            }
        }
        return false;
    }

    /// <summary>Where in the needle one may be behind a slot.</summary>
    private static ulong Taken(in Piece piece, ReadOnlySpan<char> needle, ulong states, WordAnswers? words)
    {
        if (piece.Slot == BodySlot.Word && words is not null) return words.Behind(states);
        var allowed = Allowed(needle, piece.Slot);
        if (piece.Slot is BodySlot.HexLower or BodySlot.HexUpper or BodySlot.Padded) return Taken(needle.Length, piece.Parameter, allowed, states);
        // A slot takes one letter or more, or none when it is an empty word; it is enough to allow too much.
        var taken = (states & allowed) << 1;
        while (((taken | (taken & allowed) << 1) is var more) && more != taken) taken = more;
        return taken | 1 | (piece.Slot is BodySlot.Word or BodySlot.Text ? states : 0);
    }

    /// <summary>The same of a slot that takes so many letters: it has to take all of them, but for those before the needle's begin and behind its end.</summary>
    private static ulong Taken(int length, int width, ulong allowed, ulong states)
    {
        var taken = 1ul;
        for (var begin = 0; begin < length; begin++)
        {
            if ((states >> begin & 1) == 0) continue;
            var end = begin;
            while (end < length && end - begin < width && (allowed >> end & 1) != 0)
            {
                end++;
                // The needle may begin within the slot.
                if (begin == 0) taken |= 1ul << end;
            }
            if (end == length || end - begin == width) taken |= 1ul << end;
        }
        return taken;
    }

    private static ulong Equal(ReadOnlySpan<char> needle, char letter)
    {
        var bits = 0ul;
        for (var i = 0; i < needle.Length; i++) bits |= needle[i] == letter ? 1ul << i : 0;
        return bits;
    }

    private static ulong Allowed(ReadOnlySpan<char> needle, BodySlot slot)
    {
        var bits = 0ul;
        for (var i = 0; i < needle.Length; i++)
        {
            var c = needle[i];
            var may = slot switch
            {
                BodySlot.Number or BodySlot.Padded => char.IsAsciiDigit(c),
                BodySlot.Decimal => char.IsAsciiDigit(c) || c == '.',
                BodySlot.HexLower or BodySlot.HexUpper => char.IsAsciiHexDigit(c),
                _ => true,
            };
            bits |= may ? 1ul << i : 0;
        }
        return bits;
    }
}
