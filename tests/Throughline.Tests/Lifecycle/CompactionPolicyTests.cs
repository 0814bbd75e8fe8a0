using Throughline.Engine.Blocks;
using Throughline.Engine.Lifecycle;
using Throughline.Tests.Properties;
using CsCheck;

namespace Throughline.Tests.Lifecycle;

public sealed class CompactionPolicyTests
{
    private const ulong Minute = 60_000_000_000;

    private static readonly CompactionOptions s_options = new()
    {
        TargetSpans = 1_000,
        TargetBytes = 100_000,
        MaxSmallBlocks = 8,
        MaxSmallMergedBlocks = 4,
        MaxWait = TimeSpan.FromMinutes(15),
        MaxReceiveWidth = TimeSpan.FromHours(6),
    };

    [Fact]
    public void SmallBlocksWaitUntilTheyMakeALargeOne()
    {
        ManifestBlock[] blocks = [Block(1, spans: 300), Block(2, spans: 300), Block(3, spans: 300)];
        Assert.Empty(Next(blocks));
        Assert.Equal([1, 2, 3, 4], Next([.. blocks, Block(4, spans: 300), Block(5, spans: 300)]));
    }

    [Fact]
    public void BytesMakeALargeBlockToo() => Assert.Equal([1, 2, 3], Next([Block(1, bytes: 40_000), Block(2, bytes: 40_000), Block(3, bytes: 40_000), Block(4)]));

    [Fact]
    public void LargeBlocksAreLeftAlone() => Assert.Empty(Next([.. Enumerable.Range(1, 20).Select(i => Block(i, spans: 500))], everything: true));

    [Fact]
    public void ManyTinyBlocksDoNotLieAbout() => Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], Next([.. Enumerable.Range(1, 9).Select(i => Block(i))]));

    [Fact]
    public void OldBlocksDoNotWait()
    {
        ManifestBlock[] blocks = [Block(1, received: 100 * Minute), Block(2, received: 110 * Minute)];
        Assert.Empty(Next(blocks, now: 114 * Minute));
        Assert.Equal([1, 2], Next(blocks, now: 115 * Minute));
        Assert.Empty(Next(blocks[..1], now: 10_000 * Minute));
    }

    [Fact]
    public void BlocksOfTimesFarApartAreNotMerged()
    {
        ManifestBlock[] blocks = [Block(1, received: 0), Block(2, received: 60 * Minute), Block(3, received: 600 * Minute), Block(4, received: 601 * Minute)];
        Assert.Equal([1, 2], Next(blocks, now: 601 * Minute));
        Assert.Empty(Next([Block(1, received: 0), Block(2, received: 361 * Minute)], now: 10_000 * Minute, everything: true));
    }

    [Fact]
    public void MergedBlocksThatAreSmallAreMergedAgain()
    {
        Assert.Empty(Next([.. Enumerable.Range(1, 3).Select(i => Block(i, level: 1))], now: 100_000 * Minute));
        Assert.Equal([1, 2, 3, 4], Next([.. Enumerable.Range(1, 4).Select(i => Block(i, level: 1 + (i % 2)))]));
    }

    [Fact]
    public void CompactingEverythingMixesLevels() => Assert.Equal([1, 2, 4], Next([Block(1, level: 2), Block(2), Block(3, spans: 900), Block(4, level: 1)], everything: true));

    /// <summary>However blocks come: merging what is due ends, leaves few blocks, and rewrites a span about once when blocks are not tiny.</summary>
    [Fact]
    public void MergingEndsAndRewritesLittle() => Property.Check(Gen.Int[80, 300].Array[1, 400], 200, sizes =>
    {
        var blocks = new List<ManifestBlock>();
        long number = 0, rewritten = 0;
        foreach (var size in sizes)
        {
            blocks.Add(Block(++number, spans: size, received: (ulong)number));
            for (var steps = 0; Next([.. blocks], now: (ulong)number) is { Count: > 0 } due; steps++)
            {
                Assert.True(steps < 1_000, "merging does not end");
                Assert.True(due.Count > 1);
                var inputs = blocks.Where(b => due.Contains(b.Number)).ToArray();
                rewritten += inputs.Sum(b => b.Spans);
                blocks[blocks.IndexOf(inputs[0])] = inputs[0] with { Number = ++number, Spans = inputs.Sum(b => b.Spans), Bytes = inputs.Sum(b => b.Bytes), Level = inputs.Max(b => b.Level) + 1 };
                blocks.RemoveAll(inputs.Contains);
            }
        }
        Assert.Equal(sizes.Sum(), blocks.Sum(b => b.Spans));
        Assert.InRange(blocks.Count(b => b.Level == 0), 0, s_options.MaxSmallBlocks);
        Assert.InRange(rewritten, 0, 1.5 * sizes.Sum());
    });

    private static IReadOnlyList<long> Next(ManifestBlock[] blocks, ulong now = 1_000 * Minute, bool everything = false) =>
        [.. CompactionPolicy.Next(blocks, s_options, now, everything).Select(b => b.Number)];

    private static ManifestBlock Block(long number, long spans = 10, long bytes = 100, int level = 0, ulong received = 1_000 * Minute) =>
        new(number, bytes, spans, 1, 0, 0, received, received, level);
}
