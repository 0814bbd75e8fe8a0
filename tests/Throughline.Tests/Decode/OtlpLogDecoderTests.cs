using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CsCheck;
using Google.Protobuf;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Tests.Properties;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Decode;

/// <summary>The decoder of log records against Google.Protobuf on the same bytes, and there and back through the log's processed form.</summary>
public sealed class OtlpLogDecoderTests
{
    private static readonly Gen<ExportLogsServiceRequest> Requests = OtlpGen.LogRequest;

    [Fact]
    public void WhatTheOracleReadsIsWhatTheBatchHolds() => Property.Check(Requests, 200, request => Assert.Equal(Expected(request), Held(Decode(request.ToByteArray()))));

    [Fact]
    public void OrderRepetitionPartsAndUnknownFieldsAreReadAsTheOracleReadsThem() => Property.Check(Gen.Select(Requests, Gen.Int), 200, input =>
    {
        var bytes = new WireScrambler(input.Item2).Scramble(input.Item1);
        Assert.Equal(Expected(ExportLogsServiceRequest.Parser.ParseFrom(bytes)), Held(Decode(bytes)));
    });

    [Fact]
    public void WhatTheOracleSaysInJsonIsWhatTheBatchHolds() => Property.Check(Gen.Select(Requests, Gen.Int), 150, input =>
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(new OracleJson(input.Item2).Write(input.Item1), output, out var error, signal: SignalKind.Logs), error);
        Assert.Equal(Expected(input.Item1), Held(Decode(output.WrittenSpan.ToArray())));
    });

    [Fact]
    public void TheProcessedFormHoldsAllAndTheMarks() => Property.Check(Requests, 150, request =>
    {
        var batch = Decode(request.ToByteArray());
        for (var row = 0; row < batch.RowCount; row += 2) batch.Marks.Items[row] |= (byte)SpanMarks.Redacted;
        var output = new ArrayBufferWriter<byte>();
        OtlpLogEncoder.EncodeProcessed(batch, output);
        var again = new LogBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpLogDecoder().DecodeProcessed(output.WrittenSpan, again).Status);
        Assert.Equal(Held(batch), Held(again));
    });

    [Fact]
    public void MutatedBytesAreRefusedWithTheirPlaceOrRead() => Property.Check(Gen.Select(Requests, Gen.Int), 100, input =>
    {
        var random = new Random(input.Item2);
        var bytes = input.Item1.ToByteArray();
        for (var i = 0; i < 20 && bytes.Length > 0; i++)
        {
            var batch = new LogBatch();
            var result = new OtlpLogDecoder().Decode(Mutation.Apply(bytes, random), batch);
            Assert.Equal(batch.RowCount, result.Accepted);
            if (result.Status == DecodeStatus.Malformed) Assert.Matches(@"^[A-Za-z_\[\]0-9. ]+ at byte \d+: .+", result.Message);
        }
    });

    [Fact]
    public void ABodyInManyPartsCostsWhatItsBytesCost()
    {
        // Each part says the body anew, in five bytes; joined one by one they would be copied twenty thousand times.
        var record = Enumerable.Range(0, 20_000).SelectMany(i => (byte[])[0x2A, 3, 0x0A, 1, (byte)('a' + i % 26)]).ToArray();
        var bytes = Message(1, Message(2, Message(2, record)));
        Assert.Equal("f", ExportLogsServiceRequest.Parser.ParseFrom(bytes).ResourceLogs[0].ScopeLogs[0].LogRecords[0].Body.StringValue);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var batch = Decode(bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Assert.Equal("f", batch.Text(batch.Body[0]));
    }

    private static byte[] Message(int field, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }
        return stream.ToArray();
    }

    private static LogBatch Decode(byte[] bytes)
    {
        var batch = new LogBatch();
        var result = new OtlpLogDecoder().Decode(bytes, batch);
        Assert.True(result.Status == DecodeStatus.Decoded, result.Message);
        return batch;
    }

    /// <summary>The records as lines, by the oracle.</summary>
    private static List<string> Expected(ExportLogsServiceRequest request)
    {
        var lines = new List<string>();
        foreach (var resource in request.ResourceLogs)
        {
            foreach (var scope in resource.ScopeLogs)
            {
                foreach (var r in scope.LogRecords)
                {
                    var (trace, span) = (r.TraceId.Length == 16 ? Hex(r.TraceId) : new string('0', 32), r.SpanId.Length == 8 ? Hex(r.SpanId) : new string('0', 16));
                    lines.Add(string.Create(CultureInfo.InvariantCulture, $"{r.TimeUnixNano} {r.ObservedTimeUnixNano} {trace} {span} {(int)r.SeverityNumber} '{r.SeverityText}' {Body(r.Body)} '{r.EventName}' {r.Flags} {r.DroppedAttributesCount} ")
                        + $"[{string.Join(';', r.Attributes.Select(a => a.Key))}] '{scope.Scope?.Name}' '{scope.SchemaUrl}' '{resource.SchemaUrl}' [{string.Join(';', resource.Resource?.Attributes.Select(a => a.Key) ?? [])}]");
                }
            }
        }
        return lines;
    }

    private static List<string> Held(LogBatch batch)
    {
        var lines = new List<string>();
        for (var row = 0; row < batch.RowCount; row++)
        {
            var (resource, scope) = (batch.Resource[row], batch.Scope[row]);
            string Keys(Engine.Model.Columns.AttributeColumns columns, int from, int to) => string.Join(';', Enumerable.Range(from, to - from).Select(i => batch.Text(columns.Key[i])));
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"{batch.TimeUnixNano[row]} {batch.ObservedUnixNano[row]} {batch.TraceId[row]} {new SpanId(batch.SpanId[row])} {batch.SeverityNumber[row]} '{batch.Text(batch.SeverityText[row])}' {(AttributeType)batch.BodyType[row]} {Same(batch, row)} ")
                + string.Create(CultureInfo.InvariantCulture, $"'{batch.Text(batch.EventName[row])}' {batch.Flags[row]} {batch.DroppedAttributes[row]} ")
                + $"[{Keys(batch.Attributes, batch.AttributeOffset[row], batch.AttributeOffset[row + 1])}] '{batch.Text(batch.Scopes.Name[scope])}' '{batch.Text(batch.Scopes.SchemaUrl[scope])}' '{batch.Text(batch.Resources.SchemaUrl[resource])}' "
                + $"[{Keys(batch.Resources.Attributes, batch.Resources.AttributeOffset[resource], batch.Resources.AttributeOffset[resource + 1])}]");
        }
        return lines;
    }

    /// <summary>JSON bodies are compared by what they say; all others by their text.</summary>
    private static string Same(LogBatch batch, int row)
    {
        var text = batch.Text(batch.Body[row]);
        return (AttributeType)batch.BodyType[row] is AttributeType.String or AttributeType.Empty ? text : Canonical(JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 500 }).RootElement);
    }

    private static string Body(AnyValue? value) => value?.ValueCase switch
    {
        null or AnyValue.ValueOneofCase.None => $"{AttributeType.Empty} ",
        AnyValue.ValueOneofCase.StringValue => $"{AttributeType.String} {value.StringValue}",
        AnyValue.ValueOneofCase.BoolValue => $"{AttributeType.Bool} {Plain(value)}",
        AnyValue.ValueOneofCase.IntValue => $"{AttributeType.Int} {Plain(value)}",
        AnyValue.ValueOneofCase.DoubleValue => $"{AttributeType.Double} {Plain(value)}",
        AnyValue.ValueOneofCase.BytesValue => $"{AttributeType.Bytes} {Plain(value)}",
        AnyValue.ValueOneofCase.ArrayValue => $"{AttributeType.Array} {Plain(value)}",
        _ => $"{AttributeType.KvList} {Plain(value)}",
    };

    private static string Plain(AnyValue? value) => value?.ValueCase switch
    {
        null or AnyValue.ValueOneofCase.None => "null",
        AnyValue.ValueOneofCase.StringValue => $"\"{value.StringValue}\"",
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.DoubleValue when !double.IsFinite(value.DoubleValue) => $"\"{value.DoubleValue.ToString(CultureInfo.InvariantCulture)}\"",
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue.ToString("R", CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.BytesValue => $"\"{Convert.ToBase64String(value.BytesValue.Span)}\"",
        AnyValue.ValueOneofCase.ArrayValue => $"[{string.Join(',', value.ArrayValue.Values.Select(Plain))}]",
        _ => $"{{{string.Join(',', value.KvlistValue.Values.Select(p => $"\"{p.Key}\":{Plain(p.Value)}"))}}}",
    };

    private static string Canonical(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(',', value.EnumerateObject().Select(p => $"\"{p.Name}\":{Canonical(p.Value)}"))}}}",
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Canonical))}]",
        JsonValueKind.String => $"\"{value.GetString()}\"",
        _ => value.GetRawText(),
    };

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}
