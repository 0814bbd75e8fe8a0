using CsCheck;
using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Blocks.Write;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Execution;
using Throughline.Tests.Query;
using Throughline.Tests.Store;

namespace Throughline.Tests.Blocks;

/// <summary>What is written as a block is read from it, whatever the spans are.</summary>
public sealed class BlockRoundTripTests
{
    private const string Seed = "0000ZrWnUqH3";

    private static readonly ulong[] Edges = [0, 1, 255, 256, long.MaxValue, 1ul << 63, ulong.MaxValue - 1, ulong.MaxValue];

    private static readonly Gen<ulong> AnyNumber = Gen.OneOf<ulong>(Gen.OneOf(Edges), Gen.ULong);

    internal static readonly Gen<PlainSpan> AnySpan = Gen.Select(SpanGen.Span, AnyNumber, AnyNumber, AnyNumber, AnyNumber, Gen.Int, Gen.UInt, (span, start, end, time, parent, number, count) => span with
    {
        Start = start,
        End = end,
        ParentSpanId = parent,
        Kind = number,
        Status = ~number,
        Flags = count,
        DroppedAttributes = ~count,
        DroppedLinks = count / 3,
        Attributes = [.. span.Attributes, new("n", PlainValue.Of(unchecked((long)time))), new("d", PlainValue.Of(BitConverter.UInt64BitsToDouble(start)))],
        Events = [.. span.Events, new PlainEvent(time, "e", count, [])],
    });

    [Fact]
    public void EveryColumnComesBackForRandomSpans() => Gen.OneOf<PlainSpan>(SpanGen.Span, AnySpan).Array[1, 60].Sample(spans =>
    {
        using var block = BlockFiles.Open(BlockFiles.Write(spans));
        PlainSpan[] distinct = [.. spans.DistinctBy(s => s.Content)];
        BlockFiles.AssertSame(distinct, BlockFiles.ReadAll(block));
        Assert.Equal(distinct.Length, block.SpanCount);
        Assert.Equal((distinct.Min(s => s.Start), distinct.Max(s => s.Start)), (block.MinStartUnixNano, block.MaxStartUnixNano));
        CheckTraces(block, distinct);
    }, seed: Seed, iter: 300);

    [Fact]
    public void TraceOfMoreRowsThanARowGroupStaysWhole()
    {
        var count = BlockBuilder.RowGroupRows + 5_000;
        PlainSpan[] giant = [.. Enumerable.Range(1, count).Select(i => new PlainSpan { TraceId = new(0, 9), SpanId = (ulong)i * 7919, ParentSpanId = (ulong)(i / 3) * 7919, Start = 1000 + (ulong)i, End = 5000, Name = $"n{i % 5}" })];
        PlainSpan[] small = [.. Enumerable.Range(1, 40).Select(i => new PlainSpan { TraceId = new(1, (ulong)i), SpanId = 1, Start = (ulong)i * 100, End = 6000 })];
        using var block = BlockFiles.Open(BlockFiles.Write([.. small, .. giant]));
        BlockFiles.AssertSame([.. small, .. giant], BlockFiles.ReadAll(block));
        Assert.Contains(block.Parts, p => p.Rows >= count);
        var table = new SpanTable();
        block.CopyTrace(block.FindTrace(new(0, 9)), table, SegmentsUnderTest.Bounds());
        BlockFiles.AssertSame(giant, PlainReader.Read(table.Spans));
        CheckTraces(block, [.. small, .. giant]);
    }

    [Fact]
    public void ManyRowGroupsKeepTheOrderOfTraces()
    {
        PlainSpan[] spans = [.. Enumerable.Range(0, 3 * BlockBuilder.RowGroupRows).Select(i => new PlainSpan { TraceId = new(7, (ulong)i / 3), SpanId = 1 + ((ulong)i % 3), Start = 1_000_000 - (ulong)i, End = 2_000_000, Resource = PlainResource.Of($"s{i % 4}") })];
        using var block = BlockFiles.Open(BlockFiles.Write(spans));
        Assert.True(block.Parts.Count >= 3);
        BlockFiles.AssertSame(spans, BlockFiles.ReadAll(block));
        var starts = Traces(block, TraceColumn.Start);
        Assert.Equal(starts.Order(), starts);
    }

    [Fact]
    public void TracesWhoseIdsShareTheirPrintAreToldApart()
    {
        // Equal halves fold to nothing, whatever they are.
        PlainSpan[] spans = [.. Enumerable.Range(1, 500).Select(i => new PlainSpan { TraceId = new((ulong)i * 7919, (ulong)i * 7919), SpanId = (ulong)i, Start = (ulong)i })];
        using var block = BlockFiles.Open(BlockFiles.Write(spans));
        foreach (var span in spans) Assert.Equal(span.TraceId, block.TraceIds[block.FindTrace(span.TraceId)]);
        Assert.Equal(-1, block.FindTrace(new(3, 3)));
    }

    [Fact]
    public void AttributesOfLaterTracesAreFoundBehindThoseOfEarlierOnes()
    {
        // Some spans have a key twice, some not at all, and the texts take several pages of their dictionary.
        var random = new Random(17);
        PlainSpan[] spans =
        [
            .. Enumerable.Range(0, 6_000).Select(i => new PlainSpan
            {
                TraceId = new(3, (ulong)i / 4),
                SpanId = 1 + (ulong)i,
                Start = (ulong)i,
                End = (ulong)i + 5,
                Attributes = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new PlainAttribute(random.Next(3) == 0 ? "k" : "text", PlainValue.Of($"{random.Next(3_000)} {new string('x', 150)}")))],
            }),
        ];
        using var block = BlockFiles.Open(BlockFiles.Write(spans));
        BlockFiles.AssertSame(spans, BlockFiles.ReadAll(block));
    }

    [Fact]
    public void HugeTextsAndBytesComeBack()
    {
        var text = string.Concat(Enumerable.Repeat("ключ-", 500_000));
        var bytes = new byte[3_000_000];
        new Random(5).NextBytes(bytes);
        PlainSpan[] spans =
        [
            new() { TraceId = new(0, 1), SpanId = 1, Name = text, Attributes = [new("t", PlainValue.Of(text)), new("b", PlainValue.Of(bytes)), new("l", PlainValue.Array(PlainValue.Of(text)))] },
            new() { TraceId = new(0, 2), SpanId = 1 },
        ];
        using var block = BlockFiles.Open(BlockFiles.Write(spans));
        BlockFiles.AssertSame(spans, BlockFiles.ReadAll(block));
    }

    [Fact]
    public void DigestsOfTheRequestsComeBack()
    {
        RequestDigest[] digests = [new(UInt128.MaxValue, 5), new(1, ulong.MaxValue), new((UInt128)1 << 100, 0)];
        using var block = BlockFiles.Open(BlockFiles.Write([new PlainSpan { TraceId = new(0, 1), SpanId = 1 }], digests));
        Assert.Equal(digests, block.ReadDigests());
    }

    private static void CheckTraces(BlockReader block, PlainSpan[] spans)
    {
        var traces = spans.GroupBy(s => s.TraceId).Select(g => g.ToArray()).ToArray();
        Assert.Equal(traces.Length, block.TraceCount);
        var (spanCounts, errors) = (Traces(block, TraceColumn.Spans), Traces(block, TraceColumn.Errors));
        var (starts, durations) = (Traces(block, TraceColumn.Start), Traces(block, TraceColumn.Duration));
        foreach (var trace in traces)
        {
            var ordinal = block.FindTrace(trace[0].TraceId);
            Assert.Equal(trace[0].TraceId, block.TraceIds[ordinal]);
            Assert.Equal((ulong)trace.Length, spanCounts[ordinal]);
            Assert.Equal((ulong)trace.Count(NaiveTrace.IsError), errors[ordinal]);
            var start = trace.Min(s => s.Start);
            Assert.Equal((start, trace.Max(s => Math.Max(s.Start, s.End)) - start), (starts[ordinal], durations[ordinal]));
            var facts = block.Facts(ordinal, out var errorType);
            Assert.Equal(NaiveTrace.Describe(new NaiveTrace(trace).Summary), NaiveTrace.Describe(TraceAssembly.Summary(trace[0].TraceId, facts, errorType, block.Tables.Strings)));
        }
        Assert.Equal(-1, block.FindTrace(new TraceId(99, 99)));
    }

    private static ulong[] Traces(BlockReader block, TraceColumn column) => [.. Enumerable.Range(0, block.Parts.Count).SelectMany(p => block.Open(p).Traces(column).ToArray())];
}
