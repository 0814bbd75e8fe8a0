using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Execution;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>What is remembered of the traces that lie in several segments is what would be found anew, however blocks come and go.</summary>
public sealed class SplitTracesTests
{
    [Theory]
    [InlineData(1, 30)]
    [InlineData(2, 30)]
    [InlineData(3, 400)]
    [InlineData(4, 400)]
    public void WhatIsRememberedIsWhatWouldBeFoundAnew(int seed, int traces)
    {
        var random = new Random(seed);
        using var segments = new SegmentsUnderTest([.. Enumerable.Range(0, 7).Select(group => Group(random, group, traces))]);
        var remembered = new SplitTraces();
        for (var step = 0; step < 60; step++)
        {
            ISpanSegment[] present = [.. segments.Segments.Where(s => random.Next(3) > 0)];
            if (random.Next(5) == 0) remembered.KeepOnly(present.Where(s => s.IsLasting));
            var (problems, others) = (new List<string>(), new List<string>());
            var (found, expected) = (remembered.Of(present, problems), new SplitTraces().Of(present, others));
            Assert.Equal(expected.IsEmpty, found.IsEmpty);
            for (var i = 0; i < present.Length; i++) AssertSame(expected, found, present, i);
            Assert.Empty(problems);
        }
    }

    [Fact]
    public void ATraceIsFoundWhereABlockThatListsItJoinsOneThatDoesNot()
    {
        // The second block was written beside the first, and lists their common trace; the first one knows nothing of it.
        using var segments = new SegmentsUnderTest([[Span(1, 1)], [Span(1, 2), Span(2, 3)], [Span(3, 4)]]);
        var split = new SplitTraces();
        Assert.True(split.Of([segments.Segments[0]], []).IsEmpty);
        Assert.True(split.Of([segments.Segments[1]], []).IsEmpty);
        var both = split.Of([segments.Segments[0], segments.Segments[1]], []);
        Assert.Equal(2, both.Places(new TraceId(1, 1)).Count());
        Assert.True(split.Of([segments.Segments[1], segments.Segments[2]], []).IsEmpty);
    }

    private static void AssertSame(SplitSet expected, SplitSet found, ISpanSegment[] present, int segment)
    {
        for (var trace = 0; trace < present[segment].TraceCount; trace++)
        {
            Assert.Equal(expected.Has(segment, trace), found.Has(segment, trace));
            if (!expected.Has(segment, trace)) continue;
            var id = present[segment].TraceIds[trace];
            Assert.Equal(expected.Places(id), found.Places(id));
            Assert.Equal(expected.Roughly(id, []), found.Roughly(id, []));
            Assert.Equal(expected.Exactly(id, SegmentsUnderTest.Bounds(), []), found.Exactly(id, SegmentsUnderTest.Bounds(), []));
        }
        for (var part = 0; part < present[segment].Parts.Count; part++) Assert.Equal(expected.BoundsOf(segment, part), found.BoundsOf(segment, part));
    }

    private static PlainSpan[] Group(Random random, int group, int traces) =>
        [.. Enumerable.Range(0, traces).Where(_ => random.Next(3) == 0).Select(trace => Span(trace, (group * 1_000) + trace + 1)), Span(traces + group, 900_000 + group)];

    private static PlainSpan Span(int trace, int number) => new()
    {
        TraceId = new(1, (ulong)trace), SpanId = (ulong)number, Start = SpanGen.Base + ((ulong)(number * 7_919 % 50_021) * 1_000), End = SpanGen.Base + ((ulong)(number * 7_919 % 50_021) * 1_000) + 500, Name = "n",
    };
}
