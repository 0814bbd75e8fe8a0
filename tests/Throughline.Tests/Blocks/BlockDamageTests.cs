using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Blocks;

/// <summary>A block file whose bytes are not what was written never answers with wrong spans.</summary>
public sealed class BlockDamageTests
{
    private static readonly PlainSpan[] Spans =
    [
        .. Enumerable.Range(0, 40).Select(i => new PlainSpan
        {
            TraceId = new(3, (ulong)i / 4),
            SpanId = (ulong)i + 1,
            ParentSpanId = (ulong)i / 2,
            Start = SpanGen.Base + (ulong)i,
            End = SpanGen.Base + 100,
            Name = $"name {i % 3}",
            Status = i % 3,
            Attributes = [new("key", PlainValue.Of($"value {i}")), new("n", PlainValue.Of(i)), new("list", PlainValue.Array(PlainValue.Of("x")))],
            Events = [new(SpanGen.Base, "event", 0, [new("message", PlainValue.Of("text"))])],
            Links = [new(new(1, 2), 3, "", 1, 0, [])],
            Resource = PlainResource.Of("service"),
        }),
    ];

    [Fact]
    public void EveryFlippedBitIsReportedWithFileAndOffset()
    {
        var whole = BlockFiles.Write(Spans, new RequestDigest(7, 8)).ReadAll(BlockFiles.Path);
        for (var i = 0; i < whole.Length; i++)
        {
            var files = new MemoryFileSystem();
            files.WriteAll(BlockFiles.Path, whole);
            files.FlipBit(BlockFiles.Path, (8L * i) + (i % 8));
            var damage = Assert.ThrowsAny<Exception>(() => ReadEverything(files));
            Assert.True(damage is CorruptDataException or UnreadableSegmentException, $"byte {i}: {damage}");
            Assert.Matches("^1.block at byte [0-9]+: expected .+, found .+", damage.Message);
        }
    }

    [Fact]
    public void EveryShorterFileIsRefused()
    {
        var whole = BlockFiles.Write(Spans).ReadAll(BlockFiles.Path);
        for (var length = 0; length < whole.Length; length += 7)
        {
            var files = new MemoryFileSystem();
            files.WriteAll(BlockFiles.Path, whole[..length]);
            Assert.Throws<CorruptDataException>(() => BlockFiles.Open(files).Dispose());
        }
    }

    [Fact]
    public void BlockOfANewerFormatIsRefusedAsSuch()
    {
        var bytes = BlockFiles.Write(Spans).ReadAll(BlockFiles.Path);
        bytes[^20] = 2;
        var files = new MemoryFileSystem();
        files.WriteAll(BlockFiles.Path, bytes);
        Assert.Contains("newer release", Assert.Throws<CorruptDataException>(() => BlockFiles.Open(files).Dispose()).Message);
    }

    private static void ReadEverything(MemoryFileSystem files)
    {
        using var block = BlockFiles.Open(files);
        BlockFiles.AssertSame(Spans, BlockFiles.ReadAll(block));
        BlockFiles.AssertSame(Spans, WrittenBlocks.Read(block.File));
        Assert.Equal([new RequestDigest(7, 8)], block.ReadDigests());
        Assert.Equal(3, block.Operations.Count);
        Assert.True(block.MayHold(Spans[0].TraceId));
        Assert.Equal(40, block.Summaries?.Minutes.Sum(d => d.Spans));
        for (var trace = 0; trace < block.TraceCount; trace++) Assert.Equal(4, block.Facts(trace, out _).Spans);
    }
}
