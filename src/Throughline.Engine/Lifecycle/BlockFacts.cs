using Throughline.Engine.Blocks;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Lifecycle;

/// <summary>What the manifest keeps of a block, from the block.</summary>
internal static class BlockFacts
{
    /// <summary>Of a block that has just been written.</summary>
    public static ManifestBlock Of(NewBlock block, ulong firstReceivedUnixNano, ulong lastReceivedUnixNano, int level) =>
        Of(block.Number, block.Reader, firstReceivedUnixNano, lastReceivedUnixNano, level);

    /// <summary>
    /// Of a block of which a manifest of version 0 knew only the number. When it was received is told by the digests of its requests; where they cannot be read, it counts as received now, so that
    /// it is not dropped early.
    /// </summary>
    public static ManifestBlock Completed(long number, BlockReader block, ulong nowUnixNano)
    {
        var (first, last) = (ulong.MaxValue, 0ul);
        try
        {
            foreach (var request in block.ReadDigests()) (first, last) = (Math.Min(first, request.ReceivedUnixNano), Math.Max(last, request.ReceivedUnixNano));
        }
        catch (UnreadableSegmentException)
        {
            // Recovery reads the digests too, and tells.
            last = 0;
        }
        return last == 0 ? Of(number, block, nowUnixNano, nowUnixNano, level: 0) : Of(number, block, first, last, level: 0);
    }

    private static ManifestBlock Of(long number, BlockReader block, ulong firstReceivedUnixNano, ulong lastReceivedUnixNano, int level) => new(
        number, block.FileBytes, block.SpanCount, block.TraceCount, block.MinStartUnixNano, block.MaxStartUnixNano, firstReceivedUnixNano, lastReceivedUnixNano, level);
}
