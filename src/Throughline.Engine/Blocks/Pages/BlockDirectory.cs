using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>
/// What a block's directory says (docs/format/block.md): every page by row group and column, with its zone map. Immutable, thread safe; about 64 bytes a page.
/// </summary>
internal sealed class BlockDirectory
{
    private const int Fields = 12;

    /// <summary>Bytes of an entry before compression.</summary>
    public const int EntryBytes = Fields * 8;

    private readonly PageEntry[] _entries;
    private readonly int[] _firstOfRowGroup;

    private BlockDirectory(PageEntry[] entries, int rowGroups)
    {
        _entries = entries;
        // Pages of the whole block, row group -1, come first.
        _firstOfRowGroup = new int[rowGroups + 2];
        var next = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            while (next <= entries[i].RowGroup + 1) _firstOfRowGroup[next++] = i;
        }
        while (next < _firstOfRowGroup.Length) _firstOfRowGroup[next++] = entries.Length;
    }

    /// <summary>All pages, ordered by row group, column, offset.</summary>
    public ReadOnlySpan<PageEntry> Entries => _entries;

    /// <summary>Number of row groups that have a page.</summary>
    public int RowGroups => _firstOfRowGroup.Length - 2;

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => _entries.LongLength * System.Runtime.CompilerServices.Unsafe.SizeOf<PageEntry>() + _firstOfRowGroup.LongLength * 4;

    /// <summary>The pages of a row group, or of the whole block (<see cref="PageEntry.WholeBlock"/>), by column.</summary>
    public ReadOnlySpan<PageEntry> Of(int rowGroup) => _entries.AsSpan(_firstOfRowGroup[rowGroup + 1].._firstOfRowGroup[rowGroup + 2]);

    /// <summary>The pages of one column of a row group or of the whole block: none, one, or for dictionaries several.</summary>
    public ReadOnlySpan<PageEntry> Of(int rowGroup, int column)
    {
        var pages = Of(rowGroup);
        var first = LowerBound(pages, column);
        var end = first;
        while (end < pages.Length && pages[end].Column == column) end++;
        return pages[first..end];
    }

    private static int LowerBound(ReadOnlySpan<PageEntry> pages, int column)
    {
        var (low, high) = (0, pages.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (pages[middle].Column < column) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Orders the entries of a block that has been written and makes the directory's bytes of them.</summary>
    public static byte[] Encode(ReadOnlySpan<PageEntry> written)
    {
        var entries = written.ToArray();
        Array.Sort(entries, Compare);
        var bytes = new byte[entries.Length * Fields * 8];
        var end = 0L;
        for (var i = 0; i < entries.Length; i++)
        {
            ref readonly var e = ref entries[i];
            Span<long> fields = [e.Column, e.RowGroup, e.Offset - end, e.StoredLength, e.RawLength, (int)e.Compression, (int)e.Encoding, e.Width, e.Count, e.Base, e.Top - e.Base, e.Checksum];
            end = e.Offset + e.StoredLength;
            for (var field = 0; field < Fields; field++)
            {
                for (var plane = 0; plane < 8; plane++) bytes[(field * 8 + plane) * entries.Length + i] = (byte)((ulong)fields[field] >> (8 * plane));
            }
        }
        return bytes;
    }

    /// <summary>Reads a directory whose checksum has been checked.</summary>
    /// <exception cref="CorruptDataException">Its entries cannot be those of a block.</exception>
    public static BlockDirectory Decode(ReadOnlySpan<byte> bytes, int count, string file, long offset)
    {
        if (bytes.Length != (long)count * Fields * 8) throw new CorruptDataException(file, offset, $"a directory of {count} pages", $"{bytes.Length} bytes");
        var entries = new PageEntry[count];
        Span<long> fields = stackalloc long[Fields];
        var end = 0L;
        for (var i = 0; i < count; i++)
        {
            for (var field = 0; field < Fields; field++)
            {
                var value = 0UL;
                for (var plane = 0; plane < 8; plane++) value |= (ulong)bytes[(field * 8 + plane) * count + i] << (8 * plane);
                fields[field] = (long)value;
            }
            entries[i] = new PageEntry
            {
                Column = (int)fields[0],
                RowGroup = (int)fields[1],
                Offset = end + fields[2],
                StoredLength = (int)fields[3],
                RawLength = (int)fields[4],
                Compression = (PageCompression)fields[5],
                Encoding = (PageEncoding)fields[6],
                Width = (byte)fields[7],
                Count = (int)fields[8],
                Base = fields[9],
                Top = fields[9] + fields[10],
                Checksum = (uint)fields[11],
            };
            end = entries[i].Offset + entries[i].StoredLength;
            if (entries[i].RowGroup < PageEntry.WholeBlock || entries[i].RowGroup > count || (i > 0 && Compare(entries[i - 1], entries[i]) > 0))
                throw new CorruptDataException(file, offset, "pages in the order of row groups and columns", $"page {i} of row group {entries[i].RowGroup}, column {entries[i].Column}");
        }
        return new BlockDirectory(entries, count == 0 ? 0 : entries[^1].RowGroup + 1);
    }

    private static int Compare(PageEntry a, PageEntry b)
    {
        var order = a.RowGroup.CompareTo(b.RowGroup);
        if (order == 0) order = a.Column.CompareTo(b.Column);
        return order != 0 ? order : a.Offset.CompareTo(b.Offset);
    }
}
