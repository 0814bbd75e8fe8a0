using Throughline.Engine.Blocks;
using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Engine.Lifecycle;

/// <summary>What retention is to do next: blocks that go, or blocks of which only a part stays.</summary>
/// <param name="Blocks">The blocks; they stand in the manifest.</param>
/// <param name="Keep">What stays of them, by id and start; null when nothing does.</param>
internal sealed record RetentionWork(IReadOnlyList<StoredBlock> Blocks, Func<TraceId, ulong, bool>? Keep);

/// <summary>
/// Decides what retention does. Limits by number and bytes move the cut before which traces are hidden; blocks go when nothing in them shows and are rewritten when half of one is hidden. The limit by
/// age drops whole blocks, and rewrites those that have pinned traces. Owned by <see cref="MaintenanceSteps"/>; not thread safe.
/// </summary>
internal sealed class RetentionSteps(RetentionOptions options, BlockCatalog catalog, IBlockSet blocks)
{
    private readonly HiddenTraces _hidden = new(blocks);
    private ulong _nextCheckUnixNano;

    /// <summary>
    /// Moves the cut when a limit by number or bytes asks for it. Without such limits nothing is hidden, and what is still there shows again.
    /// </summary>
    public void MoveCut(ulong nowUnixNano, bool atOnce)
    {
        var present = catalog.Current.HiddenBeforeUnixNano;
        ulong cut = 0;
        if (options.MaxTraces > 0 || options.MaxBytes > 0)
        {
            var interval = (ulong)options.CheckInterval.Ticks * 100;
            // A clock that was set back does not put the next check off by as much.
            if (!atOnce && nowUnixNano < _nextCheckUnixNano && _nextCheckUnixNano - nowUnixNano <= interval) return;
            _nextCheckUnixNano = nowUnixNano + interval;
            cut = RetentionCut.Find(blocks.Blocks, blocks.HeadTraceStarts(), options, present);
        }
        if (cut == present) return;
        catalog.Commit(m => m with { HiddenBeforeUnixNano = cut }, m => blocks.Replace([], null, PinnedTraces.Visibility(m)));
    }

    /// <summary>What is to be done next; null when nothing is.</summary>
    public RetentionWork? Next(ulong nowUnixNano, Func<StoredBlock, bool> isReadable)
    {
        var visibility = blocks.Visibility;
        var over = blocks.Blocks.Where(b => IsOver(b.Facts, nowUnixNano) || (visibility.HiddenBeforeUnixNano > b.Facts.MinStartUnixNano)).ToArray();
        if (over.Length == 0) return null;
        var dropped = over.ToDictionary(b => b, b => Dropped(b, visibility, nowUnixNano, (b.Facts.Traces + 1) / 2));
        var gone = over.Where(b => dropped[b] == b.Facts.Traces).ToArray();
        if (gone.Length > 0) return new RetentionWork(gone, null);
        var expired = over.Where(b => IsOver(b.Facts, nowUnixNano) && isReadable(b) && Hidden(b, visibility, nowUnixNano) > 0).ToArray();
        if (expired.Length > 0) return new RetentionWork(expired, (id, _) => visibility.Pinned.Contains(id));
        var half = over.FirstOrDefault(b => isReadable(b) && dropped[b] * 2L >= b.Facts.Traces);
        if (half is null) return null;
        var isDropped = _hidden.DroppedFrom([half]);
        return new RetentionWork([half], (id, start) => !isDropped(id, start));
    }

    /// <summary>Traces of a block that go and may be dropped from it; 0 when fewer than so many are hidden, since it is not worth a closer look then.</summary>
    private int Dropped(StoredBlock block, TraceVisibility visibility, ulong nowUnixNano, int worth)
    {
        var hidden = Hidden(block, visibility, nowUnixNano);
        if (hidden == 0 || hidden < worth) return 0;
        return IsOver(block.Facts, nowUnixNano) ? hidden : hidden - Math.Min(hidden, _hidden.CountKept(block));
    }

    /// <summary>Blocks that are over their age and cannot be opened, while nothing is pinned that might be in them.</summary>
    public IReadOnlyList<ManifestBlock> LostBlocks(ulong nowUnixNano)
    {
        if (blocks.Visibility.Pinned.Count > 0) return [];
        var open = blocks.Blocks.Select(b => b.Facts.Number).ToHashSet();
        return [.. catalog.Current.Blocks.Where(b => !open.Contains(b.Number) && b.IsKnown && IsOver(b, nowUnixNano))];
    }

    private bool IsOver(ManifestBlock block, ulong nowUnixNano) =>
        options.MaxAge > TimeSpan.Zero && nowUnixNano > block.LastReceivedUnixNano && nowUnixNano - block.LastReceivedUnixNano > (ulong)options.MaxAge.Ticks * 100;

    /// <summary>Traces of a block that go.</summary>
    private int Hidden(StoredBlock block, TraceVisibility visibility, ulong nowUnixNano)
    {
        if (IsOver(block.Facts, nowUnixNano)) return block.Facts.Traces - Math.Min(block.Facts.Traces, BlockTraces.CountHeld(block, visibility.Pinned, ulong.MaxValue));
        var before = new BlockTraces().CountBefore(block, visibility.HiddenBeforeUnixNano);
        return before == 0 ? 0 : before - Math.Min(before, BlockTraces.CountHeld(block, visibility.Pinned, visibility.HiddenBeforeUnixNano));
    }
}
