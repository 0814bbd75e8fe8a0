namespace Throughline.Engine.Lifecycle;

/// <summary>Finds the moment before which traces are hidden, so that what is shown keeps to the limits by number and bytes. Has no state.</summary>
internal static class RetentionCut
{
    /// <summary>
    /// The cut, never before <paramref name="present"/>: what was hidden stays so. Traces that start at the same nanosecond are hidden together or not at all; at the limit they are not.
    /// </summary>
    public static ulong Find(IReadOnlyList<StoredBlock> blocks, ulong[] headStarts, RetentionOptions options, ulong present)
    {
        var latest = blocks.Select(b => b.Facts.MaxStartUnixNano).Append(headStarts.Length > 0 ? headStarts[^1] : 0).Max();
        var cut = present;
        var traces = new BlockTraces();
        if (options.MaxTraces > 0) cut = Last(cut, latest, c => ShownTraces(blocks, traces, headStarts, c) >= options.MaxTraces);
        // One nanosecond after the last moment at which there is too much.
        if (options.MaxBytes > 0 && ShownBytes(blocks, traces, cut) > options.MaxBytes) cut = Math.Min(latest, Last(cut, latest, c => ShownBytes(blocks, traces, c) > options.MaxBytes) + 1);
        return Math.Max(cut, present);
    }

    /// <summary>The last moment of [from, to] for which something holds that holds before every moment for which it does; <paramref name="from"/> when it never does.</summary>
    private static ulong Last(ulong from, ulong to, Func<ulong, bool> holds)
    {
        while (from < to)
        {
            var middle = from + (to - from) / 2 + 1;
            if (holds(middle)) from = middle;
            else to = middle - 1;
        }
        return from;
    }

    private static long ShownTraces(IReadOnlyList<StoredBlock> blocks, BlockTraces traces, ulong[] headStarts, ulong cut)
    {
        long shown = headStarts.Length - BlockTraces.CountBefore(headStarts, cut);
        foreach (var block in blocks) shown += block.Facts.Traces - traces.CountBefore(block, cut);
        return shown;
    }

    private static double ShownBytes(IReadOnlyList<StoredBlock> blocks, BlockTraces traces, ulong cut)
    {
        var shown = 0.0;
        foreach (var block in blocks) shown += block.Facts.Bytes * (1 - (double)traces.CountBefore(block, cut) / Math.Max(1, block.Facts.Traces));
        return shown;
    }
}
