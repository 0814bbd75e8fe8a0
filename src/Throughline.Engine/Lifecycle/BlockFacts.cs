using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;

namespace Throughline.Engine.Lifecycle;

/// <summary>What the manifest keeps of a block, from the block.</summary>
internal static class BlockFacts
{
    /// <summary>Of a block that has just been written.</summary>
    public static ManifestBlock Of(NewBlock block, ulong firstReceivedUnixNano, ulong lastReceivedUnixNano, int level) =>
        Of(block.Number, block.Reader, firstReceivedUnixNano, lastReceivedUnixNano, level);

    /// <summary>The block, which is the one that the manifest means; closed when it is another.</summary>
    /// <exception cref="CorruptDataException">It is another one.</exception>
    public static BlockReader Confirmed(ManifestBlock facts, BlockReader block)
    {
        var expected = (facts.Bytes, facts.Spans, facts.Traces);
        var found = (block.FileBytes, block.SpanCount, block.TraceCount);
        if (expected == found) return block;
        block.Dispose();
        throw new CorruptDataException(block.Name, found.FileBytes, $"{expected.Bytes} bytes with {expected.Spans} spans of {expected.Traces} traces, as the manifest says", $"{found.FileBytes} bytes with {found.SpanCount} spans of {found.TraceCount} traces");
    }

    private static ManifestBlock Of(long number, BlockReader block, ulong firstReceivedUnixNano, ulong lastReceivedUnixNano, int level) => new(
        number, block.FileBytes, block.SpanCount, block.TraceCount, block.MinStartUnixNano, block.MaxStartUnixNano, firstReceivedUnixNano, lastReceivedUnixNano, level);
}
