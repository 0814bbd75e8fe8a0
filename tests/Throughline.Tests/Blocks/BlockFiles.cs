using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Tests.Files;
using Throughline.Tests.Query;
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
        using var writer = new BlockWriter(compresses: true);
        var length = head.WriteBlock(writer, file, _ => false, CarriedSpans.None, default);
        Assert.Equal(file.Length, length);
        return files;
    }

    public static BlockReader Open(MemoryFileSystem files) => BlockReader.Open(files, Path, "1.block", new PageCache(1 << 20));

    /// <summary>All spans, trace by trace.</summary>
    public static List<PlainSpan> ReadAll(BlockReader block)
    {
        var spans = new List<PlainSpan>();
        for (var trace = 0; trace < block.TraceCount; trace++)
        {
            var table = new SpanTable();
            block.CopyTrace(trace, table, SegmentsUnderTest.Bounds());
            Assert.All(Enumerable.Range(0, table.Spans.RowCount), row => Assert.Equal(block.TraceIds[trace], table.Spans.TraceId[row]));
            spans.AddRange(PlainReader.Read(table.Spans));
        }
        Assert.Equal(spans.Count, block.Parts.Sum(p => p.Rows));
        return spans;
    }

    public static void AssertSame(IEnumerable<PlainSpan> expected, IEnumerable<PlainSpan> found) =>
        Assert.Equal(expected.Select(s => s.Content).Order(StringComparer.Ordinal), found.Select(s => s.Content).Order(StringComparer.Ordinal));
}
