using Throughline.Engine.Blocks;

namespace Throughline.Engine.Lifecycle;

/// <summary>Decides which blocks are merged next, from what the manifest says about them. Has no state.</summary>
internal static class CompactionPolicy
{
    /// <summary>
    /// The blocks to merge next, in order; empty when nothing is due. <paramref name="blocks"/> are those that can be read, in the order in which they were received.
    /// </summary>
    /// <param name="blocks">All blocks.</param>
    /// <param name="options">When to merge.</param>
    /// <param name="nowUnixNano">Now.</param>
    /// <param name="everything">Merge small blocks as far as they go, without waiting for more.</param>
    public static IReadOnlyList<TMergeable> Next<TMergeable>(IReadOnlyList<TMergeable> blocks, CompactionOptions options, ulong nowUnixNano, bool everything)
        where TMergeable : IMergeable
    {
        var small = blocks.Where(b => IsSmall(b, options)).ToArray();
        if (everything) return Due(small, options, static group => group.Count > 1, options.MaxSmallBlocks);
        var waited = nowUnixNano - Math.Min(nowUnixNano, (ulong)options.MaxWait.Ticks * 100);
        var flushed = Due([.. small.Where(b => b.Level == 0)], options,
            group => group.Count > 1 && group[0].LastReceivedUnixNano <= waited, options.MaxSmallBlocks);
        return flushed.Count > 0 ? flushed : Due([.. small.Where(b => b.Level > 0)], options, static _ => false, options.MaxSmallMergedBlocks);
    }

    /// <summary>Blocks that wait to be merged for the first time.</summary>
    public static IEnumerable<TMergeable> Backlog<TMergeable>(IEnumerable<TMergeable> blocks, CompactionOptions options)
        where TMergeable : IMergeable => blocks.Where(b => b.Level == 0 && IsSmall(b, options));

    private static bool IsSmall<TMergeable>(TMergeable block, CompactionOptions options)
        where TMergeable : IMergeable => block.Rows < options.TargetSpans / 2 && block.Bytes < options.TargetBytes / 2;

    /// <summary>
    /// The first group of neighbours that is complete: as large as a large block, as many as may be, or followed by a block that is received too late for it. The last group, to which blocks
    /// may still come, is taken when <paramref name="takesOpen"/> says so.
    /// </summary>
    private static IReadOnlyList<TMergeable> Due<TMergeable>(TMergeable[] blocks, CompactionOptions options, Func<List<TMergeable>, bool> takesOpen, int most)
        where TMergeable : IMergeable
    {
        var width = (ulong)options.MaxReceiveWidth.Ticks * 100;
        var group = new List<TMergeable>();
        var (first, last) = (ulong.MaxValue, 0ul);
        long rows = 0, bytes = 0;
        foreach (var block in blocks)
        {
            first = Math.Min(first, block.FirstReceivedUnixNano);
            last = Math.Max(last, block.LastReceivedUnixNano);
            if (group.Count > 0 && last - first > width)
            {
                if (group.Count > 1) return group;
                group.Clear();
                (first, last, rows, bytes) = (block.FirstReceivedUnixNano, block.LastReceivedUnixNano, 0, 0);
            }
            group.Add(block);
            rows += block.Rows;
            bytes += block.Bytes;
            if (group.Count > 1 && (rows >= options.TargetSpans || bytes >= options.TargetBytes || group.Count >= most)) return group;
        }
        return takesOpen(group) ? group : [];
    }
}
