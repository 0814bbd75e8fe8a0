using System.Runtime.InteropServices;
using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Wal;

namespace Throughline.Engine;

/// <summary>What recovery found: everything a store needs to go on. Blocks that cannot be opened stand in the manifest and not in <paramref name="Blocks"/>; <paramref name="Notes"/> tell what was done and is well.</summary>
internal sealed record RecoveredStore(Manifest Manifest, IReadOnlyList<(ManifestBlock Facts, BlockReader Reader)> Blocks, Head Head, WalEnd LogEnd, RecentRequests Recent,
    IReadOnlyList<string> Problems, IReadOnlyList<string> Notes, IReadOnlyList<UnopenedBlock> Unopened)
{
    /// <summary>Closes the blocks' files, when no store comes to own them.</summary>
    public void CloseBlocks()
    {
        foreach (var (_, reader) in Blocks) reader.Dispose();
    }
}

/// <summary>
/// Opens what a store's directory holds: the manifest, its blocks, and the log's records that are in no block. Leftovers of a flush that did not come to
/// its end are deleted; what cannot be read is told and the rest is served.
/// </summary>
internal sealed class StoreRecovery(TraceStoreOptions options, IFileSystem files, TimeProvider time, PageCache cache, SpanTablePool tables)
{
    private readonly List<string> _problems = [];
    private readonly List<string> _notes = [];
    private readonly List<UnopenedBlock> _unopened = [];
    private readonly RecentRequests _recent = new(options.DuplicateWindow, options.DuplicateMaxRequests);

    /// <summary>Recovers. The directory is locked by the caller.</summary>
    /// <exception cref="StoreOpenException">The store cannot be used at all.</exception>
    public RecoveredStore Run(StorePaths paths, WalOptions walOptions, CancellationToken cancellationToken)
    {
        var manifest = ReadManifest(paths);
        // The manifest that is seen may not be durable, when the sync of its name failed: after a loss of power the one before would want its blocks and its segments of the log, which are deleted from here on.
        if (files.FileExists(Path.Combine(paths.Root, Manifest.FileName))) files.SyncDirectory(paths.Root);
        DeleteLeftovers(paths, manifest);
        if (!files.FileExists(Path.Combine(paths.Root, Manifest.FileName))) manifest.Write(files, paths.Root);
        manifest = new BlockUpgrade(files, paths, UnixTime.NowNano(time), _problems, _notes).Run(manifest, cancellationToken);
        var blocks = OpenBlocks(paths, manifest);
        try
        {
            var head = new Head(UnixTime.NowNano(time), tables, manifest.CutSegment);
            var end = ReadLog(walOptions, manifest, head, cancellationToken);
            return new RecoveredStore(manifest, blocks, head, end, _recent, _problems, _notes, _unopened);
        }
        catch
        {
            foreach (var (_, reader) in blocks) reader.Dispose();
            throw;
        }
    }

    private Manifest ReadManifest(StorePaths paths)
    {
        try
        {
            return Manifest.Read(files, paths.Root);
        }
        catch (CorruptDataException e)
        {
            throw new StoreOpenException($"The store's manifest cannot be read: {e.Message}. Restore the file from a copy of the directory, or move the directory away to begin a new store.", e);
        }
    }

    private void DeleteLeftovers(StorePaths paths, Manifest manifest)
    {
        var known = manifest.Blocks.Select(b => Manifest.BlockFileName(b.Number)).ToHashSet();
        var leftovers = files.ListFiles(paths.Blocks).Where(n => !known.Contains(n)).ToArray();
        // A store has a manifest from its first opening on: without one, nobody knows which blocks are its own, and deleting them all may be the end of its data.
        if (!files.FileExists(Path.Combine(paths.Root, Manifest.FileName)) && leftovers.FirstOrDefault(n => n.EndsWith(Manifest.BlockSuffix, StringComparison.Ordinal)) is { } block)
            throw new StoreOpenException($"{paths.Root} has blocks ({block}) but no {Manifest.FileName}. Restore the file from a copy of the directory, or move the directory away to begin a new store.");
        foreach (var name in leftovers)
        {
            if (name.EndsWith(Manifest.BlockSuffix, StringComparison.Ordinal) || name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)) files.Delete(Path.Combine(paths.Blocks, name));
        }
    }

    private List<(ManifestBlock, BlockReader)> OpenBlocks(StorePaths paths, Manifest manifest)
    {
        var blocks = new List<(ManifestBlock, BlockReader)>();
        foreach (var block in manifest.Blocks)
        {
            var name = Manifest.BlockFileName(block.Number);
            try
            {
                blocks.Add((block, BlockFacts.Confirmed(block, BlockReader.Open(files, paths.Block(block.Number), name, cache))));
            }
            catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
            {
                var problem = $"block {name} cannot be read, its spans are not served: {e.Message}";
                _problems.Add(problem);
                _unopened.Add(block.IsKnown ? new UnopenedBlock(block.Number, block.MinStartUnixNano, block.MaxStartUnixNano, problem) : new UnopenedBlock(block.Number, 0, ulong.MaxValue, problem));
                continue;
            }
            Remember(blocks[^1].Item2);
        }
        return blocks;
    }

    private void Remember(BlockReader block)
    {
        try
        {
            var oldest = UnixTime.NowNano(time) - (ulong)options.DuplicateWindow.Ticks * 100;
            foreach (var request in block.ReadDigests())
            {
                if (request.ReceivedUnixNano >= oldest) _recent.TryRemember(request.Digest, request.ReceivedUnixNano);
            }
        }
        catch (UnreadableSegmentException e)
        {
            _problems.Add($"block {block.Name} does not tell which requests it holds, retries of them may be stored again: {e.Message}");
        }
    }

    private WalEnd ReadLog(WalOptions walOptions, Manifest manifest, Head head, CancellationToken cancellationToken)
    {
        // The limit on nesting was the receiver's: what was acknowledged is taken back.
        var decoder = new OtlpTraceDecoder(maxNesting: 1024);
        var batch = new SpanBatch();
        var carried = manifest.Carried.ToDictionary(c => c.Id, c => c.FromSegment);
        using var reader = new WalReader(files, walOptions, manifest.FirstSegment);
        while (reader.TryRead(out var record))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var header = record.Header;
            // A request whose sync failed was refused and sent again: both copies may be here. Requests of before the cut are known by the block that has the rest of their spans.
            var isBeforeCut = record.Segment < manifest.CutSegment;
            if (!_recent.TryRemember(header.Digest, header.ReceiveUnixNano) && !isBeforeCut) continue;
            batch.Clear();
            var payload = record.Payload.Span;
            var result = header.Form == WalForm.Processed ? decoder.DecodeProcessed(payload, batch) : decoder.Decode(payload, batch);
            if (result.Status == DecodeStatus.Decoded && isBeforeCut) AddCarried(batch, record, carried, head);
            else if (result.Status == DecodeStatus.Decoded) head.Add(batch, new RequestDigest(header.Digest, header.ReceiveUnixNano));
            else _problems.Add($"record {record.Sequence} of log segment {record.Segment} at byte {record.Offset} cannot be decoded: {result.Message}");
        }
        _problems.AddRange(reader.Problems.Select(p => p.ToString()));
        return reader.End;
    }

    /// <summary>Of a record of before the cut, the spans that the flush left; the others are in its block, or in an earlier one.</summary>
    private static void AddCarried(SpanBatch batch, in WalRecord record, Dictionary<TraceId, long> carried, Head head)
    {
        var rows = new List<int>();
        for (var row = 0; row < batch.RowCount; row++)
        {
            if (carried.TryGetValue(batch.TraceId[row], out var from) && record.Segment >= from) rows.Add(row);
        }
        if (rows.Count > 0) head.Carry(batch, CollectionsMarshal.AsSpan(rows), record.Header.ReceiveUnixNano, id => carried[id]);
    }
}
