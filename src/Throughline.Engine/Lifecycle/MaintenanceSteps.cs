using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Lifecycle;

/// <summary>Decides what compaction and retention do next, and does it. Owned by the loop of <see cref="BlockMaintenance"/>; not thread safe but for its counters.</summary>
internal sealed class MaintenanceSteps(BlockCatalog catalog, IBlockSet blocks, CompactionOptions compaction, RetentionOptions retention, TimeProvider time, TimeSpan duplicateWindow, QuietGate gate) : IMaintenanceSteps
{
    /// <summary>How long the buffers of merges, some tens of megabytes, wait for another one: under load there is one every few seconds.</summary>
    private static readonly TimeSpan KeepsBuffers = TimeSpan.FromMinutes(1);

    private readonly Dictionary<long, string> _excluded = [];
    private readonly Dictionary<long, string> _tooLarge = [];
    private readonly RetentionClock _retentionClock = new(time);
    private readonly RetentionSteps _retention = new(retention, catalog, blocks);
    private readonly HiddenTraces _hidden = new(blocks);
    private long _droppedBlocks;
    private long _droppedTraces;
    private long _droppedBytes;
    private long _merges;
    private long _mergedSpans;
    private BlockMerger? _merger;
    private long _mergedAt;

    /// <inheritdoc/>
    public IReadOnlyList<string> Excluded
    {
        get
        {
            lock (_excluded)
            {
                return [.. _excluded.Values.Concat(_tooLarge.Values).Distinct()];
            }
        }
    }

    /// <summary>Merges since the store was opened.</summary>
    public long Merges => Interlocked.Read(ref _merges);

    /// <summary>Spans that they have written.</summary>
    public long MergedSpans => Interlocked.Read(ref _mergedSpans);

    /// <summary>Blocks that wait to be merged for the first time.</summary>
    public IEnumerable<ManifestBlock> Backlog => CompactionPolicy.Backlog(blocks.Blocks.Select(b => b.Facts), compaction);

    /// <summary>What retention has dropped since the store was opened: whole blocks, traces (a trace in two blocks counts twice), bytes.</summary>
    public (long Blocks, long Traces, long Bytes) Dropped => (Interlocked.Read(ref _droppedBlocks), Interlocked.Read(ref _droppedTraces), Interlocked.Read(ref _droppedBytes));

    /// <inheritdoc/>
    public bool Next(bool everything, CancellationToken stop)
    {
        if (Retain(everything, stop) || Compact(everything, stop)) return true;
        if (_merger is not null && time.GetElapsedTime(_mergedAt) > KeepsBuffers) Dispose();
        return false;
    }

    /// <summary>Gives back the buffers of merges; the next one makes new ones.</summary>
    public void Dispose()
    {
        _merger?.Dispose();
        _merger = null;
    }

    private bool Retain(bool everything, CancellationToken stop)
    {
        var now = _retentionClock.NowNano();
        _retention.MoveCut(now, everything);
        if (_retention.LostBlocks(now) is { Count: > 0 } lost)
        {
            long[] numbers = [.. lost.Select(b => b.Number)];
            catalog.DropUnopened(numbers);
            blocks.ForgetUnopened(numbers);
            Count(lost.Count, lost.Sum(b => (long)b.Traces), lost.Sum(b => b.Bytes));
            return true;
        }
        if (_retention.Next(now, IsReadable) is not { } work) return false;
        if (work.Keep is not { } keep)
        {
            Commit(work.Blocks, null);
            Count(work.Blocks.Count, work.Blocks.Sum(b => (long)b.Facts.Traces), work.Blocks.Sum(b => b.Facts.Bytes));
            return true;
        }
        if (TryMerge(work.Blocks, _ => (id, start) => !keep(id, start), raisesLevel: false, stop) is var (kept, merged))
            Count(0, merged.Sum(b => (long)b.Facts.Traces) - kept.Traces, merged.Sum(b => b.Facts.Bytes) - kept.Bytes);
        return true;
    }

    private void Count(long blocks, long traces, long bytes)
    {
        Interlocked.Add(ref _droppedBlocks, blocks);
        Interlocked.Add(ref _droppedTraces, traces);
        Interlocked.Add(ref _droppedBytes, bytes);
    }

    private bool IsReadable(StoredBlock block)
    {
        lock (_excluded)
        {
            return !_excluded.ContainsKey(block.Facts.Number);
        }
    }

    private bool Compact(bool everything, CancellationToken stop)
    {
        if (!compaction.IsOn && !everything) return false;
        var present = blocks.Blocks;
        var due = CompactionPolicy.Next([.. present.Where(b => IsReadable(b) && !_tooLarge.ContainsKey(b.Facts.Number)).Select(b => b.Facts)], compaction, UnixTime.NowNano(time), everything);
        if (due.Count == 0) return false;
        var inputs = present.Where(b => due.Contains(b.Facts)).ToArray();
        if (TryMerge(inputs, _hidden.DroppedFrom, raisesLevel: true, stop) is var (merged, _))
        {
            Interlocked.Increment(ref _merges);
            Interlocked.Add(ref _mergedSpans, merged.Spans);
        }
        return true;
    }

    /// <summary>
    /// Replaces blocks by one of what is not hidden of them; answers what the manifest says of it, and which blocks they were: the first ones, when all are too large together. Null when one of them
    /// cannot be read or the smallest number is too large, and all stay as they are.
    /// </summary>
    private (ManifestBlock Merged, IReadOnlyList<StoredBlock> Inputs)? TryMerge(IReadOnlyList<StoredBlock> inputs, Func<IReadOnlyList<StoredBlock>, Func<TraceId, ulong, bool>> hides, bool raisesLevel, CancellationToken stop)
    {
        try
        {
            return (Merge(inputs, hides(inputs), raisesLevel, stop), inputs);
        }
        catch (MergeTooLargeException) when (inputs.Count > (raisesLevel ? 2 : 1))
        {
            return TryMerge([.. inputs.Take(inputs.Count == 2 ? 1 : (inputs.Count + 1) / 2)], hides, raisesLevel, stop);
        }
        catch (MergeTooLargeException e)
        {
            KeepApart(inputs, e);
            return null;
        }
        catch (Exception e) when (e is not (IOException or UnauthorizedAccessException or OperationCanceledException))
        {
            Exclude(inputs, e);
            return null;
        }
    }

    private ManifestBlock Merge(IReadOnlyList<StoredBlock> inputs, Func<TraceId, ulong, bool> hides, bool raisesLevel, CancellationToken stop)
    {
        var request = new MergeRequest
        {
            Hides = hides,
            MaxMemoryBytes = compaction.MaxMergeBytes,
            IsElsewhere = id => blocks.Blocks.Any(b => !inputs.Contains(b) && MayHold(b, id)),
            DigestsFromUnixNano = UnixTime.NowNano(time) - (ulong)duplicateWindow.Ticks * 100,
        };
        var isUrgent = Backlog.Count() > 4 * compaction.MaxSmallBlocks;
        var written = catalog.Write(file => Merge(inputs, request, isUrgent ? file : new PacedFile(file, gate, stop), stop));
        if (written.Reader.SpanCount == 0)
        {
            catalog.GiveUp(written);
            Commit(inputs, null);
            return new ManifestBlock(written.Number, 0, 0, 0, 0, 0, 0, 0, 0);
        }
        try
        {
            var facts = BlockFacts.Of(written, inputs.Min(b => b.Facts.FirstReceivedUnixNano), inputs.Max(b => b.Facts.LastReceivedUnixNano), inputs.Max(b => b.Facts.Level) + (raisesLevel ? 1 : 0));
            Commit(inputs, new StoredBlock(facts, written.Reader, catalog.Delete));
            return facts;
        }
        catch
        {
            catalog.GiveUp(written);
            throw;
        }
    }

    private void Merge(IReadOnlyList<StoredBlock> inputs, MergeRequest request, IWritableFile file, CancellationToken stop)
    {
        try
        {
            _merger ??= new BlockMerger();
            _merger.Merge([.. inputs.Select(b => b.Reader.File)], request, file, stop);
            _mergedAt = time.GetTimestamp();
        }
        catch
        {
            // It may have stopped anywhere; the next merge does not build on that.
            Dispose();
            throw;
        }
    }

    private static bool MayHold(StoredBlock block, TraceId id)
    {
        try
        {
            return block.Reader.MayHold(id);
        }
        catch (UnreadableSegmentException)
        {
            // It does not tell: queries look closer.
            return true;
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

    /// <summary>Blocks that are too large together, however few they are, stay as they are; what retention does with them does not change.</summary>
    private void KeepApart(IReadOnlyList<StoredBlock> inputs, MergeTooLargeException e)
    {
        lock (_excluded)
        {
            foreach (var block in inputs) _tooLarge[block.Facts.Number] = $"block {block.Reader.Name} is not merged with others until the store is opened again: {e.Message}";
        }
    }

    /// <summary>A block that cannot be read is left as it is, so that what can be read of it is served; the others are merged without it.</summary>
    private void Exclude(IReadOnlyList<StoredBlock> inputs, Exception e)
    {
        var damaged = (e as CorruptDataException ?? e.InnerException as CorruptDataException)?.File;
        var guilty = inputs.Where(b => b.Reader.Name == damaged).ToArray();
        var what = e is UnreadableSegmentException or CorruptDataException ? e.Message : $"{e.GetType().Name}: {e.Message}";
        lock (_excluded)
        {
            foreach (var block in guilty.Length > 0 ? guilty : [.. inputs])
                _excluded[block.Facts.Number] = $"block {block.Reader.Name} is not compacted until the store is opened again: {what}";
        }
    }
}
