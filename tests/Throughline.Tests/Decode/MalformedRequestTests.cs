using System.Buffers;
using System.Text;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Tests.Decode;

/// <summary>What is no request is answered with the field and the offset in bytes.</summary>
public sealed class MalformedRequestTests
{
    [Theory]
    [InlineData("00", "ExportTraceServiceRequest at byte 0: field number 0")]
    [InlineData("FF", "ExportTraceServiceRequest at byte 0: a varint goes past the end of its message")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF01", "ExportTraceServiceRequest at byte 0: a varint is longer than 10 bytes")]
    [InlineData("0A05", "resource_spans[0] at byte 1: a length of 5 goes past the end of its message, which has 0 bytes left")]
    [InlineData("0A00 0A02 1205", "resource_spans[1].scope_spans[0] at byte 5: a length of 5 goes past the end of its message, which has 0 bytes left")]
    [InlineData("0A04 0A02 0A05", "resource_spans[0].resource.attributes[0] at byte 5: a length of 5 goes past the end of its message, which has 0 bytes left")]
    [InlineData("0A07 1205 1203 39 0000", "resource_spans[0].scope_spans[0].spans[0].start_time_unix_nano at byte 7: a fixed64 goes past the end of its message")]
    [InlineData("0A08 1206 1204 8501 0000", "resource_spans[0].scope_spans[0].spans[0].flags at byte 8: a fixed32 goes past the end of its message")]
    [InlineData("0A0C 120A 1208 4A06 0A00 1202 18FF", "resource_spans[0].scope_spans[0].spans[0].attributes[0].value.int_value at byte 13: a varint goes past the end of its message")]
    [InlineData("0A06 1204 1202 5A05", "resource_spans[0].scope_spans[0].spans[0].events[0] at byte 7: a length of 5 goes past the end of its message, which has 0 bytes left")]
    [InlineData("0A02 7F00", "resource_spans[0].field 15 of ResourceSpans at byte 3: wire type 7 in field 15")]
    [InlineData("0C", "resource_spans[0] at byte 1: wire type 4 in field 1")]
    [InlineData("A33E", "field 996 of ExportTraceServiceRequest at byte 2: a varint goes past the end of its message")]
    public void ProtobufErrorsNameFieldAndOffset(string hex, string message)
    {
        var batch = new SpanBatch();
        var result = new OtlpTraceDecoder().Decode(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), batch);
        Assert.Equal((DecodeStatus.Malformed, message), (result.Status, result.Message));
        Assert.Equal(0, batch.RowCount);
    }

    [Theory]
    [InlineData("", "ExportTraceServiceRequest at byte 0: this is not valid JSON: ")]
    [InlineData("[]", "ExportTraceServiceRequest at byte 0: an object (ExportTraceServiceRequest) must stand here")]
    [InlineData("null", "")]
    [InlineData("{} x", "ExportTraceServiceRequest at byte 3: this is not valid JSON: 'x' is invalid after a single JSON value.")]
    [InlineData("{\"resourceSpans\":{}}", "resourceSpans at byte 17: an array must stand here")]
    [InlineData("{\"resourceSpans\":[1]}", "resourceSpans[0] at byte 18: an object (ResourceSpans) must stand here")]
    [InlineData("{\"resourceSpans\":[{},\n{\"scopeSpans\":[{\"spans\":[{\"kind\":\"SERVER\"}]}]}]}",
        "resourceSpans[1].scopeSpans[0].spans[0].kind at byte 55: this is none of SPAN_KIND_UNSPECIFIED, ")]
    [InlineData("{\"resourceSpans\":[{},\n{\"scope_spans\":[{\"spans\":[{\"kind\":]}]}]}", "resourceSpans[1].scope_spans[0].spans[0].kind at byte 56: this is not valid JSON: ")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"xyz1\"}]}]}]}", "resourceSpans[0].scopeSpans[0].spans[0].traceId at byte 54: an id is not hexadecimal")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"spanId\":12}]}]}]}", "resourceSpans[0].scopeSpans[0].spans[0].spanId at byte 53: an id, a string of ")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"flags\":4294967296}]}]}]}", "resourceSpans[0].scopeSpans[0].spans[0].flags at byte 52: the integer is not between 0 and 4294967295")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"startTimeUnixNano\":1.5}]}]}]}", "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano at byte 64: an integer, ")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":7}]}]}]}", "resourceSpans[0].scopeSpans[0].spans[0].name at byte 51: a string must stand here")]
    [InlineData("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":{\"bytesValue\":\"*\"}}]}}]}",
        "resourceSpans[0].resource.attributes[0].value.bytesValue at byte 78: this is not base64")]
    [InlineData("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"value\":{\"boolValue\":\"true\"}}]}}]}",
        "resourceSpans[0].resource.attributes[0].value.boolValue at byte 67: true or false must stand here")]
    [InlineData("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"value\":{\"doubleValue\":\"x\"}}]}}]}",
        "resourceSpans[0].resource.attributes[0].value.doubleValue at byte 69: a number, ")]
    [InlineData("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"value\":{\"doubleValue\":1e999}}]}}]}",
        "resourceSpans[0].resource.attributes[0].value.doubleValue at byte 69: the number is too large for a double")]
    [InlineData("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"value\":{\"intValue\":\"9223372036854775808\"}}]}}]}",
        "resourceSpans[0].resource.attributes[0].value.intValue at byte 66: the integer is not between -9223372036854775808 and 9223372036854775807")]
    public void JsonErrorsNameFieldAndOffset(string json, string message)
    {
        var taken = OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes(json), new ArrayBufferWriter<byte>(), out var error);
        Assert.Equal(message.Length == 0, taken);
        Assert.StartsWith(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void ValuesMayNestToTheLimitAndNoDeeper()
    {
        Assert.Equal((DecodeStatus.Decoded, ""), DecodeNested(32));
        var (status, message) = DecodeNested(33);
        Assert.Equal(DecodeStatus.Malformed, status);
        Assert.Contains("values nest deeper than 32", message, StringComparison.Ordinal);
        Assert.StartsWith("resource_spans[0].resource.attributes[0].value.array_value.values[0].array_value", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"arrayValue\":{\"values\":[", "]}}")]
    [InlineData("{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":", "}]}}")]
    public void JsonValuesMayNestToTheLimitAndNoDeeper(string open, string close)
    {
        Assert.Equal("", Transcode(32));
        Assert.Contains("at byte", Transcode(33), StringComparison.Ordinal);
        Assert.Contains("values nest deeper than 32", Transcode(33), StringComparison.Ordinal);

        string Transcode(int levels)
        {
            var value = string.Concat(Enumerable.Repeat(open, levels)) + "{}" + string.Concat(Enumerable.Repeat(close, levels));
            var json = "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":" + value + "}]}}]}";
            var output = new ArrayBufferWriter<byte>();
            var taken = OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes(json), output, out var error);
            if (taken) Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(output.WrittenSpan, new SpanBatch()).Status);
            return error;
        }
    }

    [Fact]
    public void JsonOfEndlessDepthIsMalformed()
    {
        Assert.False(OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000)), new ArrayBufferWriter<byte>(), out var error));
        Assert.Contains(" at byte ", error, StringComparison.Ordinal);
    }

    private static (DecodeStatus Status, string Message) DecodeNested(int levels)
    {
        byte[] value = [];
        for (var i = 0; i < levels; i++)
        {
            byte[] array = i == 0 ? [] : Field(0x0A, value);
            value = Field(0x2A, array);
        }
        var request = Field(0x0A, Field(0x0A, Field(0x0A, Field(0x12, value))));
        var result = new OtlpTraceDecoder().Decode(request, new SpanBatch());
        return (result.Status, result.Message);
    }

    private static byte[] Field(byte tag, byte[] bytes) =>
        bytes.Length < 128 ? [tag, (byte)bytes.Length, .. bytes] : [tag, (byte)(bytes.Length & 0x7F | 0x80), (byte)(bytes.Length >> 7), .. bytes];
}
