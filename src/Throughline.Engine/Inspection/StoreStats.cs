using System.Runtime.InteropServices;
using System.Text;
using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Signals;

namespace Throughline.Engine.Inspection;

/// <summary>Adds up what the files of a store that nobody has open hold, from the manifest, the directories of the blocks and the log's records. Changes nothing.</summary>
public sealed class StoreStats
{
    /// <summary>Keys that are told one by one.</summary>
    private const int MostKeys = 20;

    private readonly Dictionary<string, long> _parts = [];
    private readonly Dictionary<string, long> _keys = [];
    private readonly List<string> _unreadable = [];
    private readonly IFileSystem _files;
    private readonly StorePaths _paths;
    private long _bytes;
    private long _spans;
    private long _traces;

    private StoreStats(IFileSystem files, string directory) => (_files, _paths) = (files, new StorePaths(directory));

    /// <summary>Reads the stores in a directory, the traces and the other signals. Holds its lock meanwhile.</summary>
    /// <exception cref="StoreOpenException">The directory holds no store, a server has it open, or its manifest cannot be read.</exception>
    public static StoreSizes Read(string directory, IFileSystem files, CancellationToken cancellationToken) => Read(directory, files, SignalProbes.All, cancellationToken);

    /// <summary>The same with other signals than this release has.</summary>
    internal static StoreSizes Read(string directory, IFileSystem files, IReadOnlyList<ISignalProbe> probes, CancellationToken cancellationToken)
    {
        using var held = StoreLock.Take(directory, files);
        try
        {
            var signals = DirectoryOwner.Signals.Where(s => s != "traces" && DirectoryOwner.HoldsStore(files, directory, s));
            return new StoreStats(files, directory).Read(cancellationToken) with
            {
                Signals = [.. signals.Select(s => new SignalInspection(files, directory, s, probes.FirstOrDefault(p => p.Name == s), new FindingList(), isThorough: false).Run(cancellationToken))],
            };
        }
        catch (Exception e) when (e is CorruptDataException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StoreOpenException($"The store in {directory} cannot be measured: {e.Message}", e);
        }
    }

    private StoreSizes Read(CancellationToken cancellationToken)
    {
        var manifest = Manifest.Read(_files, _paths.Root);
        foreach (var block in manifest.Blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Measure(block);
        }
        var log = new TraceLogCheck(_files, _paths, new FindingList());
        log.Run(manifest, cancellationToken);
        var known = manifest.Blocks.Where(b => b.IsKnown && b.Spans > 0).ToArray();
        return new StoreSizes
        {
            Blocks = manifest.Blocks.Count,
            Levels = [.. manifest.Blocks.GroupBy(b => b.Level).OrderBy(l => l.Key).Select(l => (l.Key, l.Count(), l.Sum(b => b.Spans), l.Sum(b => Math.Max(b.Bytes, 0))))],
            BlockSpans = _spans,
            BlockTraces = _traces,
            BlockBytes = _bytes,
            Parts = [.. _parts.OrderByDescending(p => p.Value).Select(p => new PartSize(p.Key, p.Value))],
            LargestKeys = [.. _keys.OrderByDescending(p => p.Value).Take(MostKeys).Select(p => new PartSize(p.Key, p.Value))],
            LogRecords = log.Records,
            LogSpans = log.Spans,
            LogBytes = log.Bytes,
            EarliestStart = known.Length == 0 ? null : known.Min(b => b.MinStartUnixNano),
            LatestStart = known.Length == 0 ? null : known.Max(b => b.MaxStartUnixNano),
            FirstReceived = known.Length == 0 ? null : known.Min(b => b.FirstReceivedUnixNano),
            LastReceived = known.Length == 0 ? null : known.Max(b => b.LastReceivedUnixNano),
            Pins = manifest.Pinned.Count,
            HiddenBefore = manifest.HiddenBeforeUnixNano,
            Unreadable = _unreadable,
        };
    }

    private void Measure(ManifestBlock block)
    {
        var name = Manifest.BlockFileName(block.Number);
        try
        {
            using var file = BlockFile.Open(_files, _paths.Block(block.Number), name);
            var tables = file.ReadTables();
            _spans += file.Footer.Spans;
            _traces += file.Footer.Traces;
            _bytes += file.SizeBytes;
            foreach (ref readonly var page in file.Directory.Entries)
            {
                Add(_parts, PartOf(page, tables), page.StoredLength);
                if (page.Column >= BlockColumn.FirstAttribute) Add(_keys, Encoding.UTF8.GetString(tables.Batch.Strings[tables.Columns[page.Column - BlockColumn.FirstAttribute].Key]), page.StoredLength);
            }
            Add(_parts, "directory, header and footer", file.Footer.DirectoryLength + BlockFooter.HeaderBytes + BlockFooter.SizeBytes);
        }
        catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
        {
            _unreadable.Add($"{name}: {e.Message}");
        }
    }

    private static void Add(Dictionary<string, long> sizes, string name, long bytes) => CollectionsMarshal.GetValueRefOrAddDefault(sizes, name, out _) += bytes;

    private static string PartOf(in PageEntry page, BlockTables tables)
    {
        if (page.Column >= BlockColumn.FirstAttribute)
        {
            if (page.RowGroup == PageEntry.WholeBlock) return "dictionaries of attributes";
            return tables.Columns[page.Column - BlockColumn.FirstAttribute].Owner == AttributeOwner.Span ? "attributes" : "events and links";
        }
        return page.Column switch
        {
            BlockColumn.SpanId or BlockColumn.Parent or BlockColumn.ParentElsewhere or BlockColumn.TraceIds => "ids",
            BlockColumn.Start or BlockColumn.End => "times",
            BlockColumn.Operation => "operations",
            BlockColumn.Shape => "attributes",
            >= BlockColumn.EventCount and <= BlockColumn.LinkShape => "events and links",
            >= BlockColumn.TraceRows and <= BlockColumn.TraceErrorType => "trace facts",
            BlockColumn.TraceFilter => "trace filter",
            BlockColumn.SplitTraceIds or BlockColumn.StayedBehind => "ids of split traces",
            BlockColumn.Digests => "digests of requests",
            BlockColumn.Tables => "tables",
            BlockColumn.Summaries => "summaries",
            _ => "status, resource and other columns",
        };
    }
}
