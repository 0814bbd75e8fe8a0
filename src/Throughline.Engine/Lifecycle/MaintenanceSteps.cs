using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;

namespace Throughline.Engine.Lifecycle;

/// <summary>Decides what compaction and retention do next, and does it. Owned by the loop of <see cref="BlockMaintenance"/>; not thread safe but for its counters.</summary>
internal sealed class MaintenanceSteps(BlockCatalog catalog, IBlockSet blocks, CompactionOptions compaction, TimeProvider time, TimeSpan duplicateWindow, QuietGate gate)
{
    private readonly Dictionary<long, string> _excluded = [];
    private long _merges;
    private long _mergedSpans;

    /// <summary>Blocks that cannot be merged until the store is opened again, and why.</summary>
    public IReadOnlyList<string> Excluded
    {
        get
        {
            lock (_excluded)
            {
                return [.. _excluded.Values.Distinct()];
            }
        }
    }

    /// <summary>Merges since the store was opened.</summary>
    public long Merges => Interlocked.Read(ref _merges);

    /// <summary>Spans that they have written.</summary>
    public long MergedSpans => Interlocked.Read(ref _mergedSpans);

    /// <summary>Blocks that wait to be merged for the first time.</summary>
    public IEnumerable<ManifestBlock> Backlog => CompactionPolicy.Backlog(blocks.Blocks.Select(b => b.Facts), compaction);

    /// <summary>Does what is due; false when nothing is.</summary>
    public bool Next(bool everything, CancellationToken stop)
    {
        if (!compaction.IsOn && !everything) return false;
        var present = blocks.Blocks;
        ManifestBlock[] candidates;
        lock (_excluded)
        {
            candidates = [.. present.Select(b => b.Facts).Where(b => !_excluded.ContainsKey(b.Number))];
        }
        var due = CompactionPolicy.Next(candidates, compaction, UnixNano(), everything);
        if (due.Count == 0) return false;
        var inputs = present.Where(b => due.Contains(b.Facts)).ToArray();
        try
        {
            Merge(inputs, blocks.Visibility, stop);
        }
        catch (Exception e) when (e is not (IOException or UnauthorizedAccessException or OperationCanceledException))
        {
            Exclude(inputs, e);
        }
        return true;
    }

    /// <summary>Replaces blocks by one that has what is visible of them; by none when that is nothing.</summary>
    private void Merge(IReadOnlyList<StoredBlock> inputs, TraceVisibility visibility, CancellationToken stop)
    {
        var request = new MergeRequest
        {
            Hides = visibility.Hides,
            IsElsewhere = id => blocks.Blocks.Any(b => !inputs.Contains(b) && b.Reader.FindTrace(id) >= 0),
            DigestsFromUnixNano = UnixNano() - (ulong)duplicateWindow.Ticks * 100,
        };
        var isUrgent = Backlog.Count() > 4 * compaction.MaxSmallBlocks;
        var written = catalog.Write(file => BlockMerging.Merge(inputs, request, isUrgent ? file : new PacedFile(file, gate, stop), stop));
        if (written.Reader.SpanCount == 0)
        {
            catalog.GiveUp(written);
            Commit(inputs, null);
            return;
        }
        try
        {
            var facts = BlockFacts.Of(written, inputs.Min(b => b.Facts.FirstReceivedUnixNano), inputs.Max(b => b.Facts.LastReceivedUnixNano), inputs.Max(b => b.Facts.Level) + 1);
            Commit(inputs, new StoredBlock(facts, written.Reader, catalog.Delete));
            Interlocked.Increment(ref _merges);
            Interlocked.Add(ref _mergedSpans, facts.Spans);
        }
        catch
        {
            catalog.GiveUp(written);
            throw;
        }
    }

    private void Commit(IReadOnlyList<StoredBlock> dropped, StoredBlock? added)
    {
        var numbers = dropped.Select(b => b.Facts.Number).ToHashSet();
        catalog.Commit(manifest => manifest with { Blocks = Replaced(manifest.Blocks, numbers, added?.Facts) }, manifest => blocks.Replace(dropped, added, PinnedTraces.Visibility(manifest)));
    }

    private static List<ManifestBlock> Replaced(IReadOnlyList<ManifestBlock> present, HashSet<long> dropped, ManifestBlock? added)
    {
        var next = new List<ManifestBlock>(present.Count);
        foreach (var block in present)
        {
            if (!dropped.Contains(block.Number))
            {
                next.Add(block);
                continue;
            }
            // In the place of the first.
            if (added is not null) next.Add(added);
            added = null;
        }
        return next;
    }

    /// <summary>A block that cannot be read is left as it is, so that what can be read of it is served; the others are merged without it.</summary>
    private void Exclude(StoredBlock[] inputs, Exception e)
    {
        var damaged = (e as CorruptDataException ?? e.InnerException as CorruptDataException)?.File;
        var guilty = inputs.Where(b => b.Reader.Name == damaged).ToArray();
        var what = e is UnreadableSegmentException or CorruptDataException ? e.Message : $"{e.GetType().Name}: {e.Message}";
        lock (_excluded)
        {
            foreach (var block in guilty.Length > 0 ? guilty : inputs)
                _excluded[block.Facts.Number] = $"block {block.Reader.Name} is not compacted until the store is opened again: {what}";
        }
    }

    private ulong UnixNano() => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
