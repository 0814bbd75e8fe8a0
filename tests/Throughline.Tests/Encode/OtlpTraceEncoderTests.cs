using System.Buffers;
using CsCheck;
using Google.Protobuf;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Tests.Decode;
using Throughline.Tests.Properties;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Encode;

/// <summary>The encoder against Google.Protobuf as its reader.</summary>
public sealed class OtlpTraceEncoderTests
{
    private readonly OtlpTraceDecoder _decoder = new();

    [Fact]
    public void TheOracleReadsWhatTheBatchHolds() => Property.Check(Gen.Select(OtlpGen.Request, Gen.Int), 200, input =>
    {
        var (request, seed) = input;
        var batch = Decode(new WireScrambler(seed).Scramble(request));
        Assert.Equal(OracleSpan.Of(batch), OracleSpan.Of(Encode(batch)));
    });

    [Fact]
    public void DecodingWhatWasEncodedGivesTheSameBytesAgain() => Property.Check(OtlpGen.Request, 150, request =>
    {
        var once = Encode(Decode(request.ToByteArray())).ToByteArray();
        Assert.Equal(once, Encode(Decode(once)).ToByteArray());
    });

    [Fact]
    public void RunsOfRowsWithOneResourceAndScopeShareTheirMessages()
    {
        var request = new ExportTraceServiceRequest();
        for (var i = 1; i <= 6; i++)
        {
            var resource = new Resource { Attributes = { new KeyValue { Key = "service.name", Value = new AnyValue { StringValue = i <= 4 ? "a" : "b" } } } };
            var scope = new InstrumentationScope { Name = i <= 2 ? "x" : "y" };
            var span = new Protos.Span { TraceId = ByteString.CopyFrom(new byte[15].Append((byte)i).ToArray()), SpanId = ByteString.CopyFrom(new byte[7].Append((byte)i).ToArray()) };
            request.ResourceSpans.Add(new ResourceSpans { Resource = resource, ScopeSpans = { new ScopeSpans { Scope = scope, Spans = { span } } } });
        }
        var encoded = Encode(Decode(request.ToByteArray()));
        Assert.Equal([[2, 2], [2]], encoded.ResourceSpans.Select(r => r.ScopeSpans.Select(s => s.Spans.Count).ToArray()).ToArray());
    }

    [Fact]
    public void TheProcessedFormKeepsMarksAndASenderCannotSetThem()
    {
        var span = new Protos.Span { TraceId = ByteString.CopyFrom(new byte[15].Append((byte)1).ToArray()), SpanId = ByteString.CopyFrom(new byte[7].Append((byte)1).ToArray()) };
        var request = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { span, span, span } } } } } };
        var batch = Decode(request.ToByteArray());
        batch.Marks.Items[1] = (byte)(SpanMarks.Redacted | SpanMarks.InvalidUtf8);
        batch.Marks.Items[2] = (byte)SpanMarks.Redacted;
        var processed = new ArrayBufferWriter<byte>();
        OtlpTraceEncoder.EncodeProcessed(batch, processed);
        var again = new SpanBatch();
        _decoder.DecodeProcessed(processed.WrittenSpan, again);
        Assert.Equal([0, 3, 2], again.Marks.Span.ToArray());
        Assert.Equal([0, 0, 0], Decode(processed.WrittenSpan.ToArray()).Marks.Span.ToArray());
        Assert.Equal(OracleSpan.Of(batch), OracleSpan.Of(ExportTraceServiceRequest.Parser.ParseFrom(processed.WrittenSpan)));
    }

    [Fact]
    public void AnEmptyBatchIsAnEmptyRequest() => Assert.Empty(Encode(new SpanBatch()).ResourceSpans);

    private SpanBatch Decode(byte[] protobuf)
    {
        var batch = new SpanBatch();
        var result = _decoder.Decode(protobuf, batch);
        Assert.True(result.Status == DecodeStatus.Decoded, result.Message);
        return batch;
    }

    private static ExportTraceServiceRequest Encode(SpanBatch batch)
    {
        var output = new ArrayBufferWriter<byte>();
        OtlpTraceEncoder.Encode(batch, output);
        return ExportTraceServiceRequest.Parser.ParseFrom(output.WrittenSpan);
    }
}
