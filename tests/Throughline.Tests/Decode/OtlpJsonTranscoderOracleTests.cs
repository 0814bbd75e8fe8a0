using System.Buffers;
using System.Text.Json;
using CsCheck;
using Google.Protobuf;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Tests.Properties;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Decode;

/// <summary>The JSON form against the oracle's messages, and there and back with the writer.</summary>
public sealed class OtlpJsonTranscoderOracleTests
{
    private readonly OtlpTraceDecoder _decoder = new();

    [Fact]
    public void WhatTheOracleSaysInJsonIsWhatTheBatchHolds() => Property.Check(Gen.Select(OtlpGen.Request, Gen.Int), 250, input =>
    {
        var (request, seed) = input;
        var json = new OracleJson(seed).Write(request);
        // JSON knows one NaN.
        var expected = OracleSpan.Of(WithOneNaN(request));
        Assert.Equal(expected, OracleSpan.Of(Transcode(json)));
    });

    [Fact]
    public void TheOracleReadsTheTranscodedBytesAsTheMessageItself() => Property.Check(OtlpGen.Request, 100, request =>
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(new OracleJson(1).Write(request), output, out var error), error);
        var parsed = ExportTraceServiceRequest.Parser.ParseFrom(output.WrittenSpan);
        Assert.Equal(WithOneNaN(request), WithOneNaN(parsed));
    });

    [Fact]
    public void WhatTheWriterWritesTheTranscoderReads() => Property.Check(OtlpGen.Request, 150, request =>
    {
        var batch = Decode(WithOneNaN(request).ToByteArray());
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json)) OtlpJsonWriter.Write(batch, writer);
        Assert.Equal(OracleSpan.Of(batch), OracleSpan.Of(Transcode(json.WrittenSpan.ToArray())));
    });

    [Fact]
    public void WhatIsWrittenInPartsIsTheSameExport() => Property.Check(Gen.Select(OtlpGen.Request, Gen.OneOf(1L, 300L, 5_000L)), 100, input =>
    {
        var batch = Decode(WithOneNaN(input.Item1).ToByteArray());
        var json = new ArrayBufferWriter<byte>();
        var parts = 0;
        using (var writer = new Utf8JsonWriter(json))
        {
            OtlpJsonWriter.Begin(writer);
            for (var row = 0; row < batch.RowCount; parts++)
            {
                var next = OtlpJsonWriter.WriteRows(batch, row, input.Item2, writer);
                Assert.InRange(next, row + 1, batch.RowCount);
                row = next;
            }
            OtlpJsonWriter.End(writer);
        }
        if (input.Item2 == 1) Assert.Equal(batch.RowCount, parts);
        Assert.Equal(OracleSpan.Of(batch), OracleSpan.Of(Transcode(json.WrittenSpan.ToArray())));
    });

    [Fact]
    public void EveryTruncationIsMalformedAndSaysWhere() => Property.Check(Gen.Select(OtlpGen.SmallRequest, Gen.Int), 5, input =>
    {
        var json = new OracleJson(input.Item2).Write(input.Item1).AsSpan().TrimEnd((byte)'\n').ToArray();
        for (var length = 0; length < json.Length; length++)
        {
            var output = new ArrayBufferWriter<byte>();
            Assert.False(OtlpJsonTranscoder.TryTranscode(json.AsSpan(0, length), output, out var error));
            Assert.Matches(@"^[^ ]+ at byte \d+: .+", error);
            Assert.Equal(0, output.WrittenCount);
        }
    });

    [Fact]
    public void MutatedJsonIsRefusedOrMakesARequestThatTheDecoderTakes() => Property.Check(Gen.Select(OtlpGen.Request, Gen.Int), 120, input =>
    {
        var (request, seed) = input;
        var random = new Random(seed);
        var json = new OracleJson(seed).Write(request);
        for (var i = 0; i < 20; i++)
        {
            var output = new ArrayBufferWriter<byte>();
            if (!OtlpJsonTranscoder.TryTranscode(Mutation.Apply(json, random), output, out var error)) Assert.Contains(" at byte ", error);
            else Decode(output.WrittenSpan.ToArray());
        }
    });

    private SpanBatch Transcode(byte[] json)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(json, output, out var error), error);
        return Decode(output.WrittenSpan.ToArray());
    }

    private SpanBatch Decode(byte[] protobuf)
    {
        var batch = new SpanBatch();
        var result = _decoder.Decode(protobuf, batch);
        Assert.True(result.Status == DecodeStatus.Decoded, result.Message);
        return batch;
    }

    private static T WithOneNaN<T>(T message) where T : IMessage<T>
    {
        var copy = message.Clone();
        Walk(copy);
        return copy;
    }

    private static void Walk(IMessage message)
    {
        if (message is AnyValue { ValueCase: AnyValue.ValueOneofCase.DoubleValue, DoubleValue: double.NaN } value) value.DoubleValue = double.NaN;
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != Google.Protobuf.Reflection.FieldType.Message) continue;
            if (field.Accessor.GetValue(message) is IMessage one) Walk(one);
            else if (field.Accessor.GetValue(message) is System.Collections.IList many) foreach (IMessage item in many) Walk(item);
        }
    }
}
