using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>Damage at a chosen place of a block file.</summary>
internal static class BlockDamage
{
    /// <summary>Turns over a bit of the ids of the block's traces.</summary>
    public static void FlipTraceIds(MemoryFileSystem files, string path)
    {
        long offset;
        using (var block = BlockFile.Open(files, path, Path.GetFileName(path))) offset = block.Directory.Of(PageEntry.WholeBlock, BlockColumn.TraceIds)[0].Offset;
        files.FlipBit(path, offset * 8);
    }
}
