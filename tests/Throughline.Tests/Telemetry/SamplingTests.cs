using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;
using Throughline.Telemetry;
using Throughline.Tests.Store;

namespace Throughline.Tests.Telemetry;

/// <summary>Which traces are kept, and what the trace state says of it.</summary>
public sealed class SamplingTests
{
    [Fact]
    public void TracesOfALowerRateAreASubsetOfThoseOfAHigherOne()
    {
        const int seed = 42;
        var random = new Random(seed);
        var rates = new[] { 0.001, 0.05, 0.1, 0.5, 0.9, 1 };
        var samplers = rates.Select(rate => new ConsistentSampler(rate)).ToArray();
        var kept = new int[rates.Length];
        for (var i = 0; i < 20_000; i++)
        {
            var id = Id(random);
            var decisions = samplers.Select(sampler => Sample(sampler, id).Decision == SamplingDecision.RecordAndSample).ToArray();
            Assert.True(decisions.SequenceEqual(decisions.Order()), $"{id} is kept at a rate and not at a higher one; seed {seed}");
            for (var rate = 0; rate < rates.Length; rate++)
                if (decisions[rate]) kept[rate]++;
        }
        // Six standard deviations.
        for (var rate = 0; rate < rates.Length; rate++)
            Assert.True(Math.Abs(kept[rate] - 20_000 * rates[rate]) <= 6 * Math.Sqrt(20_000 * rates[rate] * (1 - rates[rate])), $"{kept[rate]} of 20,000 at {rates[rate]}; seed {seed}");
    }

    [Theory]
    [InlineData(0.5, "ot=th:8")]
    [InlineData(0.25, "ot=th:c")]
    [InlineData(0.1, "ot=th:e666")]
    [InlineData(0.01, "ot=th:fd70a")]
    [InlineData(0.001, "ot=th:ffbe77")]
    public void WhatIsKeptCarriesItsThreshold(double rate, string expected)
    {
        var result = Sample(new ConsistentSampler(rate), ActivityTraceId.CreateFromString("0000000000000000ffffffffffffffff"));
        Assert.Equal((SamplingDecision.RecordAndSample, expected), (result.Decision, result.TraceStateString));
        // The weight that a reader computes from it is the rate, to four digits.
        var threshold = Convert.ToUInt64(expected["ot=th:".Length..].PadRight(14, '0'), 16);
        Assert.Equal(rate, 1 - threshold / Math.Pow(2, 56), rate * 0.001);
    }

    [Fact]
    public void EverythingIsKeptWithoutAThresholdAndNothingAtZero()
    {
        var lowest = ActivityTraceId.CreateFromString("ffffffffffffffffff00000000000000");
        Assert.Equal((SamplingDecision.RecordAndSample, (string?)null), (Sample(new ConsistentSampler(1), lowest).Decision, Sample(new ConsistentSampler(1), lowest).TraceStateString));
        Assert.Equal(SamplingDecision.Drop, Sample(new ConsistentSampler(0), ActivityTraceId.CreateFromString("ffffffffffffffffffffffffffffffff")).Decision);
    }

    [Fact]
    public void ThresholdReplacesAnotherAndLeavesTheRest()
    {
        Assert.Equal("ot=th:c;rv:00000000000001,vendor=1", OtTraceState.WithThreshold("vendor=1, ot=rv:00000000000001;th:8", "c"));
        Assert.Equal("vendor=1", OtTraceState.WithThreshold("ot=th:8,vendor=1", null));
        Assert.Null(OtTraceState.WithThreshold("ot=th:8", null));
        Assert.Equal("00000000000001", OtTraceState.Read("vendor=1, ot=rv:00000000000001;th:8", "rv"));
    }

    [Fact]
    public void RandomnessOfTheTraceStateDecidesBeforeThatOfTheTraceId()
    {
        var id = ActivityTraceId.CreateFromString("00000000000000000000000000000001");
        var sampler = new ConsistentSampler(0.5);
        Assert.Equal(SamplingDecision.Drop, Sample(sampler, id, "vendor=1").Decision);
        var result = Sample(sampler, id, "vendor=1,ot=rv:80000000000000");
        Assert.Equal((SamplingDecision.RecordAndSample, "ot=th:8;rv:80000000000000,vendor=1"), (result.Decision, result.TraceStateString));
    }

    [Theory]
    [InlineData("parentbased_traceidratio", "0", true, true)]
    [InlineData("parentbased_traceidratio", "1", false, false)]
    [InlineData("parentbased_always_off", null, true, true)]
    [InlineData("parentbased_always_on", null, false, false)]
    [InlineData(null, null, false, false)]
    [InlineData("traceidratio", "1", false, true)]
    [InlineData("always_off", null, true, false)]
    public void DecisionOfTheParentIsKeptWhereTheSamplerIsParentBased(string? name, string? argument, bool parentSampled, bool sampled)
    {
        var sampler = SamplerSettings.Read(Configuration(name, argument));
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), parentSampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, null, isRemote: true);
        var parameters = new SamplingParameters(parent, parent.TraceId, "span", ActivityKind.Internal);
        Assert.Equal(sampled, sampler.ShouldSample(parameters).Decision == SamplingDecision.RecordAndSample);
    }

    [Theory]
    [InlineData("sometimes", null, "OTEL_TRACES_SAMPLER")]
    [InlineData("traceidratio", "1.5", "OTEL_TRACES_SAMPLER_ARG")]
    [InlineData("traceidratio", "half", "OTEL_TRACES_SAMPLER_ARG")]
    public void WrongSamplerIsAnErrorThatNamesItsKey(string name, string? argument, string key) =>
        Assert.StartsWith(key + " is", Assert.Throws<InvalidOperationException>(() => SamplerSettings.Read(Configuration(name, argument))).Message);

    [Theory]
    [InlineData("""{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}""", "0.25", "ConsistentSampler{0.25}")]
    [InlineData("""{"strategyType":0,"probabilisticSampling":{}}""", "0", "ConsistentSampler{0}")]
    [InlineData("""{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":3}}""", "3/s", "RateLimitedSampler{3}")]
    [InlineData("""{"strategyType":"RATE_LIMITING","probabilisticSampling":null,"rateLimitingSampling":{"maxTracesPerSecond":0}}""", "0/s", "ConsistentSampler{0}")]
    public void AnswersOfRemoteSamplingBecomeSamplers(string answer, string strategy, string sampler)
    {
        var read = RemoteSampler.Read(System.Text.Encoding.UTF8.GetBytes(answer));
        Assert.Equal((strategy, sampler), (read.Strategy, read.Sampler(TimeProvider.System).Description));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("<html>")]
    [InlineData("""{"probabilisticSampling":{"samplingRate":"much"}}""")]
    [InlineData("""{"probabilisticSampling":{"samplingRate":1.5}}""")]
    [InlineData("""{"rateLimitingSampling":{"maxTracesPerSecond":-1}}""")]
    public void WhatIsNoStrategyIsTold(string answer) => Assert.Throws<InvalidDataException>(() => RemoteSampler.Read(System.Text.Encoding.UTF8.GetBytes(answer)));

    [Theory]
    [InlineData("endpoint=ftp://x", "endpoint=ftp://x")]
    [InlineData("endpoint=http://x:5778,pollingIntervalMs=1", "pollingIntervalMs=1")]
    [InlineData("initialSamplingRate=2", "initialSamplingRate=2")]
    [InlineData("http://x:5778", "http://x:5778")]
    public void WrongArgumentsOfRemoteSamplingAreNamed(string argument, string part)
    {
        var message = Assert.Throws<InvalidOperationException>(() => RemoteSamplerOptions.Parse(argument, "OTEL_TRACES_SAMPLER_ARG")).Message;
        Assert.StartsWith("OTEL_TRACES_SAMPLER_ARG is ", message);
        Assert.Contains($"'{part}' isn't", message);
    }

    [Fact]
    public void ArgumentsOfRemoteSamplingHaveDefaults()
    {
        Assert.Equal(new RemoteSamplerOptions(new Uri("http://localhost:5778"), TimeSpan.FromSeconds(60), 1), RemoteSamplerOptions.Parse(null, ""));
        Assert.Equal(new RemoteSamplerOptions(new Uri("https://s:1/x"), TimeSpan.FromSeconds(5), 0.25), RemoteSamplerOptions.Parse("endpoint=https://s:1/x, pollingIntervalMs=5000, initialSamplingRate=0.25", ""));
    }

    [Fact]
    public void ANumberOfTracesASecondIsKeptOnTheAverageAndSaysWhatItStandsFor()
    {
        var time = new ManualTime();
        var sampler = new RateLimitedSampler(50, time);
        var random = new Random(7);
        var (kept, weight) = (0, 0.0);
        for (var i = 0; i < 20_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            var id = Id(random);
            var result = sampler.ShouldSample(new(default, id, "span", ActivityKind.Internal));
            if (result.Decision != SamplingDecision.RecordAndSample) continue;
            kept++;
            var threshold = OtTraceState.Read(result.TraceStateString, "th");
            weight += threshold is null ? 1 : 1 / (1 - Convert.ToUInt64(threshold.PadRight(14, '0'), 16) / Math.Pow(2, 56));
        }
        // 20 s of 1,000 traces a second, and the burst at the beginning.
        Assert.InRange(kept, 900, 1700);
        Assert.InRange(weight, 16_000, 24_000);
    }

    private static IConfiguration Configuration(string? name, string? argument) => new ConfigurationBuilder()
        .AddInMemoryCollection([new("OTEL_TRACES_SAMPLER", name), new("OTEL_TRACES_SAMPLER_ARG", argument)]).Build();

    private static SamplingResult Sample(ConsistentSampler sampler, ActivityTraceId id, string? state = null) => sampler.ShouldSample(new(
        state is null ? default : new ActivityContext(id, ActivitySpanId.CreateRandom(), ActivityTraceFlags.None, state, isRemote: true), id, "span", ActivityKind.Internal));

    private static ActivityTraceId Id(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return ActivityTraceId.CreateFromBytes(bytes);
    }
}
