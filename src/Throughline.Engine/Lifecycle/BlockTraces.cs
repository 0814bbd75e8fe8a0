using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Lifecycle;

/// <summary>
/// What retention asks of blocks' traces; starts are kept while it looks for a cut. A block that cannot be read hides nothing and holds everything, so that it is left alone. One thread; not kept for long.
/// </summary>
internal sealed class BlockTraces
{
    private readonly Dictionary<StoredBlock, ulong[]> _starts = [];

    /// <summary>Number of traces that start before a moment, by their earliest span in the block.</summary>
    public int CountBefore(StoredBlock block, ulong unixNano)
    {
        if (unixNano <= block.Facts.MinStartUnixNano) return 0;
        if (unixNano > block.Facts.MaxStartUnixNano) return block.Facts.Traces;
        if (!_starts.TryGetValue(block, out var starts)) _starts.Add(block, starts = ReadStarts(block));
        return CountBefore(starts, unixNano);
    }

    /// <summary>The same of ascending starts.</summary>
    public static int CountBefore(ReadOnlySpan<ulong> starts, ulong unixNano)
    {
        var (low, high) = (0, starts.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (starts[middle] < unixNano) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Number of the given traces that have spans in the block and start there before a moment; <see cref="ulong.MaxValue"/> is after every moment.</summary>
    public static int CountHeld(StoredBlock block, IReadOnlySet<TraceId> traces, ulong beforeUnixNano)
    {
        var held = 0;
        try
        {
            foreach (var id in traces)
            {
                var trace = block.Reader.FindTrace(id);
                if (trace >= 0 && (beforeUnixNano == ulong.MaxValue || block.Reader.Facts(trace, out _).StartUnixNano < beforeUnixNano)) held++;
            }
        }
        catch (UnreadableSegmentException)
        {
            return block.Facts.Traces;
        }
        return held;
    }

    /// <summary>Starts of the traces of a segment, in its order.</summary>
    public static List<ulong> StartsOf(ISpanSegment segment)
    {
        var starts = new List<ulong>(segment.TraceCount);
        for (var part = 0; part < segment.Parts.Count; part++)
        {
            var column = segment.Open(part).Traces(TraceColumn.Start);
            for (var trace = 0; trace < segment.Parts[part].Traces; trace++) starts.Add(column[trace]);
        }
        return starts;
    }

    private static ulong[] ReadStarts(StoredBlock block)
    {
        try
        {
            var starts = StartsOf(block.Reader);
            starts.Sort();
            return [.. starts];
        }
        catch (UnreadableSegmentException)
        {
            return [];
        }
    }
}
