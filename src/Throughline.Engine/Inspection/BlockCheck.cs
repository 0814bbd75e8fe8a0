using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Inspection;

/// <summary>Reads every page and every row of an open block of the present format version. Used once, by one thread.</summary>
internal sealed class BlockCheck(BlockFile block, FindingList findings)
{
    private readonly PageMeaning _meaning = new(block);
    private long[] _numbers = [];

    /// <summary>Checks all; answers how many spans could be read.</summary>
    public long Run(CancellationToken cancellationToken)
    {
        CheckPlaces();
        var readable = true;
        foreach (ref readonly var page in block.Directory.Entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            readable &= Check(page);
        }
        // Rows need pages of the whole block; what is damaged there has been told already.
        if (!_meaning.HasTables) return 0;
        return CheckRows(readable, cancellationToken);
    }

    /// <summary>Pages lie one behind the other from the header to the directory, so that every byte of the file has its checksum.</summary>
    private void CheckPlaces()
    {
        var pages = block.Directory.Entries.ToArray();
        Array.Sort(pages, static (a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.StoredLength.CompareTo(b.StoredLength));
        var end = (long)Blocks.Format.BlockFooter.HeaderBytes;
        foreach (var page in pages)
        {
            if (page.Offset != end) findings.Damage(block.Name, end, "a page", $"the next one at {page.Offset}", "the directory does not say what these bytes are");
            end = page.Offset + page.StoredLength;
        }
        if (end != block.Footer.DirectoryOffset) findings.Damage(block.Name, end, "a page", $"the directory at {block.Footer.DirectoryOffset}", "the directory does not say what these bytes are");
    }

    private bool Check(in PageEntry page)
    {
        try
        {
            if (page.Count < 0) throw new CorruptDataException(block.Name, page.Offset, "a number of values", $"{page.Count}");
            if (page.Encoding is not (PageEncoding.Raw or PageEncoding.Bytes or PageEncoding.Dictionary) && _numbers.Length < page.Count) _numbers = new long[page.Count];
            block.Pages.Read(page, (_numbers, block.Name), static (in PageEntry e, ReadOnlySpan<byte> body, (long[] Numbers, string Name) state) =>
            {
                CheckBody(e, body, state.Numbers, state.Name);
                return 0;
            });
            return true;
        }
        catch (Exception e) when (e is CorruptDataException or IOException)
        {
            findings.Damage(block.Name, e, _meaning.Of(page));
            return false;
        }
    }

    private static void CheckBody(in PageEntry page, ReadOnlySpan<byte> body, long[] numbers, string name)
    {
        if (body.Length != page.RawLength) throw new CorruptDataException(name, page.Offset, $"{page.RawLength} bytes", $"{body.Length}");
        switch (page.Encoding)
        {
            case PageEncoding.Bytes when body.Length != page.Count:
            case PageEncoding.Raw when body.Length != (long)page.Count * page.Width:
                throw new CorruptDataException(name, page.Offset, $"{page.Count} values", $"{body.Length} bytes");
            case PageEncoding.Bytes or PageEncoding.Raw:
                return;
            case PageEncoding.Dictionary:
                DictionaryPage.Decode(page, body, name);
                return;
            case PageEncoding.Decimal:
                NumberDecoder.DecodeDecimalIntegers(page, body, numbers.AsSpan(0, page.Count), name);
                break;
            default:
                NumberDecoder.Decode(page, body, 0, numbers.AsSpan(0, page.Count), name);
                break;
        }
        var values = numbers.AsSpan(0, page.Count);
        if (values.IndexOfAnyExceptInRange(page.Base, page.Top) is var outside and >= 0)
            throw new CorruptDataException(name, page.Offset, $"values from {page.Base} to {page.Top}", $"{values[outside]}");
    }

    private long CheckRows(bool readable, CancellationToken cancellationToken)
    {
        try
        {
            var tables = block.ReadTables();
            var ids = block.ReadTraceIds();
            CheckIds(tables, ids);
            var rows = new RowGroupCheck(block, tables, ids, findings);
            var spans = 0L;
            for (var group = 0; group < tables.RowGroups.Length; group++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    spans += rows.Check(group);
                }
                catch (Exception e) when (e is CorruptDataException or IOException)
                {
                    readable = false;
                    findings.Damage(block.Name, e, $"the {tables.RowGroups[group].Rows} spans of row group {group} cannot all be read");
                }
            }
            if (!readable) return spans;
            if (spans != block.Footer.Spans) findings.Damage(block.Name, block.SizeBytes - Blocks.Format.BlockFooter.SizeBytes, $"{block.Footer.Spans} spans", $"{spans}", "spans of this block are lost");
            rows.CheckSummaries();
            return spans;
        }
        catch (Exception e) when (e is CorruptDataException or IOException)
        {
            findings.Damage(block.Name, e, $"the {block.Footer.Spans} spans of this block cannot be read");
            return 0;
        }
    }

    private void CheckIds(BlockTables tables, TraceId[] ids)
    {
        var offset = PlaceOf(BlockColumn.TraceIds);
        var traces = tables.RowGroups.Sum(g => (long)g.Traces);
        if (ids.Length != block.Footer.Traces || traces != ids.Length)
            throw new CorruptDataException(block.Name, offset, $"ids of {block.Footer.Traces} traces", $"{ids.Length}, and {traces} traces in the row groups");
        if (new HashSet<TraceId>(ids).Count != ids.Length) findings.Damage(block.Name, offset, "each trace once", "one twice", "a trace is shown in part");
        var filter = block.ReadTraceFilter();
        var missing = ids.Count(id => !filter.MayContain(id));
        if (missing > 0) findings.Damage(block.Name, PlaceOf(BlockColumn.TraceFilter), "a filter that lets the block's traces pass", $"one that keeps {missing} back", $"{missing} traces are not found by their id");
        CheckKnown(block.ReadSplitTraceIds(), BlockColumn.SplitTraceIds, ids, "a trace that lies in several blocks may be shown in part");
        block.ReadDigests();
        block.ReadStayedBehind();
    }

    private void CheckKnown(TraceId[] named, int column, TraceId[] ids, string meaning)
    {
        var known = new HashSet<TraceId>(ids);
        var strangers = named.Count(id => !known.Contains(id));
        if (strangers > 0) findings.Damage(block.Name, PlaceOf(column), "ids of the block's traces", $"{strangers} others", meaning);
    }

    private long PlaceOf(int column)
    {
        var pages = block.Directory.Of(PageEntry.WholeBlock, column);
        return pages.Length == 0 ? block.Footer.DirectoryOffset : pages[0].Offset;
    }
}
