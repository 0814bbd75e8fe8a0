using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;

namespace Throughline.Engine.Signals;

/// <summary>
/// Decides what merging and retention of a signal's blocks do next, and does it. Retention drops whole blocks: those over their age, and the oldest when they are too many bytes. Owned by the loop of
/// <see cref="BlockMaintenance"/>; not thread safe but for its counters.
/// </summary>
internal sealed class SignalSteps<TBatch, THead, TView, TBlock>(ISignalFormat<TBatch, THead, TView, TBlock> format, SignalStoreOptions options, SignalCatalog<TBatch, THead, TView, TBlock> catalog,
    SignalContent<TBatch, THead, TView, TBlock> content, TimeProvider time, QuietGate gate) : IMaintenanceSteps
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    /// <summary>Under a limit by bytes a block may be this part of it at most, since blocks go whole.</summary>
    private const int LeastBlocksWithinBytes = 10;

    private readonly Dictionary<long, string> _excluded = [];
    private readonly RetentionClock _retentionClock = new(time);
    private readonly CompactionOptions _compaction = options.MaxBytes > 0 && options.MaxBytes / LeastBlocksWithinBytes < options.Compaction.TargetBytes
        ? options.Compaction with { TargetBytes = Math.Max(1, options.MaxBytes / LeastBlocksWithinBytes) }
        : options.Compaction;

    private long _merges;
    private long _mergedBytes;
    private long _droppedBlocks;
    private long _droppedItems;
    private long _droppedBytes;

    /// <inheritdoc/>
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

    /// <summary>Merges since the store was opened, and bytes of the blocks that they wrote.</summary>
    public (long Count, long Bytes) Merges => (Interlocked.Read(ref _merges), Interlocked.Read(ref _mergedBytes));

    /// <summary>What retention has dropped since the store was opened.</summary>
    public (long Blocks, long Items, long Bytes) Dropped => (Interlocked.Read(ref _droppedBlocks), Interlocked.Read(ref _droppedItems), Interlocked.Read(ref _droppedBytes));

    /// <inheritdoc/>
    public bool Next(bool everything, CancellationToken stop) => Retain() || Merge(everything, stop);

    /// <summary>Nothing to give back: formats own the buffers of their merges.</summary>
    public void Dispose()
    {
    }

    private bool Retain()
    {
        var over = Over(catalog.Current.Blocks, _retentionClock.NowNano());
        if (over.Count == 0) return false;
        var numbers = over.Select(b => b.Number).ToHashSet();
        var open = content.State.Blocks.Where(b => numbers.Contains(b.Facts.Number)).ToArray();
        catalog.Commit(m => m with { Blocks = [.. m.Blocks.Where(b => !numbers.Contains(b.Number))] }, () => content.Replace(open, null));
        // Those that could not be opened are held by nobody.
        foreach (var block in over.Where(b => !open.Any(o => o.Facts.Number == b.Number))) catalog.Delete(block.Number);
        Interlocked.Add(ref _droppedBlocks, over.Count);
        Interlocked.Add(ref _droppedItems, over.Sum(b => b.Items));
        Interlocked.Add(ref _droppedBytes, over.Sum(b => b.Bytes));
        return true;
    }

    private List<SignalBlockEntry> Over(IReadOnlyList<SignalBlockEntry> blocks, ulong nowUnixNano)
    {
        var age = (ulong)options.MaxAge.Ticks * 100;
        var bytes = blocks.Sum(b => b.Bytes);
        var over = new List<SignalBlockEntry>();
        foreach (var block in blocks)
        {
            var isOld = age > 0 && nowUnixNano > block.LastReceivedUnixNano && nowUnixNano - block.LastReceivedUnixNano > age;
            if (!isOld && (options.MaxBytes == 0 || bytes <= options.MaxBytes)) continue;
            over.Add(block);
            bytes -= block.Bytes;
        }
        return over;
    }

    private bool Merge(bool everything, CancellationToken stop)
    {
        if (!_compaction.IsOn && !everything) return false;
        var present = content.State.Blocks;
        var due = CompactionPolicy.Next([.. present.Where(b => IsMergeable(b.Facts.Number)).Select(b => b.Facts)], _compaction, UnixTime.NowNano(time), everything);
        if (due.Count == 0) return false;
        TryMerge([.. present.Where(b => due.Contains(b.Facts))], stop);
        return true;
    }

    private bool IsMergeable(long number)
    {
        lock (_excluded)
        {
            return !_excluded.ContainsKey(number);
        }
    }

    /// <summary>Merges blocks, or the first half of them when all are too large together. When one of them cannot be read, or two are too large, they stay as they are.</summary>
    private void TryMerge(IReadOnlyList<HeldBlock<TBlock>> inputs, CancellationToken stop)
    {
        try
        {
            var written = Merged(inputs, stop);
            Interlocked.Increment(ref _merges);
            Interlocked.Add(ref _mergedBytes, written);
        }
        catch (MergeTooLargeException) when (inputs.Count > 2)
        {
            TryMerge([.. inputs.Take((inputs.Count + 1) / 2)], stop);
        }
        catch (MergeTooLargeException e)
        {
            Exclude(inputs, block => $"block {block.File.Name} is not merged with others until the store is opened again: {e.Message}");
        }
        catch (Exception e) when (e is not (IOException or UnauthorizedAccessException or OperationCanceledException))
        {
            // A block that cannot be read is left as it is, so that what can be read of it is served; the others are merged without it.
            var damaged = (e as CorruptDataException ?? e.InnerException as CorruptDataException)?.File;
            var guilty = inputs.Where(b => b.File.Name == damaged).ToArray();
            var what = e is CorruptDataException ? e.Message : $"{e.GetType().Name}: {e.Message}";
            Exclude(guilty.Length > 0 ? guilty : inputs, block => $"block {block.File.Name} is not merged until the store is opened again: {what}");
        }
    }

    private long Merged(IReadOnlyList<HeldBlock<TBlock>> inputs, CancellationToken stop)
    {
        var oldest = UnixTime.NowNano(time) is var now && (ulong)options.DuplicateWindow.Ticks * 100 is var window && now > window ? now - window : 0;
        var digests = new List<RequestDigest>();
        foreach (var input in inputs.Where(b => b.Facts.LastReceivedUnixNano >= oldest)) digests.AddRange(input.File.ReadDigests().Where(d => d.ReceivedUnixNano >= oldest));
        // Under load a merge gives way to flushes, unless merges fall behind.
        var isUrgent = CompactionPolicy.Backlog(content.State.Blocks.Select(b => b.Facts), _compaction).Count() > 4 * _compaction.MaxSmallBlocks;
        var readers = inputs.Select(b => b.Reader).ToArray();
        var written = catalog.Write(file => format.Merge(readers, isUrgent ? file : new PacedFile(file, gate, stop), _compaction.MaxMergeBytes, stop), digests);
        if (written.File.Facts.Items == 0)
        {
            catalog.GiveUp(written);
            Commit(inputs, null);
            return 0;
        }
        try
        {
            var entry = written.Entry(inputs.Min(b => b.Facts.FirstReceivedUnixNano), inputs.Max(b => b.Facts.LastReceivedUnixNano), inputs.Max(b => b.Facts.Level) + 1);
            Commit(inputs, new HeldBlock<TBlock>(entry, written.File, written.Reader, catalog.Delete));
            return entry.Bytes;
        }
        catch
        {
            catalog.GiveUp(written);
            throw;
        }
    }

    private void Commit(IReadOnlyList<HeldBlock<TBlock>> dropped, HeldBlock<TBlock>? added)
    {
        var numbers = dropped.Select(b => b.Facts.Number).ToHashSet();
        var first = dropped[0].Facts.Number;
        // In the place of the first.
        catalog.Commit(
            m => m with { Blocks = [.. m.Blocks.Where(b => (added is not null && b.Number == first) || !numbers.Contains(b.Number)).Select(b => b.Number == first && added is not null ? added.Facts : b)] },
            () => content.Replace(dropped, added));
    }

    private void Exclude(IReadOnlyList<HeldBlock<TBlock>> blocks, Func<HeldBlock<TBlock>, string> why)
    {
        lock (_excluded)
        {
            foreach (var block in blocks) _excluded[block.Facts.Number] = why(block);
        }
    }
}
