using Throughline.Engine.Blocks;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Blocks;

/// <summary>Writes spans as a block file in memory and reads it whole, through the classes of Blocks alone.</summary>
internal static class BlockFiles
{
    public const string Path = "/blocks/1.block";

    public static MemoryFileSystem Write(IEnumerable<PlainSpan> spans, params RequestDigest[] digests)
    {
        var head = new Head(0, new SpanTablePool(long.MaxValue));
        var batch = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(PlainOtlp.Request(spans), batch).Status);
        head.Add(batch, digests.Length == 0 ? default : digests[0]);
        foreach (var digest in digests.Skip(1)) head.Add(new SpanBatch(), digest);
        var files = new MemoryFileSystem();
        files.CreateDirectory("/blocks");
        using var file = files.CreateFile(Path);
        var length = head.WriteBlock(file, default);
        Assert.Equal(file.Length, length);
        return files;
    }

    public static BlockReader Open(MemoryFileSystem files) => BlockReader.Open(files, Path, "1.block", new RowGroupCache(1 << 20));

    /// <summary>All spans, row group by row group, with the groups of columns loaded in the given order.</summary>
    public static List<PlainSpan> ReadAll(BlockReader block, params ColumnGroups[] order)
    {
        var spans = new List<PlainSpan>();
        for (var part = 0; part < block.Parts.Count; part++)
        {
            foreach (var groups in order) block.Load(part, groups);
            var rows = block.Load(part, ColumnGroups.All);
            Assert.Equal(block.Parts[part].Rows, rows.Spans.RowCount);
            for (var row = 0; row < rows.Spans.RowCount; row++)
            {
                spans.Add(PlainReader.Read(rows.Spans, row));
                Assert.Equal(spans[^1].TraceId, block.TraceIds[rows.TraceOrdinal.Span[row]]);
            }
        }
        return spans;
    }

    public static void AssertSame(IEnumerable<PlainSpan> expected, IEnumerable<PlainSpan> found) =>
        Assert.Equal(expected.Select(s => s.Content).Order(StringComparer.Ordinal), found.Select(s => s.Content).Order(StringComparer.Ordinal));
}
