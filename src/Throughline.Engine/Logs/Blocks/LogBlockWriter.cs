using System.IO.Hashing;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>Writes a block of log records, row group after row group (docs/format/logs.md). One owner; not thread safe. The file stays the caller's, who syncs it.</summary>
internal sealed class LogBlockWriter : IDisposable
{
    private readonly PageWriter _pages = new();
    private readonly LogRowGroupWriter _rowGroups;
    private readonly List<LogRowGroupFacts> _facts = [];

    /// <summary>Begins a block in an empty file.</summary>
    public LogBlockWriter(IWritableFile file)
    {
        _rowGroups = new LogRowGroupWriter(_pages);
        _pages.Begin(file, compresses: true);
        _pages.Plain(LogFooter.Header());
    }

    /// <summary>The row groups so far.</summary>
    public IReadOnlyList<LogRowGroupFacts> RowGroups => _facts;

    /// <summary>Writes a chunk's rows as a row group; nothing when there are none.</summary>
    public void Append(LogChunk chunk)
    {
        if (chunk.RowCount > 0) _facts.Add(_rowGroups.Write(chunk, _facts.Count));
    }

    /// <summary>Copies a row group of another block as it lies there.</summary>
    /// <exception cref="CorruptDataException">A page of it is not what was written.</exception>
    public void Copy(LogBlock block, int rowGroup)
    {
        foreach (ref readonly var entry in block.Directory.Of(rowGroup))
        {
            if (entry.StoredLength == 0) _pages.Stored(entry, _facts.Count, []);
            else block.Pages.ReadStored(entry, (Pages: _pages, Target: _facts.Count), static (in PageEntry e, ReadOnlySpan<byte> stored, (PageWriter Pages, int Target) to) =>
            {
                to.Pages.Stored(e, to.Target, stored);
                return 0;
            });
        }
        _facts.Add(block.RowGroups[rowGroup]);
    }

    /// <summary>Ends the block.</summary>
    public void Finish()
    {
        var lists = new ListWriter();
        LogRowGroupFacts.Write(_facts, lists);
        _pages.Bytes(LogColumn.RowGroups, lists.Written, true);
        var count = _pages.Entries.Length;
        var stored = _pages.Compress(BlockDirectory.Encode(_pages.Entries));
        var footer = new LogFooter(_facts.Sum(f => (long)f.Rows), _pages.Position, stored.Length, count, XxHash3.HashToUInt64(stored));
        _pages.Plain(stored);
        _pages.Plain(footer.Encode());
        _pages.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _pages.Dispose();
}
