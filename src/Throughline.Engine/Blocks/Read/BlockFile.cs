using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Read;

/// <summary>An open block file of version 1 with its directory. Thread safe. The pages of the whole block are read anew each time they are asked for: who needs them often keeps them.</summary>
internal sealed class BlockFile : IDisposable
{
    private readonly IReadableFile _file;

    private BlockFile(IReadableFile file, string name, BlockFooter footer, BlockDirectory directory)
    {
        _file = file;
        Footer = footer;
        Directory = directory;
        Pages = new PageReader(file, name);
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name => Pages.Name;

    /// <summary>The file's length.</summary>
    public long SizeBytes => _file.Length;

    /// <summary>The end of the file.</summary>
    public BlockFooter Footer { get; }

    /// <summary>Every page.</summary>
    public BlockDirectory Directory { get; }

    /// <summary>Reads pages.</summary>
    public PageReader Pages { get; }

    /// <summary>Opens a block; footer and directory are read and checked.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block of this version.</exception>
    public static BlockFile Open(IFileSystem files, string path, string name)
    {
        var file = files.OpenRead(path);
        try
        {
            var (footer, directory) = BlockFooter.Read(file, name);
            return new BlockFile(file, name, footer, directory);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The tables.</summary>
    public BlockTables ReadTables() => Read(BlockColumn.Tables, static (in PageEntry e, ReadOnlySpan<byte> body, string name) => BlockTables.Decode(body, name, e.Offset));

    /// <summary>The summaries.</summary>
    public BlockSummaries ReadSummaries() => Read(BlockColumn.Summaries, static (in PageEntry e, ReadOnlySpan<byte> body, string name) => BlockSummaries.Decode(body, name, e.Offset));

    /// <summary>The trace filter.</summary>
    public TraceFilter ReadTraceFilter() => Read(BlockColumn.TraceFilter, static (in PageEntry _, ReadOnlySpan<byte> body, string _) => TraceFilter.Load(body));

    /// <summary>The ids of all traces, in order.</summary>
    public TraceId[] ReadTraceIds() => ReadRaw<TraceId>(BlockColumn.TraceIds);

    /// <summary>The traces that had spans in other blocks when this one was written.</summary>
    public TraceId[] ReadSplitTraceIds() => ReadRaw<TraceId>(BlockColumn.SplitTraceIds);

    /// <summary>The traces whose spans stayed behind in the log when this block was flushed.</summary>
    public TraceId[] ReadStayedBehind() => ReadRaw<TraceId>(BlockColumn.StayedBehind);

    /// <summary>The requests that the spans came with.</summary>
    public RequestDigest[] ReadDigests() => ReadRaw<RequestDigest>(BlockColumn.Digests);

    private T[] ReadRaw<T>(int column)
        where T : unmanaged
    {
        var found = Directory.Of(PageEntry.WholeBlock, column);
        return found.Length == 0 ? [] : Pages.Read(found[0], Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) =>
        {
            var values = MemoryMarshal.Cast<byte, T>(body);
            if (values.Length != e.Count) throw new CorruptDataException(name, e.Offset, $"{e.Count} values", $"{body.Length} bytes");
            return values.ToArray();
        });
    }

    private T Read<T>(int column, PageReader.Use<string, T> use)
    {
        var found = Directory.Of(PageEntry.WholeBlock, column);
        if (found.Length == 0) throw new CorruptDataException(Name, Footer.DirectoryOffset, $"a page of column {column}", "none");
        return Pages.Read(found[0], Name, use);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
