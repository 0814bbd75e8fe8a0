using CsCheck;
using Google.Protobuf;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Tests.Properties;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Decode;

/// <summary>The decoder against Google.Protobuf on the same bytes.</summary>
public sealed class OtlpTraceDecoderOracleTests
{
    private readonly OtlpTraceDecoder _decoder = new();

    [Fact]
    public void WhatTheOracleReadsIsWhatTheBatchHolds() => Property.Check(OtlpGen.Request, 200, request =>
    {
        var (result, spans) = Decode(request.ToByteArray());
        Assert.Equal(DecodeStatus.Decoded, result.Status);
        var all = request.ResourceSpans.SelectMany(r => r.ScopeSpans).Sum(s => s.Spans.Count);
        Assert.Equal((all - spans.Count, spans.Count, 0), (result.Refused, result.Accepted, result.MendedTexts));
        Assert.Equal(OracleSpan.Of(request), spans);
    });

    [Fact]
    public void OrderRepetitionPartsAndUnknownFieldsAreReadAsTheOracleReadsThem() => Property.Check(Gen.Select(OtlpGen.Request, Gen.Int), 250, input =>
    {
        var (request, seed) = input;
        var bytes = new WireScrambler(seed).Scramble(request);
        var (result, spans) = Decode(bytes);
        Assert.Equal((DecodeStatus.Decoded, ""), (result.Status, result.Refused == 0 ? result.Message : ""));
        Assert.Equal(OracleSpan.Of(ExportTraceServiceRequest.Parser.ParseFrom(bytes)), spans);
    });

    [Fact]
    public void EveryTruncationIsAnsweredAsTheOracleAnswersIt() => Property.Check(OtlpGen.SmallRequest, 6, request =>
    {
        var bytes = request.ToByteArray();
        for (var length = 0; length < bytes.Length; length++) AgreesWithOracle(bytes[..length]);
    });

    [Fact]
    public void MutatedBytesAreAnsweredAsTheOracleAnswersThem() => Property.Check(Gen.Select(OtlpGen.Request, Gen.Int), 120, input =>
    {
        var (request, seed) = input;
        var random = new Random(seed);
        var bytes = new WireScrambler(seed).Scramble(request);
        for (var i = 0; i < 20; i++) AgreesWithOracle(Mutation.Apply(bytes, random));
    });

    [Fact]
    public void NoiseIsAnsweredAsTheOracleAnswersIt() => Property.Check(Gen.Byte.Array[0, 60], 2000, AgreesWithOracle);

    /// <summary>
    /// Both accept and read the same, or both refuse. Where they may differ: Google.Protobuf refuses invalid UTF-8, which the decoder mends; the decoder refuses values that nest
    /// deeper than its limit, and lengths past 2^32, whose upper bits Google.Protobuf drops.
    /// </summary>
    private void AgreesWithOracle(byte[] bytes)
    {
        var (result, spans) = Decode(bytes);
        try
        {
            var oracle = ExportTraceServiceRequest.Parser.ParseFrom(bytes);
            if (result.Status == DecodeStatus.Malformed && IsStricter(result.Message)) return;
            Assert.True(result.Status == DecodeStatus.Decoded, $"{result.Message} in {Convert.ToHexString(bytes)}");
            Assert.Equal(OracleSpan.Of(oracle), spans);
        }
        catch (InvalidProtocolBufferException e) when (e.InnerException is not System.Text.DecoderFallbackException)
        {
            Assert.True(result.Status == DecodeStatus.Malformed, $"{e.Message} in {Convert.ToHexString(bytes)}");
            Assert.Empty(spans);
        }
        catch (InvalidProtocolBufferException)
        {
            // Invalid UTF-8: the oracle has no opinion on the rest.
        }
        if (result.Status == DecodeStatus.Malformed) Assert.Matches(@"^[A-Za-z_\[\]0-9. ]+ at byte \d+: .+", result.Message);
    }

    private static bool IsStricter(string message) => message.Contains("nest deeper", StringComparison.Ordinal)
        || (message.Split("a length of ") is [_, var rest] && ulong.Parse(rest.Split(' ')[0]) > uint.MaxValue);

    private (DecodeResult Result, List<OracleSpan> Spans) Decode(byte[] bytes)
    {
        var batch = new SpanBatch();
        var result = _decoder.Decode(bytes, batch);
        return (result, OracleSpan.Of(batch));
    }
}
