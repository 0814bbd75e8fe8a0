using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// Entries of a block's dictionaries by column and id, for one reader that goes through the whole block: pages are decoded when an entry of theirs is asked for, and kept until they are
/// together larger than a limit; then all are forgotten, since ids of neighbouring rows lie in neighbouring pages. Not thread safe.
/// </summary>
internal sealed class DictionaryTexts(PageReader pages, BlockDirectory directory, long limitBytes)
{
    private readonly Dictionary<long, (byte[] Bytes, int[] Ends)> _decoded = [];
    private long _bytes;

    /// <summary>The entry; valid as long as the caller likes, as pages are immutable.</summary>
    public ReadOnlySpan<byte> Entry(int column, long id)
    {
        var entries = directory.Of(PageEntry.WholeBlock, column);
        var page = DictionaryPage.IndexOf(entries, id);
        if (page < 0) throw new CorruptDataException(pages.Name, 0, $"an entry {id} of the dictionary of column {column}", "none");
        var (bytes, ends) = Decoded(column, page, entries[page]);
        var index = (int)(id - entries[page].Base);
        return bytes.AsSpan((index == 0 ? 0 : ends[index - 1])..ends[index]);
    }

    /// <summary>Forgets all decoded pages.</summary>
    public void Clear()
    {
        _decoded.Clear();
        _bytes = 0;
    }

    private (byte[] Bytes, int[] Ends) Decoded(int column, int page, in PageEntry entry)
    {
        var key = ((long)column << 32) | (uint)page;
        if (_decoded.TryGetValue(key, out var known)) return known;
        known = pages.Read(entry, pages.Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) => DictionaryPage.Decode(e, body, name));
        if (_bytes > limitBytes) Clear();
        _decoded.Add(key, known);
        _bytes += known.Bytes.Length + 4L * known.Ends.Length;
        return known;
    }
}
