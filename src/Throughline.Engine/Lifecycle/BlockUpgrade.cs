using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Blocks.Version0;
using Throughline.Engine.Blocks.Write;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Lifecycle;

/// <summary>
/// Rewrites blocks of older format versions in the present one when a store is opened, one after another, each with a manifest of its own: a crash leaves the old block or the new one. A block
/// that cannot be read whole stays as it is. Used by recovery, which holds the directory's lock. Not thread safe.
/// </summary>
/// <param name="problems">Where a block that cannot be rewritten is told.</param>
/// <param name="notes">Where it is told what was rewritten.</param>
internal sealed class BlockUpgrade(IFileSystem files, StorePaths paths, ulong nowUnixNano, List<string> problems, List<string> notes)
{
    /// <summary>Rewrites what is old; answers the manifest that is in force afterwards, durable.</summary>
    /// <exception cref="IOException">The disk refuses; nothing is lost, and the next opening goes on.</exception>
    public Manifest Run(Manifest manifest, CancellationToken cancellationToken)
    {
        var old = manifest.Blocks.Where(IsOld).ToArray();
        if (old.Length == 0) return manifest;
        var owners = Owners(manifest);
        using var builder = new BlockBuilder(compresses: true);
        var rewritten = 0;
        foreach (var block in old)
        {
            var name = Manifest.BlockFileName(block.Number);
            try
            {
                manifest = Rewrite(manifest, block, owners, builder, cancellationToken);
                rewritten++;
            }
            catch (CorruptDataException e)
            {
                problems.Add($"block {name} of format version 0 cannot be rewritten in version {Blocks.Format.BlockFooter.FormatVersion}, its spans are not served; the file stays as it is: {e.Message}");
            }
            catch (IOException e)
            {
                throw new IOException($"block {name} of format version 0 could not be rewritten in version {Blocks.Format.BlockFooter.FormatVersion}: {e.Message}", e);
            }
        }
        if (rewritten > 0) notes.Add($"{rewritten} blocks of format version 0 were rewritten in version {Blocks.Format.BlockFooter.FormatVersion}; no older release can read them");
        return manifest;
    }

    private bool IsOld(ManifestBlock block)
    {
        try
        {
            using var file = files.OpenRead(paths.Block(block.Number));
            return Blocks.Format.BlockFooter.ReadVersion(file, Manifest.BlockFileName(block.Number)) < Blocks.Format.BlockFooter.FormatVersion;
        }
        catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
        {
            // Recovery opens it next, and tells.
            return false;
        }
    }

    /// <summary>How many blocks each trace lies in; of blocks that cannot be read, nothing is known.</summary>
    private Dictionary<TraceId, int> Owners(Manifest manifest)
    {
        var owners = new Dictionary<TraceId, int>();
        foreach (var block in manifest.Blocks)
        {
            try
            {
                foreach (var id in TraceIds(block)) System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(owners, id, out _)++;
            }
            catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
            {
                // Its spans are not served, so that none of its traces lies in two places; whoever opens or rewrites it tells.
                continue;
            }
        }
        return owners;
    }

    private TraceId[] TraceIds(ManifestBlock block)
    {
        var name = Manifest.BlockFileName(block.Number);
        if (IsOld(block))
        {
            using var old = OldBlock.Open(files, paths.Block(block.Number), name);
            return old.TraceIds.ToArray();
        }
        using var file = BlockFile.Open(files, paths.Block(block.Number), name);
        return file.ReadTraceIds();
    }

    private Manifest Rewrite(Manifest manifest, ManifestBlock block, Dictionary<TraceId, int> owners, BlockBuilder builder, CancellationToken cancellationToken)
    {
        using var old = OldBlock.Open(files, paths.Block(block.Number), Manifest.BlockFileName(block.Number));
        var digests = old.ReadDigests();
        var split = old.TraceIds.ToArray().Where(id => owners[id] > 1).ToArray();
        var number = manifest.NextBlock;
        var length = 0L;
        AtomicFile.Write(files, paths.Block(number), file =>
        {
            Write(old, digests, split, builder, file, cancellationToken);
            length = file.Length;
        });
        var facts = Facts(block, number, length, old, digests);
        var next = manifest with { NextBlock = number + 1, Blocks = [.. manifest.Blocks.Select(b => b.Number == block.Number ? facts : b)] };
        next.Write(files, paths.Root);
        files.Delete(paths.Block(block.Number));
        return next;
    }

    private static void Write(OldBlock old, RequestDigest[] digests, TraceId[] split, BlockBuilder builder, IWritableFile file, CancellationToken cancellationToken)
    {
        builder.Begin(file);
        var numbers = new SourceNumbers(builder.Tables);
        var (trace, spans) = (0, 0L);
        for (var group = 0; group < old.RowGroups; group++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var batch = old.ReadRowGroup(group, out var traceRows);
            builder.EndPiece();
            numbers.From(batch);
            builder.From(numbers);
            var order = new RowOrder(batch);
            var first = 0;
            foreach (var count in traceRows)
            {
                var rows = Enumerable.Range(first, count).ToArray();
                order.Sort(rows);
                builder.AddTrace(old.TraceIds[trace++], rows);
                first += count;
            }
            spans += batch.RowCount;
        }
        if (spans != old.SpanCount) throw new CorruptDataException(old.Name, 0, $"{old.SpanCount} spans", $"{spans}");
        builder.Finish(digests, split, []);
    }

    /// <summary>When it was received, if the manifest does not know it, is told by its requests; without any it counts as received now, so that it is not dropped early.</summary>
    private ManifestBlock Facts(ManifestBlock block, long number, long bytes, OldBlock old, RequestDigest[] digests)
    {
        if (block.IsKnown) return block with { Number = number, Bytes = bytes };
        var (first, last) = digests.Length == 0 ? (nowUnixNano, nowUnixNano) : (digests.Min(d => d.ReceivedUnixNano), digests.Max(d => d.ReceivedUnixNano));
        return new ManifestBlock(number, bytes, old.SpanCount, old.TraceIds.Length, old.MinStartUnixNano, old.MaxStartUnixNano, first, last, Level: 0);
    }
}
