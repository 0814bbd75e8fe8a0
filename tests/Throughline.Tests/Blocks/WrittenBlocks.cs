using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Inspection;
using Throughline.Engine.Model;
using Throughline.Tests.Files;
using Throughline.Tests.Store;
using BlockWriter = Throughline.Engine.Blocks.BlockWriter;

namespace Throughline.Tests.Blocks;

/// <summary>Blocks in a memory file system, written and merged through the classes of Blocks alone and read back whole.</summary>
internal sealed class WrittenBlocks : IDisposable
{
    private readonly MemoryFileSystem _files = new();
    // As a flush does; merged blocks are compressed.
    private readonly BlockWriter _writer = new(compresses: false);
    private readonly BlockMerger _merger = new();
    private int _number;

    public WrittenBlocks() => _files.CreateDirectory("/blocks");

    public MemoryFileSystem Files => _files;

    public BlockFile Write(IEnumerable<PlainSpan> spans, params RequestDigest[] digests)
    {
        var table = new SpanTable();
        var batch = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(PlainOtlp.Request(spans), batch).Status);
        table.Add(batch);
        return Make(file => _writer.Write(table.Snapshot(), digests, [], [], [], file, default));
    }

    public BlockFile Merge(IReadOnlyList<BlockFile> blocks, Func<TraceId, ulong, bool>? hides = null, ulong digestsFrom = 0)
    {
        var request = new MergeRequest { Hides = hides ?? ((_, _) => false), IsElsewhere = _ => false, DigestsFromUnixNano = digestsFrom };
        return Make(file => _merger.Merge(blocks, request, file, default));
    }

    private BlockFile Make(Action<IWritableFile> write)
    {
        var path = $"/blocks/{++_number}.block";
        using (var file = _files.CreateFile(path)) write(file);
        return BlockFile.Open(_files, path, $"{_number}.block");
    }

    /// <summary>All spans of a block in their order, and the checks that every block has to pass.</summary>
    public static List<PlainSpan> Read(BlockFile block)
    {
        var spans = new List<PlainSpan>();
        var tables = block.ReadTables();
        var ids = block.ReadTraceIds();
        var reader = RowGroupReader.Of(block, tables, ids);
        var batch = new SpanBatch();
        var trace = 0;
        for (var group = 0; group < tables.RowGroups.Length; group++)
        {
            var first = spans.Count;
            foreach (var rows in reader.Read(group, batch))
            {
                Assert.All(Enumerable.Range(spans.Count - first, rows), row => Assert.Equal(ids[trace], batch.TraceId[row]));
                for (var i = 0; i < rows; i++) spans.Add(PlainReader.Read(batch, spans.Count - first));
                trace++;
            }
            Assert.Equal(tables.RowGroups[group].Rows, spans.Count - first);
            Assert.Equal(tables.RowGroups[group].MinStartUnixNano, spans[first..].Min(s => s.Start));
            Assert.Equal(tables.RowGroups[group].MaxStartUnixNano, spans[first..].Max(s => s.Start));
        }
        Assert.Equal(ids.Length, trace);
        Assert.Equal(block.Footer.Traces, trace);
        Assert.Equal(block.Footer.Spans, spans.Count);
        Assert.Equal(ids.Length, ids.Distinct().Count());
        var filter = block.ReadTraceFilter();
        Assert.All(ids, id => Assert.True(filter.MayContain(id)));
        Assert.Equal(spans.Count, block.ReadSummaries().Durations.Sum(d => d.Spans));
        Assert.Equal(spans.Count, block.ReadSummaries().Minutes.Sum(d => d.Spans));
        return spans;
    }

    /// <summary>What the block says of its traces and operations follows from its rows.</summary>
    public static void AssertSound(BlockFile block)
    {
        var findings = new FindingList();
        Assert.Equal(block.Footer.Spans, new BlockCheck(block, findings).Run(default));
        Assert.Empty(findings.All);
    }

    public static void AssertSame(IEnumerable<PlainSpan> expected, IEnumerable<PlainSpan> found) =>
        Assert.Equal(expected.Select(s => s.Content).Order(StringComparer.Ordinal), found.Select(s => s.Content).Order(StringComparer.Ordinal));

    public void Dispose()
    {
        _writer.Dispose();
        _merger.Dispose();
    }
}
