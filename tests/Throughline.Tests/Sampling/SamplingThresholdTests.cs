using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Sampling;

namespace Throughline.Tests.Sampling;

/// <summary>Thresholds as the OpenTelemetry specification ("TraceState: Probability Sampling") has them.</summary>
public sealed class SamplingThresholdTests
{
    /// <summary>The specification's own table of thresholds at four digits.</summary>
    [Theory]
    [InlineData(1, "0")]
    [InlineData(0.5, "8")]
    [InlineData(0.25, "c")]
    [InlineData(0.1, "e666")]
    [InlineData(0.01, "fd70a")]
    public void RatesHaveTheThresholdsOfTheSpecification(double rate, string digits) =>
        Assert.Equal(Convert.ToUInt64(digits.PadRight(14, '0'), 16), SamplingThreshold.Of(rate));

    [Fact]
    public void WhatALowerRateKeepsEveryHigherOneKeepsAndTheWeightIsItsInverse()
    {
        var before = SamplingThreshold.Range;
        for (var rate = 0.0; rate <= 1; rate += 0.001)
        {
            var threshold = SamplingThreshold.Of(rate);
            Assert.True(threshold <= before);
            before = threshold;
            if (rate > 0) Assert.Equal(1 / rate, SamplingThreshold.WeightOf(threshold), 1 / rate * 0.01);
        }
        Assert.Equal(SamplingThreshold.Range, SamplingThreshold.Of(0));
        Assert.True(SamplingThreshold.Of(1e-300) < SamplingThreshold.Range);
    }

    [Theory]
    [InlineData("", "ot=th:8")]
    [InlineData("ot=rv:0123456789abcd", "ot=th:8;rv:0123456789abcd")]
    [InlineData("ot=th:4;x:1", "ot=th:8;x:1")]
    [InlineData("vendor=a:b;c, ot=p:8;th:0 ,last=1", "ot=th:8;p:8,vendor=a:b;c,last=1")]
    public void WritingKeepsWhatElseIsThere(string before, string after)
    {
        Assert.Equal(after, Encoding.UTF8.GetString(SamplingThreshold.Write(Encoding.UTF8.GetBytes(before), 1UL << 55)));
        Assert.Equal(1UL << 55, SamplingThreshold.Read(Encoding.UTF8.GetBytes(after)));
    }

    [Theory]
    [InlineData("ot=th:")]
    [InlineData("ot=th:123456789abcdef")]
    [InlineData("ot=th:XY")]
    [InlineData("to=th:8")]
    [InlineData("ot=rv:8,th:8")]
    [InlineData(";;,,=ot=;th:8")]
    public void WhatIsNoThresholdIsNone(string state) => Assert.Equal(0UL, SamplingThreshold.Read(Encoding.UTF8.GetBytes(state)));

    [Fact]
    public void TheTraceStatesOwnRandomnessComesBeforeTheIds()
    {
        var id = new TraceId(1, 0xFF_12345678_9ABCDE);
        Assert.Equal(id.Low & (SamplingThreshold.Range - 1), SamplingThreshold.RandomnessOf(id, ""u8));
        Assert.Equal(0x0123456789abcdUL, SamplingThreshold.RandomnessOf(id, "a=b,ot=th:8;rv:0123456789abcd"u8));
        Assert.Equal(id.Low & (SamplingThreshold.Range - 1), SamplingThreshold.RandomnessOf(id, "ot=rv:0123"u8));
    }
}
