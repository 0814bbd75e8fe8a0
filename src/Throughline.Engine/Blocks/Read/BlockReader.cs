using System.Collections.Concurrent;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Sampling;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// An open block as queries see it. Tables and filter are read when they are first asked for and stay; everything else goes through the store's cache. Thread safe; disposed by the store when no
/// snapshot needs it any more.
/// </summary>
internal sealed class BlockReader : ISpanSegment, IDisposable
{
    private readonly ConcurrentDictionary<int, BlockDictionary> _dictionaries = new();
    private readonly Lazy<Held> _held;
    private readonly Lazy<TraceFilter> _filter;
    private long _heldBytes;

    private BlockReader(BlockFile file, PageCache cache)
    {
        File = file;
        Pages = new BlockPages(file, cache);
        _held = new(ReadTables);
        _filter = new(() =>
        {
            var filter = Read(file.ReadTraceFilter);
            Hold(filter.MemoryBytes);
            return filter;
        });
    }

    private sealed record Held(BlockTables Tables, BlockShapes Shapes, OperationTable Operations, SegmentPart[] Parts);

    /// <summary>The file, for those who read all of it.</summary>
    public BlockFile File { get; }

    /// <summary>The file's name, for messages.</summary>
    public string Name => File.Name;

    /// <summary>The file's length.</summary>
    public long FileBytes => File.SizeBytes;

    /// <summary>Spans in the block.</summary>
    public long SpanCount => File.Footer.Spans;

    /// <inheritdoc/>
    public int TraceCount => File.Footer.Traces;

    /// <summary>Start of its earliest span.</summary>
    public ulong MinStartUnixNano => Parts.Count == 0 ? 0 : Parts.Min(p => p.MinStartUnixNano);

    /// <summary>Start of its latest span.</summary>
    public ulong MaxStartUnixNano => Parts.Count == 0 ? 0 : Parts.Max(p => p.MaxStartUnixNano);

    /// <summary>The tables.</summary>
    public BlockTables BlockTables => _held.Value.Tables;

    /// <summary>The shapes.</summary>
    public BlockShapes Shapes => _held.Value.Shapes;

    /// <summary>The pages.</summary>
    public BlockPages Pages { get; }

    /// <summary>Opens a block. Its footer and directory are read and checked here.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block of this version.</exception>
    public static BlockReader Open(IFileSystem files, string path, string name, PageCache cache)
    {
        var file = BlockFile.Open(files, path, name);
        var reader = new BlockReader(file, cache);
        reader.Hold(file.Directory.MemoryBytes);
        return reader;
    }

    /// <inheritdoc/>
    public object Identity => this;

    /// <inheritdoc/>
    public bool IsLasting => true;

    /// <inheritdoc/>
    public SpanBatch Tables => _held.Value.Tables.Batch;

    /// <inheritdoc/>
    public OperationTable Operations => _held.Value.Operations;

    /// <inheritdoc/>
    public OperationGroups OperationGroups
    {
        get
        {
            var key = Pages.Key(PageEntry.WholeBlock, BlockColumn.Operation, CachedForm.Derived);
            if (Pages.Cache.Find<OperationGroups>(key) is { } known) return known;
            var groups = OperationGroups.Of(Operations, Tables.Strings);
            Pages.Cache.Keep(key, groups, groups.MemoryBytes);
            return groups;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<(int Key, AttributeType Type, long Values)> SpanKeys =>
        [.. BlockTables.Columns.Where(static c => c.Owner == AttributeOwner.Span).Select(static c => (c.Key, c.Type, (long)c.Values))];

    /// <inheritdoc/>
    public IReadOnlyList<SegmentPart> Parts => _held.Value.Parts;

    /// <inheritdoc/>
    public ISegmentPart Open(int part) => new BlockPart(this, part);

    /// <inheritdoc/>
    public ReadOnlySpan<TraceId> TraceIds
    {
        get
        {
            var key = Pages.Key(PageEntry.WholeBlock, BlockColumn.TraceIds, CachedForm.Raw);
            if (Pages.Cache.Find<TraceId[]>(key) is { } known) return known;
            var ids = Read(File.ReadTraceIds);
            if (ids.Length != TraceCount) throw Unreadable.From(new CorruptDataException(Name, 0, $"{TraceCount} trace ids", $"{ids.Length}"));
            Pages.Cache.Keep(key, ids, 16L * ids.Length);
            return ids;
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<TraceId> SplitTraceIds => Read(File.ReadSplitTraceIds);

    /// <inheritdoc/>
    public SegmentSummaries? Summaries
    {
        get
        {
            var key = Pages.Key(PageEntry.WholeBlock, BlockColumn.Summaries, CachedForm.Derived);
            if (Pages.Cache.Find<SegmentSummaries>(key) is { } known) return known;
            var summaries = Read(ReadSummaries);
            Pages.Cache.Keep(key, summaries, summaries.MemoryBytes);
            return summaries;
        }
    }

    /// <inheritdoc/>
    public SpanWeights? Weights
    {
        get
        {
            var key = Pages.Key(PageEntry.WholeBlock, BlockColumn.TraceState, CachedForm.Derived);
            if (Pages.Cache.Find<SpanWeights>(key) is not { } weights) Pages.Cache.Keep(key, weights = Read(ReadWeights), weights.MemoryBytes);
            return weights.Any ? weights : null;
        }
    }

    private SpanWeights ReadWeights()
    {
        var states = Dictionary(BlockColumn.TraceState);
        var byState = new float[Math.Max(1, states.Count)];
        // Number 0 is the empty state.
        byState[0] = 1;
        for (var state = 1; state < byState.Length; state++) byState[state] = (float)SamplingThreshold.WeightOf(SamplingThreshold.Read(states[state]));
        return new SpanWeights(byState);
    }

    private SegmentSummaries ReadSummaries()
    {
        var stored = File.ReadSummaries();
        try
        {
            return new SegmentSummaries(
                Operations.Count,
                Array.ConvertAll(stored.Durations, d => (d.Operation, d.Bucket, d.Spans)),
                Array.ConvertAll(stored.Minutes, m => ((ulong)m.Minute, m.Service, m.Spans, m.Errors)),
                Array.ConvertAll(stored.Edges, e => (e.ParentService, e.ChildService, e.Calls, e.Errors)));
        }
        catch (InvalidDataException e)
        {
            throw new CorruptDataException(Name, 0, $"summaries of {Operations.Count} operations", e.Message);
        }
    }

    /// <summary>The requests that its spans came with.</summary>
    public RequestDigest[] ReadDigests() => Read(File.ReadDigests);

    /// <inheritdoc/>
    public bool MayHold(TraceId id) => _filter.Value.MayContain(id);

    /// <inheritdoc/>
    public int FindTrace(TraceId id)
    {
        if (!MayHold(id)) return -1;
        var ids = TraceIds;
        var prints = IdPrints(ids);
        var print = PrintOf(id);
        for (var from = 0; prints.AsSpan(from).IndexOf(print) is var next and >= 0; from += next + 1)
        {
            if (ids[from + next] == id) return from + next;
        }
        return -1;
    }

    /// <summary>Two bytes of each id: what is looked through for a trace is an eighth of the ids, at the speed of vectors, and one in 65,536 has to be compared whole.</summary>
    private ushort[] IdPrints(ReadOnlySpan<TraceId> ids)
    {
        var key = Pages.Key(PageEntry.WholeBlock, BlockColumn.TraceIds, CachedForm.Derived);
        if (Pages.Cache.Find<ushort[]>(key) is { } known) return known;
        var prints = new ushort[ids.Length];
        for (var i = 0; i < prints.Length; i++) prints[i] = PrintOf(ids[i]);
        Pages.Cache.Keep(key, prints, 2L * prints.Length);
        return prints;
    }

    private static ushort PrintOf(TraceId id)
    {
        var folded = id.High ^ id.Low;
        folded ^= folded >> 32;
        return (ushort)(folded ^ (folded >> 16));
    }

    /// <summary>Start of a trace, by its spans here.</summary>
    public ulong TraceStart(int trace)
    {
        var (part, inPart) = PartOf(trace);
        return Read(part.TraceStarts)[inPart];
    }

    /// <inheritdoc/>
    public TraceFacts Facts(int trace, out string? errorType)
    {
        var (part, inPart) = PartOf(trace);
        (var facts, errorType) = Read(() => BlockTraceFacts.Of(part, inPart));
        return facts;
    }

    /// <inheritdoc/>
    public void CopyTrace(int trace, SpanTable into, IReadBounds bounds)
    {
        var (part, inPart) = PartOf(trace);
        Read(() =>
        {
            new BlockRows(part, bounds).CopyTrace(TraceIds[trace], inPart, into);
            return true;
        });
    }

    /// <summary>The dictionary of a column; the same one each time.</summary>
    public BlockDictionary Dictionary(int column) =>
        _dictionaries.GetOrAdd(column, static (c, pages) => new BlockDictionary(pages, c, hasNone: c < BlockColumn.FirstAttribute), Pages);

    private (BlockPart Part, int Trace) PartOf(int trace)
    {
        var parts = Parts;
        var (low, high) = (0, parts.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (parts[middle].FirstTrace <= trace) low = middle;
            else high = middle - 1;
        }
        return (new BlockPart(this, low), trace - parts[low].FirstTrace);
    }

    private Held ReadTables()
    {
        var tables = Read(File.ReadTables);
        var parts = new SegmentPart[tables.RowGroups.Length];
        var firstTrace = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var g = tables.RowGroups[i];
            parts[i] = new SegmentPart(g.Rows, firstTrace, g.Traces, g.MinStartUnixNano, g.MaxStartUnixNano, g.MaxTraceStartUnixNano, g.MaxTraceDurationNano);
            firstTrace += g.Traces;
        }
        if (firstTrace != TraceCount) throw Unreadable.From(new CorruptDataException(Name, 0, $"{TraceCount} traces in the row groups", $"{firstTrace}"));
        var operations = tables.Operations;
        var table = new OperationTable(
            Array.ConvertAll(operations, o => o.Service), Array.ConvertAll(operations, o => o.Name), Array.ConvertAll(operations, o => o.Kind),
            Array.ConvertAll(operations, o => o.Scope), Array.ConvertAll(operations, o => o.Spans), Array.ConvertAll(operations, o => o.Errors));
        var shapes = new BlockShapes(tables);
        Hold(tables.Batch.MemoryBytes + (64L * tables.Columns.Length) + (64L * operations.Length) + (96L * parts.Length) + (8L * tables.ShapeMembers.Length) + shapes.MemoryBytes);
        return new Held(tables, shapes, table, parts);
    }

    private void Hold(long bytes)
    {
        Interlocked.Add(ref _heldBytes, bytes);
        Pages.Cache.Hold(bytes);
    }

    private static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (Unreadable.Is(e))
        {
            throw Unreadable.From(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Pages.Forget();
        Pages.Cache.Hold(-Interlocked.Exchange(ref _heldBytes, 0));
        File.Dispose();
    }
}
