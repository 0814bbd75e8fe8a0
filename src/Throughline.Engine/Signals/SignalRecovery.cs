using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Signals;

/// <summary>What recovery found: everything a store needs to go on. Blocks that cannot be opened stand in the manifest and not in <paramref name="Blocks"/>.</summary>
internal sealed record RecoveredSignal<THead, TBlock>(SignalManifest Manifest, IReadOnlyList<(SignalBlockEntry Facts, SignalBlockFile File, TBlock Reader)> Blocks, SignalHead<THead> Head, WalEnd LogEnd,
    RecentRequests Recent, IReadOnlyList<string> Problems)
    where THead : class
    where TBlock : class, IDisposable;

/// <summary>
/// Opens what a store's directory holds: the manifest, its blocks, and the log's records that are in no block. Leftovers of a flush or a merge that did not come to its end are deleted; what cannot be
/// read is told and the rest is served. Used once, by one thread; the directory is the caller's.
/// </summary>
internal sealed class SignalRecovery<TBatch, THead, TView, TBlock>(ISignalFormat<TBatch, THead, TView, TBlock> format, SignalStoreOptions options, IFileSystem files, TimeProvider time, PageCache cache)
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    private readonly List<string> _problems = [];
    private readonly RecentRequests _recent = new(options.DuplicateWindow, options.DuplicateMaxRequests);

    /// <summary>Recovers.</summary>
    /// <exception cref="StoreOpenException">The store cannot be used at all.</exception>
    public RecoveredSignal<THead, TBlock> Run(SignalPaths paths, WalOptions walOptions, CancellationToken cancellationToken)
    {
        var manifest = DeleteLeftovers(paths, ReadManifest(paths));
        var blocks = new List<(SignalBlockEntry Facts, SignalBlockFile File, TBlock Reader)>();
        try
        {
            OpenBlocks(paths, manifest, blocks, cancellationToken);
            var head = new SignalHead<THead>(format.NewHead(), UnixTime.NowNano(time));
            var end = ReadLog(walOptions, manifest, head, cancellationToken);
            return new RecoveredSignal<THead, TBlock>(manifest, blocks, head, end, _recent, _problems);
        }
        catch
        {
            foreach (var block in blocks) block.Reader.Dispose();
            throw;
        }
    }

    private SignalManifest ReadManifest(SignalPaths paths)
    {
        try
        {
            return SignalManifest.Read(files, paths);
        }
        catch (CorruptDataException e)
        {
            throw new StoreOpenException($"The manifest of the {format.Name} cannot be read: {e.Message}. Restore the file from a copy of the directory, or move {paths.Root} away to begin anew.", e);
        }
    }

    /// <summary>Deletes what no manifest names, and answers the manifest with a number for its next block that no file has had.</summary>
    private SignalManifest DeleteLeftovers(SignalPaths paths, SignalManifest manifest)
    {
        var known = manifest.Blocks.Select(b => SignalPaths.BlockFileName(b.Number)).ToHashSet();
        var leftovers = files.ListFiles(paths.Blocks).Where(n => !known.Contains(n)).ToArray();
        if (!files.FileExists(paths.Manifest))
        {
            // A store has a manifest from its first opening on: without one, nobody knows which blocks are its own, and deleting them all may be the end of its data.
            if (leftovers.FirstOrDefault(n => SignalPaths.BlockNumber(n) is not null) is { } block)
                throw new StoreOpenException($"{paths.Root} has blocks ({block}) but no {SignalManifest.FileName}. Restore the file from a copy of the directory, or move the directory away to begin anew.");
            manifest.Write(files, paths);
            return manifest;
        }
        // The manifest that is seen may not be durable, when the sync of its name failed: after a loss of power the one before would want its blocks and its log.
        files.SyncDirectory(paths.Root);
        var next = manifest.NextBlock;
        foreach (var name in leftovers)
        {
            var number = SignalPaths.BlockNumber(name);
            next = Math.Max(next, (number ?? 0) + 1);
            if (number is not null || name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)) files.Delete(Path.Combine(paths.Blocks, name));
        }
        return manifest with { NextBlock = next };
    }

    private void OpenBlocks(SignalPaths paths, SignalManifest manifest, List<(SignalBlockEntry Facts, SignalBlockFile File, TBlock Reader)> blocks, CancellationToken cancellationToken)
    {
        foreach (var entry in manifest.Blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var (file, reader) = SignalCatalog<TBatch, THead, TView, TBlock>.Open(format, files, paths, cache, entry.Number);
                blocks.Add((entry, Confirmed(entry, file, reader), reader));
            }
            catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
            {
                _problems.Add($"block {paths.BlockName(entry.Number)} cannot be read, its {format.Items} are not served: {e.Message}");
                continue;
            }
            Remember(entry, blocks[^1].File);
        }
    }

    /// <summary>The file, which is the one that the manifest means; closed when it is another.</summary>
    private SignalBlockFile Confirmed(SignalBlockEntry entry, SignalBlockFile file, TBlock reader)
    {
        var expected = (entry.Bytes, new SignalBlockFacts(entry.Items, entry.FirstUnixNano, entry.LastUnixNano));
        var found = (file.SizeBytes, file.Facts);
        if (expected == found) return file;
        reader.Dispose();
        throw new CorruptDataException(file.Name, found.SizeBytes, $"{entry.Bytes} bytes with {entry.Items} {format.Items}, as the manifest says", $"{found.SizeBytes} bytes with {found.Facts.Items}");
    }

    private void Remember(SignalBlockEntry entry, SignalBlockFile file)
    {
        var (now, window) = (UnixTime.NowNano(time), (ulong)options.DuplicateWindow.Ticks * 100);
        var oldest = now > window ? now - window : 0;
        if (entry.LastReceivedUnixNano < oldest) return;
        try
        {
            foreach (var request in file.ReadDigests())
            {
                if (request.ReceivedUnixNano >= oldest) _recent.TryRemember(request.Digest, request.ReceivedUnixNano);
            }
        }
        catch (Exception e) when (e is CorruptDataException or IOException)
        {
            _problems.Add($"block {file.Name} does not tell which requests it holds, retries of them may be stored again: {e.Message}");
        }
    }

    private WalEnd ReadLog(WalOptions walOptions, SignalManifest manifest, SignalHead<THead> head, CancellationToken cancellationToken)
    {
        var batch = format.NewBatch();
        using var reader = new WalReader(files, walOptions, manifest.FirstSegment);
        while (reader.TryRead(out var record))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var header = record.Header;
            // A request whose sync failed was refused and sent again: both copies may be here.
            if (!_recent.TryRemember(header.Digest, header.ReceiveUnixNano)) continue;
            if (header.Signal != format.Signal)
            {
                _problems.Add($"record {record.Sequence} of log segment {record.Segment} at byte {record.Offset} is of signal {(byte)header.Signal} and not of {(byte)format.Signal}");
            }
            else if (format.TryDecode(record.Payload.Span, header.Form, batch, out var problem))
            {
                format.Add(head.Content, batch, header.ReceiveUnixNano);
                head.Remember(new RequestDigest(header.Digest, header.ReceiveUnixNano));
            }
            else
            {
                _problems.Add($"record {record.Sequence} of log segment {record.Segment} at byte {record.Offset} cannot be decoded: {problem}");
            }
        }
        head.Size = format.Measure(head.Content);
        _problems.AddRange(reader.Problems.Select(p => p.ToString()));
        return reader.End;
    }
}
