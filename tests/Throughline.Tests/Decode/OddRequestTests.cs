using System.Buffers;
using System.Text;
using Google.Protobuf;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Tests.Protos;
using ProtoSpan = Throughline.Tests.Protos.Span;

namespace Throughline.Tests.Decode;

/// <summary>Requests that are taken in part, or mended.</summary>
public sealed class OddRequestTests
{
    private readonly OtlpTraceDecoder _decoder = new();
    private readonly SpanBatch _batch = new();

    [Fact]
    public void SpansWithInvalidIdsAreRefusedAndTheOthersKept()
    {
        var good = new ProtoSpan { TraceId = Id(16, 1), SpanId = Id(8, 1), Name = "good", Attributes = { Text("k", "v") } };
        ProtoSpan[] spans =
        [
            new() { TraceId = Id(15, 1), SpanId = Id(8, 1) }, new() { TraceId = Id(16, 0), SpanId = Id(8, 1), Attributes = { Text("lost", "x") } }, good,
            new() { SpanId = Id(8, 1), Events = { new ProtoSpan.Types.Event { Name = "lost", Attributes = { Text("lost", "x") } } } },
            new() { TraceId = Id(16, 1), SpanId = Id(8, 0) }, new() { TraceId = Id(16, 1), SpanId = Id(9, 1), Links = { new ProtoSpan.Types.Link { TraceId = Id(16, 1) } } }, good,
        ];
        var result = Decode(Request(spans));
        Assert.Equal((DecodeStatus.Decoded, 2, 5, true), (result.Status, result.Accepted, result.Refused, result.Altered));
        Assert.Equal("5 spans were refused: 3 with a trace_id that is not 16 bytes or all zero, 2 with a span_id that is not 8 bytes or all zero", result.Message);
        Assert.Equal(OracleSpan.Of(Request(good, good)), OracleSpan.Of(_batch));
        Assert.Equal((2, 0, 0), (_batch.Attributes.Count, _batch.Events.Count, _batch.Links.Count));
    }

    [Theory]
    [InlineData("abcd", "00f067aa0ba902b7", "1 with a trace_id")]
    [InlineData("abc", "00f067aa0ba902b7", "1 with a trace_id")]
    [InlineData("", "00f067aa0ba902b7", "1 with a trace_id")]
    [InlineData("4bf92f3577b34da6a3ce929d0e0e473", "00f067aa0ba902b7", "1 with a trace_id")]
    [InlineData("4bf92f3577b34da6a3ce929d0e0e47361", "00f067aa0ba902b7", "1 with a trace_id")]
    [InlineData("00000000000000000000000000000000", "00f067aa0ba902b7", "1 with a trace_id")]
    [InlineData("4BF92F3577B34DA6A3CE929D0E0E4736", "0000000000000000", "1 with a span_id")]
    [InlineData("4BF92F3577B34DA6A3CE929D0E0E4736", "00f067aa0ba902b", "1 with a span_id")]
    [InlineData("4BF92F3577B34DA6A3CE929D0E0E4736", "00f067aa0ba902b70", "1 with a span_id")]
    public void SpansWithInvalidIdsInJsonAreRefusedAndTheOthersKept(string traceId, string spanId, string reason)
    {
        var result = DecodeJson($$"""
            {"resourceSpans":[{"scopeSpans":[{"spans":[
              {"traceId":"{{traceId}}","spanId":"{{spanId}}","name":"bad"},
              {"traceId":"4BF92F3577b34da6a3ce929d0e0e4736","spanId":"00F067aa0ba902b7","name":"good"}]}]}]}
            """);
        Assert.Equal((DecodeStatus.Decoded, 1, 1), (result.Status, result.Accepted, result.Refused));
        Assert.Contains(reason, result.Message, StringComparison.Ordinal);
        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", _batch.TraceId[0].ToString());
    }

    [Fact]
    public void InvalidUtf8IsMendedMarkedAndCountedWhereverItStands()
    {
        var plain = new ProtoSpan { TraceId = Id(16, 1), SpanId = Id(8, 1), Name = "plain" };
        var broken = new ProtoSpan
        {
            TraceId = Id(16, 1), SpanId = Id(8, 2), Name = "na@@me", TraceState = "@@", Status = new Status { Message = "m@@" },
            Attributes =
            {
                Text("k@@", "v@@"),
                new KeyValue { Key = "list", Value = new AnyValue { ArrayValue = new ArrayValue { Values = { new AnyValue { StringValue = "fine" }, new AnyValue { StringValue = "@@" } } } } },
                new KeyValue { Key = "map", Value = new AnyValue { KvlistValue = new KeyValueList { Values = { Text("@@", "deep"), new KeyValue { Key = "in", Value = new AnyValue { ArrayValue = new ArrayValue { Values = { new AnyValue { StringValue = "x@@" } } } } } } } } },
            },
            Events = { new ProtoSpan.Types.Event { Name = "@@" } },
        };
        var bytes = Request(plain, broken, plain).ToByteArray();
        // C3 28 is a lead byte without its second one, and a bracket.
        for (var i = 0; i + 1 < bytes.Length; i++) if (bytes[i] == '@' && bytes[i + 1] == '@') (bytes[i], bytes[i + 1]) = (0xC3, 0x28);
        var result = _decoder.Decode(bytes, _batch);
        Assert.Equal((DecodeStatus.Decoded, 3, 9, true), (result.Status, result.Accepted, result.MendedTexts, result.Altered));
        Assert.Equal([0, (byte)SpanMarks.InvalidUtf8, 0], _batch.Marks.Span.ToArray());
        var expected = Request(plain, broken, plain).ToString().Replace("@@", "\uFFFD(", StringComparison.Ordinal);
        Assert.Equal(OracleSpan.Of(JsonParser.Default.Parse<ExportTraceServiceRequest>(expected)), OracleSpan.Of(_batch));
    }

    [Fact]
    public void SpansUnderAMendedResourceOrScopeAreMarked()
    {
        var span = new ProtoSpan { TraceId = Id(16, 1), SpanId = Id(8, 1) };
        var request = Request(span);
        for (var i = 0; i < 4; i++) request.ResourceSpans.Add(Request(span).ResourceSpans);
        request.ResourceSpans[1].Resource = request.ResourceSpans[2].Resource = new Resource { Attributes = { Text("k", "@@") } };
        request.ResourceSpans[3].ScopeSpans[0].Scope = new InstrumentationScope { Name = "@@" };
        var bytes = request.ToByteArray();
        for (var i = 0; i + 1 < bytes.Length; i++) if (bytes[i] == '@' && bytes[i + 1] == '@') (bytes[i], bytes[i + 1]) = (0xC3, 0x28);
        Assert.Equal(2, _decoder.Decode(bytes, _batch).MendedTexts);
        Assert.Equal([0, 1, 1, 1, 0], _batch.Marks.Span.ToArray());
    }

    [Fact]
    public void OfTheCasesOfAValueTheLastStandsAndOnlyListsOfTheSameCaseAreJoined()
    {
        // An array, then something else, then an array again: the first one is gone. Alone in an attribute, and inside an array.
        byte[] a = Delimited(0x2A, Delimited(0x0A, [0x0A, 0x01, (byte)'a'])), b = Delimited(0x2A, Delimited(0x0A, [0x0A, 0x01, (byte)'b']));
        var map = Delimited(0x32, Delimited(0x0A, [0x0A, 0x01, (byte)'k']));
        byte[][] values = [[.. a, .. b], [.. a, 0x0A, 0x01, (byte)'x', .. b], [.. a, .. map, .. b], [.. map, .. a, .. map], [.. a, 0x3A, 0x01, 0xFF], [.. b, 0x18, 0x00, .. map]];
        var attributes = values.Concat(values.Select(value => Delimited(0x2A, Delimited(0x0A, value)))).SelectMany(value => Delimited(0x4A, Delimited(0x12, value)));
        byte[] span = [0x0A, 16, .. Id(16, 1), 0x12, 8, .. Id(8, 1), .. attributes];
        var bytes = Delimited(0x0A, Delimited(0x12, Delimited(0x12, span)));
        Assert.Equal(12, _decoder.Decode(bytes, _batch).Status == DecodeStatus.Decoded ? _batch.Attributes.Count : -1);
        Assert.Equal(OracleSpan.Of(ExportTraceServiceRequest.Parser.ParseFrom(bytes)), OracleSpan.Of(_batch));
    }

    [Fact]
    public void PartsWithoutEndTakeTimeAndMemoryInProportion()
    {
        // A million parts of one resource and of one list: joining them one by one would copy terabytes.
        byte[] Parts(byte[] part) => Enumerable.Repeat(part, 1_000_000).SelectMany(bytes => bytes).ToArray();
        var list = Parts([0x2A, 0x02, 0x0A, 0x00]);
        byte[] bytes = [.. Delimited(0x0A, Parts([0x0A, 0x02, 0x10, 0x07])), .. Delimited(0x0A, Delimited(0x0A, Delimited(0x0A, Delimited(0x12, list))))];
        Assert.Equal(DecodeStatus.Decoded, _decoder.Decode(bytes, _batch).Status);
        Assert.Equal([7u, 0u], _batch.Resources.DroppedAttributes.Span.ToArray());
        Assert.Equal(1_000_000, AttributeValue.Read(_batch, _batch.Resources.Attributes, 0).Items.Count);
        Assert.Equal(2_000_000, _batch.Blobs.SizeBytes);
    }

    [Fact]
    public void AnErrorInTheSecondPartOfAResourceNamesItsOwnOffset()
    {
        var result = _decoder.Decode(Convert.FromHexString("0A080A0210050A0210FF"), _batch);
        Assert.Equal("resource_spans[0].resource.dropped_attributes_count at byte 9: a varint goes past the end of its message", result.Message);
    }

    [Fact]
    public void HalfASurrogatePairInJsonIsMendedMarkedAndCounted()
    {
        var result = DecodeJson("""
            {"resourceSpans":[{"scopeSpans":[{"spans":[
              {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"a\ud83dz\udE80\uD83D\uDE80\ud83d\u0041"}]}]}]}
            """);
        Assert.Equal((1, 1), (result.Accepted, result.MendedTexts));
        Assert.Equal("a\uFFFDz\uFFFD\U0001F680\uFFFDA", Encoding.UTF8.GetString(_batch.Strings[_batch.Name[0]]));
        Assert.Equal((byte)SpanMarks.InvalidUtf8, _batch.Marks[0]);
    }

    [Fact]
    public void JsonEscapesAreUndone()
    {
        DecodeJson("""
            {"resource\u0053pans":[{"scopeSpans":[{"spans":[
              {"traceId":"\u0034bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"\"\\\/\b\f\n\r\t\u00e9é","startTimeUnixNano":"1\u0030","kind":"3"}]}]}]}
            """);
        Assert.Equal(("\"\\/\b\f\n\r\téé", 10ul, 3), (Encoding.UTF8.GetString(_batch.Strings[_batch.Name[0]]), _batch.StartUnixNano[0], _batch.Kind[0]));
    }

    [Fact]
    public void IntegersInJsonMayBeWrittenWithFractionAndExponent()
    {
        DecodeJson("""
            {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",
              "startTimeUnixNano":1e3,"endTimeUnixNano":18446744073709551615,"flags":1.0,"droppedEventsCount":"2e2"}]}]}]}
            """);
        Assert.Equal((1000ul, ulong.MaxValue, 1u, 200u), (_batch.StartUnixNano[0], _batch.EndUnixNano[0], _batch.Flags[0], _batch.DroppedEvents[0]));
    }

    [Fact]
    public void NullElementsInJsonAreEmptyValues()
    {
        DecodeJson("""
            {"resourceSpans":[null,{"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","status":null,
              "attributes":[{"key":"k","value":{"arrayValue":{"values":[null,{"intValue":1}]}}},{"key":"none","value":null}]}]}]}]}
            """);
        var list = AttributeValue.Read(_batch, _batch.Attributes, 0);
        Assert.Equal([AttributeType.Empty, AttributeType.Int], list.Items.Select(item => item.Type));
        Assert.Equal(AttributeType.Empty, AttributeValue.Read(_batch, _batch.Attributes, 1).Type);
    }

    [Fact]
    public void ADecoderTakesTheNextRequestAfterAMalformedOne()
    {
        var good = Request(new ProtoSpan { TraceId = Id(16, 1), SpanId = Id(8, 1), Name = "good", Attributes = { Text("k", "v") } }).ToByteArray();
        Assert.Equal(DecodeStatus.Malformed, _decoder.Decode([.. good, 0x0A, 0x05], _batch).Status);
        Assert.Equal((0, 0, 0), (_batch.RowCount, _batch.Attributes.Count, _batch.Resources.Count));
        Assert.Equal(DecodeStatus.Decoded, _decoder.Decode(good, _batch).Status);
        Assert.Equal(1, _batch.RowCount);
    }

    private DecodeResult Decode(ExportTraceServiceRequest request) => _decoder.Decode(request.ToByteArray(), _batch);

    private DecodeResult DecodeJson(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes(json), output, out var error), error);
        return _decoder.Decode(output.WrittenSpan, _batch);
    }

    private static ExportTraceServiceRequest Request(params ProtoSpan[] spans) =>
        new() { ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { spans } } } } } };

    private static KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static byte[] Delimited(byte tag, byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, true))
        {
            output.WriteUInt32(tag);
            output.WriteLength(bytes.Length);
        }
        return [.. stream.ToArray(), .. bytes];
    }

    private static ByteString Id(int length, byte fill) => ByteString.CopyFrom(Enumerable.Repeat(fill, length).ToArray());
}
