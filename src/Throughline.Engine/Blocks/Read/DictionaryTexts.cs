using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// Entries of a block's dictionaries by column and id, for one reader that goes through the whole block: pages are decoded when an entry of theirs is asked for, and kept until they are
/// together larger than a limit; then all are forgotten, since ids of neighbouring rows lie in neighbouring pages. A text is valid until the
/// one after the next is asked for. Not thread safe.
/// </summary>
internal sealed class DictionaryTexts(PageReader pages, BlockDirectory directory, long limitBytes, DecodeBuffers buffers)
{
    private readonly List<Texts?> _columns = [];
    private readonly List<(byte[] Bytes, int[] Ends)> _forgotten = [];

    /// <summary>The pages of a column, and the one that was asked last.</summary>
    private sealed class Texts
    {
        public readonly Dictionary<int, (byte[] Bytes, int[] Ends)> Decoded = [];
        public long First;
        public byte[] Bytes = [];
        public int[] Ends = [];
        public int Count;
    }

    /// <summary>Memory of the decoded pages.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Number of entries of a column's dictionary.</summary>
    public long Count(int column)
    {
        var entries = directory.Of(PageEntry.WholeBlock, column);
        return entries.IsEmpty ? 0 : entries[^1].Base + entries[^1].Count;
    }

    /// <summary>The entry; valid until the one after the next is asked for.</summary>
    /// <exception cref="CorruptDataException">There is none of this id.</exception>
    public ReadOnlySpan<byte> Entry(int column, long id)
    {
        var texts = (column < _columns.Count ? _columns[column] : null) ?? Add(column);
        if ((ulong)(id - texts.First) >= (ulong)texts.Count) Find(column, id, texts);
        var index = (int)(id - texts.First);
        return texts.Bytes.AsSpan((index == 0 ? 0 : texts.Ends[index - 1])..texts.Ends[index]);
    }

    /// <summary>Forgets all decoded pages.</summary>
    public void Clear()
    {
        Forget();
        Forget();
        _columns.Clear();
    }

    private Texts Add(int column)
    {
        while (_columns.Count <= column) _columns.Add(null);
        return _columns[column] = new Texts();
    }

    private void Find(int column, long id, Texts texts)
    {
        var entries = directory.Of(PageEntry.WholeBlock, column);
        var page = DictionaryPage.IndexOf(entries, id);
        if (page < 0) throw new CorruptDataException(pages.Name, entries.IsEmpty ? 0 : entries[0].Offset, $"an entry {id} of the dictionary of column {column}", $"{Count(column)} entries");
        if (!texts.Decoded.TryGetValue(page, out var decoded))
        {
            decoded = pages.Read(entries[page], (pages.Name, buffers), static (in PageEntry e, ReadOnlySpan<byte> body, (string Name, DecodeBuffers Buffers) state) =>
                DictionaryPage.Decode(e, body, state.Name, state.Buffers.Bytes.Take, state.Buffers.Ints.Take));
            if (HeldBytes > limitBytes) Forget();
            texts.Decoded.Add(page, decoded);
            HeldBytes += decoded.Bytes.Length + 4L * decoded.Ends.Length;
        }
        (texts.First, texts.Count, texts.Bytes, texts.Ends) = (entries[page].Base, entries[page].Count, decoded.Bytes, decoded.Ends);
    }

    /// <summary>Gives back what the last call has forgotten, and forgets the rest: two texts may be compared with each other.</summary>
    private void Forget()
    {
        foreach (var (bytes, ends) in _forgotten)
        {
            buffers.Bytes.Give(bytes);
            buffers.Ints.Give(ends);
        }
        _forgotten.Clear();
        foreach (var texts in _columns)
        {
            if (texts is null) continue;
            _forgotten.AddRange(texts.Decoded.Values);
            texts.Decoded.Clear();
            (texts.Count, texts.Bytes, texts.Ends) = (0, [], []);
        }
        HeldBytes = 0;
    }
}
