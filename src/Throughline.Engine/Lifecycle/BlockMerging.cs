using Throughline.Engine.Blocks;
using Throughline.Engine.Files;

namespace Throughline.Engine.Lifecycle;

/// <summary>Writes several blocks as one. Has no state.</summary>
internal static class BlockMerging
{
    /// <summary>Appends the merged block to an empty file: traces rejoined, each span once, hidden traces left out. The caller syncs and names it.</summary>
    /// <exception cref="CorruptDataException">A block cannot be read; nothing that it holds may be given up for the file.</exception>
    public static void Merge(IReadOnlyList<StoredBlock> inputs, MergeRequest request, IWritableFile file, CancellationToken cancellationToken)
    {
        // Its buffers are some tens of megabytes, and merges are minutes apart.
        using var merger = new BlockMerger();
        merger.Merge([.. inputs.Select(b => b.Reader.File)], request, file, cancellationToken);
    }
}
