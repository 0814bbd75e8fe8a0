using System.Text;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Decode;

namespace Throughline.Tests.Profiles;

/// <summary>Stacks as text.</summary>
public sealed class FoldedDecoderTests
{
    private static readonly FoldedMeasure s_measure = new("cpu", "nanoseconds", 10_000_000);
    private static readonly ProfileOrigin s_origin = new("worker", [], 1_000, 2_000, 3_000);

    [Fact]
    public void LinesAreStacksWithCounts()
    {
        var samples = Decoded("main;work;step 3\r\n\nmain;work 2\nmain;work;step 1\nmain;with a space 4\nmain;none 0\n", true);
        Assert.Equal(
            [
                "worker cpu/nanoseconds  [1000, 2000) main|;with a space| 00000000000000000000000000000000/0 40000000",
                "worker cpu/nanoseconds  [1000, 2000) main|;work| 00000000000000000000000000000000/0 20000000",
                "worker cpu/nanoseconds  [1000, 2000) main|;work|;step| 00000000000000000000000000000000/0 40000000",
            ], PlainSample.Canonical(samples));
    }

    [Fact]
    public void WithoutCountsEachLineIsOneSample() =>
        Assert.Equal([("main|;work|", 20_000_000L), ("main|", 10_000_000L)], Decoded("main;work\nmain\nmain;work\n", false).Select(s => (string.Join(';', s.Stack), s.Value)).OrderByDescending(s => s.Value));

    [Theory]
    [InlineData("main;work", "Line 1 of the stacks does not end with a space and a count")]
    [InlineData("main 1\nmain;work x", "Line 2 of the stacks does not end with a space and a count")]
    [InlineData("main -1", "Line 1 of the stacks does not end with a space and a count")]
    [InlineData("main 99999999999999999999", "Line 1 of the stacks does not end with a space and a count")]
    [InlineData(" 7", "Line 1 of the stacks does not end with a space and a count")]
    public void WhatIsNoStackIsRefusedByItsLine(string text, string said)
    {
        var result = FoldedDecoder.Decode(Encoding.UTF8.GetBytes(text), true, s_measure, s_origin, new ProfileLimits(), new ProfileBatch());
        Assert.False(result.IsDecoded);
        Assert.StartsWith(said, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void StacksThatAreTooDeepOrTooManyAreRefused()
    {
        var deep = FoldedDecoder.Decode(Encoding.UTF8.GetBytes(string.Join(';', Enumerable.Repeat("f", 4097)) + " 1"), true, s_measure, s_origin, new ProfileLimits(), new ProfileBatch());
        Assert.Contains("more than 4096 frames", deep.Message, StringComparison.Ordinal);
        var many = FoldedDecoder.Decode("a;b 1\na;b 1\n"u8, true, s_measure, s_origin, new ProfileLimits { MaxFrames = 3 }, new ProfileBatch());
        Assert.Contains("above 3, which is the limit", many.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CountsThatAreTooLargeStayTheLargestNumber() => Assert.Equal(long.MaxValue, Assert.Single(Decoded($"main {long.MaxValue}\nmain {long.MaxValue}", true)).Value);

    private static IReadOnlyList<PlainSample> Decoded(string text, bool hasCounts)
    {
        var batch = new ProfileBatch();
        var result = FoldedDecoder.Decode(Encoding.UTF8.GetBytes(text), hasCounts, s_measure, s_origin, new ProfileLimits(), batch);
        Assert.True(result.IsDecoded, result.Message);
        return PlainSample.Of(batch);
    }
}
