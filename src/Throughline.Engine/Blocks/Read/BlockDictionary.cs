using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>A decoded page of dictionary entries. Immutable.</summary>
internal sealed record EntryPage(byte[] Bytes, int[] Ends)
{
    /// <summary>An entry by its place in the page.</summary>
    public ReadOnlySpan<byte> this[int place] => Bytes.AsSpan((place == 0 ? 0 : Ends[place - 1])..Ends[place]);

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => Bytes.LongLength + Ends.LongLength * 4;
}

/// <summary>The page of entries that a reader of one column was in last: neighbouring rows have entries of the same page.</summary>
internal struct EntryWindow
{
    /// <summary>The page; null before the first entry.</summary>
    public EntryPage? Page;

    /// <summary>The number of its first entry.</summary>
    public long First;
}

/// <summary>
/// The dictionary of a column of a block, read page by page. With <paramref name="hasNone"/> number 0 is the empty text and n the entry n - 1, as columns of texts have it. Thread safe.
/// </summary>
internal sealed class BlockDictionary(BlockPages pages, int column, bool hasNone) : EntryDictionary
{
    private readonly int _first = hasNone ? 1 : 0;

    /// <inheritdoc/>
    public override int Count => _first + (Entries is [.., var last] ? (int)last.Base + last.Count : 0);

    private ReadOnlySpan<PageEntry> Entries => pages.File.Directory.Of(PageEntry.WholeBlock, column);

    /// <summary>The entry of a number.</summary>
    /// <exception cref="CorruptDataException">There is no such entry, or its page cannot be read.</exception>
    public ReadOnlySpan<byte> this[long number]
    {
        get
        {
            var window = default(EntryWindow);
            return Entry(number, ref window);
        }
    }

    /// <summary>The entry of a number, for a reader that asks for many.</summary>
    /// <exception cref="CorruptDataException">There is no such entry, or its page cannot be read.</exception>
    public ReadOnlySpan<byte> Entry(long number, scoped ref EntryWindow window)
    {
        if (hasNone && number == 0) return [];
        if (window.Page is { } near && (ulong)(number - window.First) < (ulong)near.Ends.Length) return near[(int)(number - window.First)];
        var entries = Entries;
        var page = DictionaryPage.IndexOf(entries, number - _first);
        if (page < 0) throw new CorruptDataException(pages.File.Name, 0, $"an entry {number - _first} of the dictionary of column {column}", "none");
        window = new EntryWindow { Page = Page(page), First = entries[page].Base + _first };
        return window.Page[(int)(number - window.First)];
    }

    /// <inheritdoc/>
    public override string Text(long number)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(this[number]);
        }
        catch (Exception e) when (Unreadable.Is(e))
        {
            throw Unreadable.From(e);
        }
    }

    /// <inheritdoc/>
    public override EntryAnswers Ask(EntryTest test) => new Answers(this, test);

    private EntryPage Page(int page)
    {
        var key = Key(page);
        if (pages.Cache.Find<EntryPage>(key) is { } known) return known;
        var entry = Entries[page];
        var decoded = pages.File.Pages.Read(entry, pages.File.Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) => Decoded(e, body, name));
        pages.Cache.Keep(key, decoded, decoded.MemoryBytes);
        return decoded;
    }

    /// <summary>A page for a test that goes through all dictionaries; null when the test holds for no entry of it. Kept only where nothing has to make room for it: all dictionaries may be larger than the cache.</summary>
    private EntryPage? PageToScan(int page, EntryTest test)
    {
        if (pages.Cache.Find<EntryPage>(Key(page)) is { } known) return known;
        var entry = Entries[page];
        if (pages.Cache.HasRoomFor(entry.RawLength)) return Page(page);
        return pages.File.Pages.Read(entry, (pages.File.Name, test), static (in PageEntry e, ReadOnlySpan<byte> body, (string Name, EntryTest Test) state) =>
        {
            var joined = DictionaryPage.Joined(e, body);
            return joined.IsEmpty || state.Test.MayHoldIn(joined) ? Decoded(e, body, state.Name) : null;
        });
    }

    private CacheKey Key(int page) => pages.Key(PageEntry.WholeBlock, column, CachedForm.Entries, page);

    private static EntryPage Decoded(in PageEntry entry, ReadOnlySpan<byte> body, string name)
    {
        var (bytes, ends) = DictionaryPage.Decode(entry, body, name);
        return new EntryPage(bytes, ends);
    }

    /// <summary>Bits by number; a page is asked about whole, when a number of it is wanted first.</summary>
    private sealed class Answers : EntryAnswers
    {
        private readonly BlockDictionary _dictionary;
        private readonly EntryTest _test;
        private readonly Lock _gate = new();
        private readonly ulong[] _yes;
        private readonly bool[] _asked;
        private readonly int _count;

        public Answers(BlockDictionary dictionary, EntryTest test)
        {
            (_dictionary, _test, _count) = (dictionary, test, dictionary.Count);
            _yes = new ulong[RowBits.Words(_count)];
            _asked = new bool[dictionary.Entries.Length];
            if (dictionary._first == 1 && test.Holds([])) RowBits.Set(_yes, 0);
        }

        public override long MemoryBytes => _yes.LongLength * 8 + _asked.Length;

        public override bool Prepare(long smallest, long largest)
        {
            if (smallest < 0 || largest >= _count)
                throw Unreadable.From(new CorruptDataException(_dictionary.Name, 0, $"numbers of {_count} entries", $"{smallest} to {largest}"));
            lock (_gate)
            {
                var entries = _dictionary.Entries;
                for (var page = Math.Max(0, DictionaryPage.IndexOf(entries, smallest - _dictionary._first)); page < entries.Length && entries[page].Base + _dictionary._first <= largest; page++)
                {
                    if (_asked[page]) continue;
                    Ask(page, (int)entries[page].Base + _dictionary._first);
                    _asked[page] = true;
                }
                return RowBits.AnyIn(_yes, (int)smallest, (int)largest + 1);
            }
        }

        private void Ask(int page, int firstBit)
        {
            try
            {
                if ((_test.IsScan ? _dictionary.PageToScan(page, _test) : _dictionary.Page(page)) is not { } entries) return;
                _test.Mark(entries.Bytes, entries.Ends, _yes, firstBit);
            }
            catch (Exception e) when (Unreadable.Is(e))
            {
                throw Unreadable.From(e);
            }
        }

        public override void Keep(NumberVector values, Span<ulong> places) => SetScan.And(values, _yes, places);

        public override bool Any() => _count > 0 && Prepare(0, _count - 1);
    }

    private string Name => pages.File.Name;
}

/// <summary>What reading a block may throw, as queries know it.</summary>
internal static class Unreadable
{
    /// <summary>Whether stored bytes are to blame.</summary>
    public static bool Is(Exception e) => e is CorruptDataException or IOException;

    /// <summary>The exception that queries expect.</summary>
    public static UnreadableSegmentException From(Exception e) => new(e.Message, e);
}
