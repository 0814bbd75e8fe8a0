using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Lifecycle;

/// <summary>What retention asks of a block's traces. Has no state. A block that cannot be read hides nothing and holds everything, so that it is left alone.</summary>
internal static class BlockTraces
{
    /// <summary>Number of traces that start before a moment, by their earliest span in the block.</summary>
    public static int CountBefore(StoredBlock block, ulong unixNano)
    {
        if (unixNano <= block.Facts.MinStartUnixNano) return 0;
        try
        {
            return unixNano > block.Facts.MaxStartUnixNano ? block.Facts.Traces : CountBefore(block.Reader.TraceStart, unixNano);
        }
        catch (UnreadableSegmentException)
        {
            return 0;
        }
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
                if (trace >= 0 && (beforeUnixNano == ulong.MaxValue || block.Reader.TraceStart[trace] < beforeUnixNano)) held++;
            }
        }
        catch (UnreadableSegmentException)
        {
            return block.Facts.Traces;
        }
        return held;
    }
}
