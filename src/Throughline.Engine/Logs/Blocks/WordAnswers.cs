using System.Numerics;
using System.Text;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// What the words of a row group say about a text that is looked for: which hold it whole, and of which parts of it they can be, so that a template with words is not taken to hold everything. Immutable.
/// </summary>
internal sealed class WordAnswers
{
    private const int MostFollowed = 63;
    private readonly int _length;
    private readonly ulong _ends;
    private readonly ulong _begins;
    private readonly ulong[] _whole;
    private readonly bool _hasEmpty;

    private WordAnswers(string needle, EntryTexts words, EntryTest test)
    {
        _length = needle.Length;
        _whole = new ulong[needle.Length];
        Holding = new ulong[RowBits.Words(words.Count)];
        words.Mark(test, Holding);
        HoldsNone = RowBits.IsEmpty(Holding);
        Span<byte> letters = stackalloc byte[needle.Length];
        Encoding.ASCII.GetBytes(needle, letters);
        // By letter: where in the needle it stands.
        Span<ulong> places = stackalloc ulong[128];
        places.Clear();
        for (var i = 0; i < letters.Length; i++)
        {
            places[letters[i]] |= 1ul << i;
            if (char.IsAsciiLetterLower((char)letters[i])) places[letters[i] & ~0x20] |= 1ul << i;
        }
        for (var id = 0; id < words.Count; id++)
        {
            var word = words[id];
            if (word.IsEmpty)
            {
                _hasEmpty = true;
                continue;
            }
            for (var left = places[word[^1]]; left != 0; left &= left - 1)
            {
                var part = BitOperations.TrailingZeroCount(left) + 1;
                if (part <= word.Length && Ascii.EqualsIgnoreCase(word[^part..], letters[..part])) _ends |= 1ul << part;
            }
            for (var left = places[word[0]]; left != 0; left &= left - 1)
            {
                var begin = BitOperations.TrailingZeroCount(left);
                var part = Math.Min(word.Length, letters.Length - begin);
                if (!Ascii.EqualsIgnoreCase(word[..part], letters.Slice(begin, part))) continue;
                if (begin + part == letters.Length) _begins |= 1ul << begin;
                else _whole[begin] |= 1ul << (begin + part);
            }
        }
    }

    private ulong[] Holding { get; }

    /// <summary>No word holds the whole text.</summary>
    public bool HoldsNone { get; }

    /// <summary>Whether a word holds the whole text; there may be no such word.</summary>
    public bool IsHolding(long id) => (ulong)id < (ulong)Holding.Length * 64 && RowBits.Has(Holding, (int)id);

    /// <summary>What some words say; null where that is not known: of letters beyond ASCII, or a text too long to be followed.</summary>
    public static WordAnswers? Of(EntryTexts words, LogNeedle needle) =>
        needle.Text.Length is 0 or > MostFollowed || !Ascii.IsValid(needle.Text) || !Ascii.IsValid(words.Bytes) ? null : new WordAnswers(needle.Text.ToLowerInvariant(), words, needle.Test);

    /// <summary>Where in the text one may be behind a word, but for words that hold it whole: bit k says that its first k letters end here.</summary>
    public ulong Behind(ulong states)
    {
        var taken = 1ul | _ends & ~(1ul << _length) | (_hasEmpty ? states : 0);
        for (var begin = 0; begin < _length; begin++)
        {
            if ((states >> begin & 1) == 0) continue;
            taken |= _whole[begin];
            // A word that begins with all of it holds it whole, which is asked apart.
            if (begin > 0 && (_begins >> begin & 1) != 0) taken |= 1ul << _length;
        }
        return taken;
    }
}
