using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Lifecycle;

/// <summary>Writes several blocks as one. Has no state.</summary>
internal static class BlockMerging
{
    /// <summary>Appends the merged block to an empty file: traces rejoined, each span once, hidden traces left out. The caller syncs and names it.</summary>
    /// <exception cref="UnreadableSegmentException">A block cannot be read; nothing that it holds may be given up for the file.</exception>
    public static void Merge(IReadOnlyList<StoredBlock> inputs, MergeRequest request, IWritableFile file, CancellationToken cancellationToken)
    {
        var table = new SpanTable();
        var digests = new List<RequestDigest>();
        foreach (var input in inputs)
        {
            Add(input.Reader, request, table, cancellationToken);
            digests.AddRange(input.Reader.ReadDigests().Where(d => d.ReceivedUnixNano >= request.DigestsFromUnixNano));
        }
        Blocks.Version0.BlockWriter.Write(table.Snapshot(), digests.ToArray(), file, cancellationToken);
    }

    private static void Add(BlockReader block, MergeRequest request, SpanTable table, CancellationToken cancellationToken)
    {
        var rows = new List<int>();
        for (var part = 0; part < block.Parts.Count; part++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var loaded = block.Load(part, ColumnGroups.All);
            rows.Clear();
            for (var row = 0; row < loaded.Spans.RowCount; row++)
            {
                var trace = loaded.TraceOrdinal.Span[row];
                if (!request.Hides(block.TraceIds[trace], block.TraceStart[trace])) rows.Add(row);
            }
            table.Add(loaded.Spans, rows.ToArray());
        }
    }
}
