using System.Runtime.InteropServices;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>Ids, rows and starts of a block's traces, in the order of their rows; arrays are by trace. (What else is stored of them is worked out anew.)</summary>
internal sealed class TracePages
{
    /// <summary>The ids.</summary>
    public required TraceId[] Id { get; init; }

    /// <summary>Numbers of rows.</summary>
    public required int[] Spans { get; init; }

    /// <summary>Starts, Unix nanoseconds.</summary>
    public required ulong[] Start { get; init; }

    /// <summary>Reads them.</summary>
    public static TracePages Read(PageCursor pages)
    {
        var ids = MemoryMarshal.Cast<byte, TraceId>(pages.Bytes()).ToArray();
        var spans = pages.Ints().Items;
        pages.Skip();
        // The first start, and the distance of each other from the one before.
        long[] distances = [.. pages.Numbers(), .. pages.Numbers()];
        var starts = new ulong[ids.Length];
        for (var i = 0; i < starts.Length; i++) starts[i] = (i == 0 ? 0 : starts[i - 1]) + (ulong)distances[i];
        return new TracePages { Id = ids, Spans = spans, Start = starts };
    }
}
