using CsCheck;
using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Write;
using Throughline.Tests.Store;

namespace Throughline.Tests.Blocks;

/// <summary>What is written as a block comes back from it whole, whatever the spans are, and so does what is merged of several.</summary>
public sealed class BlockBuilderTests
{
    private const string Seed = "0000ZrWnUqH3";

    private static readonly Gen<PlainSpan> AnySpan = Gen.OneOf<PlainSpan>(SpanGen.Span, BlockRoundTripTests.AnySpan);

    [Fact]
    public void EveryColumnComesBackForRandomSpans() => AnySpan.Array[1, 60].Sample(spans =>
    {
        using var blocks = new WrittenBlocks();
        using var block = blocks.Write(spans);
        WrittenBlocks.AssertSame(spans.DistinctBy(s => s.Content), WrittenBlocks.Read(block));
        WrittenBlocks.AssertSound(block);
    }, seed: Seed, iter: 300);

    [Fact]
    public void MergedBlocksHaveEverySpanOnceAndEveryTraceWhole() => AnySpan.Array[1, 30].Array[1, 5].Sample(parts =>
    {
        using var blocks = new WrittenBlocks();
        var written = parts.Select(p => blocks.Write(p)).ToArray();
        using var merged = blocks.Merge(written);
        WrittenBlocks.AssertSame(parts.SelectMany(p => p).DistinctBy(s => s.Content), WrittenBlocks.Read(merged));
        WrittenBlocks.AssertSound(merged);
        using var again = blocks.Merge([merged]);
        Assert.Equal(WrittenBlocks.Read(merged).Select(s => s.Content), WrittenBlocks.Read(again).Select(s => s.Content));
        foreach (var block in written) block.Dispose();
    }, seed: Seed, iter: 300);

    [Fact]
    public void WriterMayBeUsedAgainAfterABlockThatWasGivenUp()
    {
        using var blocks = new WrittenBlocks();
        PlainSpan[] spans = [.. Enumerable.Range(1, 50).Select(i => new PlainSpan { TraceId = new(0, (ulong)i), SpanId = 1, Name = $"n{i}", Attributes = [new("k", PlainValue.Of($"v{i}"))] })];
        using var first = blocks.Write(spans);
        Assert.Throws<InvalidOperationException>(() => blocks.Merge([first], (_, _) => throw new InvalidOperationException("Given up.")));
        using var merged = blocks.Merge([first]);
        WrittenBlocks.AssertSame(spans, WrittenBlocks.Read(merged));
    }

    [Fact]
    public void HiddenTracesAreLeftOut()
    {
        using var blocks = new WrittenBlocks();
        PlainSpan[] spans = [.. Enumerable.Range(1, 50).Select(i => new PlainSpan { TraceId = new(0, (ulong)i), SpanId = 1, Start = (ulong)i * 10, End = 1000 })];
        using var first = blocks.Write(spans[..30]);
        using var second = blocks.Write(spans[20..]);
        using var merged = blocks.Merge([first, second], (id, start) => start < 400 && id.Low != 7);
        WrittenBlocks.AssertSame(spans.Where(s => s.Start >= 400 || s.TraceId.Low == 7), WrittenBlocks.Read(merged));
    }

    [Fact]
    public void TraceOfMoreRowsThanARowGroupStaysWhole()
    {
        var count = BlockBuilder.RowGroupRows + 5_000;
        PlainSpan[] giant = [.. Enumerable.Range(1, count).Select(i => new PlainSpan { TraceId = new(0, 9), SpanId = (ulong)i * 7919, ParentSpanId = (ulong)(i / 3) * 7919, Start = 1000 + (ulong)i, End = 5000, Name = $"n{i % 5}" })];
        PlainSpan[] small = [.. Enumerable.Range(1, 40).Select(i => new PlainSpan { TraceId = new(1, (ulong)i), SpanId = 1, Start = (ulong)i * 100, End = 6000 })];
        using var blocks = new WrittenBlocks();
        using var block = blocks.Write([.. small, .. giant]);
        WrittenBlocks.AssertSame([.. small, .. giant], WrittenBlocks.Read(block));
        using var half = blocks.Write(giant[..10_000]);
        using var otherHalf = blocks.Write(giant[9_000..]);
        using var merged = blocks.Merge([half, otherHalf]);
        WrittenBlocks.AssertSame(giant, WrittenBlocks.Read(merged));
        Assert.Equal(count, Assert.Single(merged.ReadTables().RowGroups).Rows);
    }

    [Fact]
    public void DictionariesOfManyValuesGiveEachBack()
    {
        PlainSpan[] spans = [.. Enumerable.Range(0, 70_000).Select(i => new PlainSpan
        {
            TraceId = new(0, 1 + (ulong)i / 20),
            SpanId = 1 + (ulong)i,
            Start = (ulong)i,
            End = (ulong)i + 5,
            Attributes = [new("unique", PlainValue.Of($"value {i} of many, long enough to fill pages")), new("often", PlainValue.Of($"{i % 35_000}")), new("few", PlainValue.Of($"{i % 3}"))],
        })];
        using var blocks = new WrittenBlocks();
        using var block = blocks.Write(spans);
        using var merged = blocks.Merge([block]);
        WrittenBlocks.AssertSame(spans, WrittenBlocks.Read(merged));
    }

    [Fact]
    public void DigestsStayAsLongAsTheyMatter()
    {
        RequestDigest[] digests = [new(UInt128.MaxValue, 5), new(1, ulong.MaxValue), new((UInt128)1 << 100, 0)];
        using var blocks = new WrittenBlocks();
        using var block = blocks.Write([new PlainSpan { TraceId = new(0, 1), SpanId = 1 }], digests);
        Assert.Equal(digests, block.ReadDigests());
        using var merged = blocks.Merge([block], digestsFrom: 5);
        Assert.Equal(digests[..2], merged.ReadDigests());
    }
}
