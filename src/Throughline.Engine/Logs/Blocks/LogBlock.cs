using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>An open block of log records. Thread safe; owns its file.</summary>
internal sealed class LogBlock : IDisposable
{
    private readonly IReadableFile _file;
    private readonly Lock _gate = new();
    private TraceFilter[]? _filters;
    private long _held;

    private LogBlock(IReadableFile file, string name, PageCache cache, LogFooter footer, BlockDirectory directory)
    {
        (_file, Footer, Directory, Cache) = (file, footer, directory, cache);
        Pages = new PageReader(file, name);
        Number = cache.NextBlock();
        RowGroups = ReadRowGroups();
        _held = directory.MemoryBytes + RowGroups.Sum(g => g.MemoryBytes);
        cache.Hold(_held);
        Parts = [.. Enumerable.Range(0, RowGroups.Length).Select(i => new LogRowGroup(this, i))];
    }

    /// <summary>The end of the file.</summary>
    public LogFooter Footer { get; }

    /// <summary>Every page.</summary>
    public BlockDirectory Directory { get; }

    /// <summary>Reads pages.</summary>
    public PageReader Pages { get; }

    /// <summary>What is decoded.</summary>
    public PageCache Cache { get; }

    /// <summary>Its number in the cache.</summary>
    public int Number { get; }

    /// <summary>What is known of the row groups.</summary>
    public LogRowGroupFacts[] RowGroups { get; }

    /// <summary>The row groups.</summary>
    public LogRowGroup[] Parts { get; }

    /// <summary>Opens a block, which owns the file from then on.</summary>
    /// <exception cref="CorruptDataException">It is not what was written.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote it.</exception>
    public static LogBlock Open(IReadableFile file, string name, PageCache cache)
    {
        var (footer, directory) = LogFooter.Read(file, name);
        return new LogBlock(file, name, cache, footer, directory);
    }

    private LogRowGroupFacts[] ReadRowGroups()
    {
        var pages = Directory.Of(PageEntry.WholeBlock, LogColumn.RowGroups);
        if (pages.Length != 1) throw new CorruptDataException(Pages.Name, Footer.DirectoryOffset, "one page of row groups", $"{pages.Length}");
        var groups = Pages.Read(pages[0], Pages.Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) => LogRowGroupFacts.Read(body, name, e.Offset));
        if (groups.Sum(g => (long)g.Rows) != Footer.Records || Directory.RowGroups > groups.Length)
            throw new CorruptDataException(Pages.Name, pages[0].Offset, $"{Footer.Records} records in {Directory.RowGroups} row groups", $"{groups.Sum(g => (long)g.Rows)} in {groups.Length}");
        return groups;
    }

    /// <summary>False when a row group surely has no record of a trace. The filters are read when the first one is asked, and kept as long as the block is open.</summary>
    public bool MayHave(int rowGroup, TraceId traceId)
    {
        var filters = Volatile.Read(ref _filters);
        if (filters is null)
        {
            lock (_gate)
            {
                filters = _filters ?? ReadFilters();
                Volatile.Write(ref _filters, filters);
            }
        }
        return filters[rowGroup].MayContain(traceId);
    }

    private TraceFilter[] ReadFilters()
    {
        var filters = new TraceFilter[RowGroups.Length];
        for (var i = 0; i < filters.Length; i++)
        {
            var pages = Directory.Of(i, LogColumn.TraceFilter);
            filters[i] = pages.IsEmpty ? TraceFilter.Load([]) : Pages.Read(pages[0], 0, static (in PageEntry _, ReadOnlySpan<byte> body, int _) => TraceFilter.Load(body));
        }
        var bytes = filters.Sum(f => f.MemoryBytes);
        Cache.Hold(bytes);
        _held += bytes;
        return filters;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cache.Hold(-_held);
        Cache.Forget(Number);
        _file.Dispose();
    }
}
