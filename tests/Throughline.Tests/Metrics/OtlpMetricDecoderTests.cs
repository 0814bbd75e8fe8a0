using System.Buffers;
using System.Text;
using Google.Protobuf;
using Throughline.Engine.Decode;
using Throughline.Engine.Metrics;
using Throughline.Engine.Model;
using Throughline.Tests.Protos;
using static Throughline.Tests.Metrics.MetricRequests;

namespace Throughline.Tests.Metrics;

/// <summary>What senders may send: every kind of point, both forms, and what is refused.</summary>
public sealed class OtlpMetricDecoderTests
{
    public static TheoryData<string, string> Refusals() => new()
    {
        { "{\"gauge\":{\"dataPoints\":[{\"asDouble\":1}]}}", "1 without a time" },
        { "{\"gauge\":{\"dataPoints\":[{\"timeUnixNano\":\"5\"}]}}", "1 without a value" },
        { "{\"name\":\"\",\"gauge\":{\"dataPoints\":[{\"timeUnixNano\":\"5\",\"asInt\":\"1\"}]}}", "1 of a metric without a name" },
        { "{\"sum\":{\"dataPoints\":[{\"timeUnixNano\":\"5\",\"asInt\":1}]}}", "1 of a metric whose aggregation_temporality is neither delta nor cumulative" },
        { "{\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[{\"timeUnixNano\":5,\"count\":1,\"bucketCounts\":[1],\"explicitBounds\":[1]}]}}", "1 with other than one bucket more than bounds" },
        { "{\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[{\"timeUnixNano\":5,\"bucketCounts\":[1,1,1],\"explicitBounds\":[2,2]}]}}", "1 whose bounds do not grow" },
        { "{\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[{\"timeUnixNano\":5,\"bucketCounts\":[1,1],\"explicitBounds\":[\"NaN\"]}]}}", "1 whose bounds do not grow" },
        { "{\"exponentialHistogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{\"timeUnixNano\":5,\"scale\":-1000000}]}}", "1 whose scale is not from -11 to 20" },
        { "{\"exponentialHistogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{\"timeUnixNano\":5,\"zeroThreshold\":\"NaN\"}]}}", "1 whose zero threshold is no number from 0 on" },
        { "{\"exponentialHistogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{\"timeUnixNano\":5,\"zeroThreshold\":-1}]}}", "1 whose zero threshold is no number from 0 on" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void WhatCannotBeAPointIsRefusedWithItsReasonAndTheRestIsTaken(string metric, string reason)
    {
        if (!metric.Contains("name", StringComparison.Ordinal)) metric = "{\"name\":\"m\"," + metric[1..];
        var json = $$$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{{{metric}}},{"name":"good","gauge":{"dataPoints":[{"timeUnixNano":"9","asDouble":2}]}}]}]}]}""";
        var batch = new MetricBatch();
        var result = new OtlpMetricDecoder().Decode(Protobuf(json), batch);
        Assert.Equal(DecodeStatus.Decoded, result.Status);
        Assert.Equal((1, 1), (result.Accepted, result.Refused));
        Assert.Equal($"1 point was refused: {reason}", result.Message);
        Assert.Equal(1, batch.RowCount);
    }

    [Fact]
    public void ARequestDoesNotBecomeManyTimesItsSizeByTheNamesOfItsSeries()
    {
        // 200 KB, of which each point would repeat 15 KB of its resource.
        var request = Request("svc", Gauge("g", [.. Enumerable.Range(0, 6000).Select(i => Point(1, 1, $"{i}"))]));
        request.ResourceMetrics[0].Resource.Attributes.Add(Attribute("long", new string('x', 15_000)));
        var batch = new MetricBatch();
        var result = new OtlpMetricDecoder().Decode(request.ToByteArray(), batch);
        Assert.InRange(batch.MemoryBytes, 1, 200 << 20);
        Assert.Equal(6000, result.Accepted + result.Refused);
        Assert.Contains("of more series than fit into one request", result.Message);
    }

    [Fact]
    public void TheJsonFormSaysTheSameAsProtobuf()
    {
        const string json = """
            {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}]},"scopeMetrics":[{"scope":{"name":"meter"},"metrics":[
              {"name":"s","unit":"By","description":"d","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","isMonotonic":true,"dataPoints":[{"startTimeUnixNano":"3","timeUnixNano":"5","asInt":"-7","attributes":[{"key":"k","value":{"intValue":"4"}}]}]}},
              {"name":"h","histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"5","count":"3","sum":1.5,"bucketCounts":["1","2"],"explicitBounds":[0.5],"min":0.1,"max":0.9}]}},
              {"name":"e","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"5","count":"6","scale":-2,"zeroCount":"1","zeroThreshold":0.01,"positive":{"offset":-3,"bucketCounts":["1","2"]},"negative":{"offset":4,"bucketCounts":[2]}}]}},
              {"name":"q","summary":{"dataPoints":[{"timeUnixNano":"5","count":"6","sum":2,"quantileValues":[{"quantile":0.5,"value":1.25}]}]}}
            ]}]}]}
            """;
        var point = new NumberDataPoint { StartTimeUnixNano = 3, TimeUnixNano = 5, AsInt = -7, Attributes = { new KeyValue { Key = "k", Value = new AnyValue { IntValue = 4 } } } };
        var request = new ExportMetricsServiceRequest
        {
            ResourceMetrics =
            {
                new ResourceMetrics
                {
                    Resource = new Resource { Attributes = { Attribute("service.name", "svc") } },
                    ScopeMetrics =
                    {
                        new ScopeMetrics
                        {
                            Scope = new InstrumentationScope { Name = "meter" },
                            Metrics =
                            {
                                new Metric { Name = "s", Unit = "By", Description = "d", Sum = new Sum { AggregationTemporality = 2, IsMonotonic = true, DataPoints = { point } } },
                                new Metric { Name = "h", Histogram = new Histogram { AggregationTemporality = 1, DataPoints = { new HistogramDataPoint { TimeUnixNano = 5, Count = 3, Sum = 1.5, BucketCounts = { 1, 2 }, ExplicitBounds = { 0.5 }, Min = 0.1, Max = 0.9 } } } },
                                new Metric { Name = "e", ExponentialHistogram = new ExponentialHistogram { AggregationTemporality = 2, DataPoints = { new ExponentialHistogramDataPoint { TimeUnixNano = 5, Count = 6, Scale = -2, ZeroCount = 1, ZeroThreshold = 0.01, Positive = new() { Offset = -3, BucketCounts = { 1, 2 } }, Negative = new() { Offset = 4, BucketCounts = { 2 } } } } } },
                                new Metric { Name = "q", Summary = new Summary { DataPoints = { new SummaryDataPoint { TimeUnixNano = 5, Count = 6, Sum = 2, QuantileValues = { new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 0.5, Value = 1.25 } } } } } },
                            },
                        },
                    },
                },
            },
        };
        Assert.Equal(Encoded(request.ToByteArray()), Encoded(Protobuf(json)));
        Assert.Equal(4, Decoded(Protobuf(json)).RowCount);
    }

    [Fact]
    public void FieldsMayComeInAnyOrder()
    {
        // A data point before the metric's name, a metric before its scope, a scope before its resource.
        var point = Point(4, 1).ToByteArray();
        var gauge = Field(5, Field(1, point));
        var metric = gauge.Concat(Field(1, "late"u8.ToArray())).ToArray();
        var scope = Field(2, metric).Concat(Field(1, new InstrumentationScope { Name = "meter" }.ToByteArray())).ToArray();
        var resource = Field(2, scope).Concat(Field(1, new Resource { Attributes = { Attribute("service.name", "svc") } }.ToByteArray())).ToArray();
        var batch = Decoded(Field(1, resource));
        var identity = MetricIdentity.Read(batch.Keys[0]);
        Assert.Equal(("svc", "late", "meter"), (identity.Service, identity.Name, identity.Scope));
    }

    [Fact]
    public void SensitiveAttributesAreReplacedWhereverTheyStand()
    {
        var point = Point(1, 1);
        point.Attributes.Add(Attribute("password", "hunter2"));
        point.Attributes.Add(new KeyValue { Key = "nested", Value = new AnyValue { KvlistValue = new KeyValueList { Values = { Attribute("password", "hunter2"), Attribute("a", "b") } } } });
        var batch = new MetricBatch();
        var decoder = new OtlpMetricDecoder(32, static key => key.SequenceEqual("password"u8));
        decoder.Decode(Bytes("svc", Gauge("g", point)), batch);
        Assert.Equal(2, decoder.RedactedValues);
        Assert.Equal([new("nested", "{\"password\":\"[redacted]\",\"a\":\"b\"}"), new("password", "[redacted]")], MetricIdentity.Read(batch.Keys[0]).Attributes);
        Assert.DoesNotContain("hunter2", Encoding.UTF8.GetString(batch.Keys[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void TextThatIsNotUtf8IsMendedAndCounted()
    {
        var batch = new MetricBatch();
        var metric = Field(1, [0xFF, (byte)'x']).Concat(Field(5, Field(1, Point(1, 1).ToByteArray()))).ToArray();
        var result = new OtlpMetricDecoder().Decode(Field(1, Field(2, Field(2, metric))), batch);
        Assert.Equal(1, result.MendedTexts);
        Assert.Equal(("\uFFFDx", "unknown_service"), (MetricIdentity.Read(batch.Keys[0]).Name, MetricIdentity.Read(batch.Keys[0]).Service));
    }

    [Fact]
    public void ValuesThatNestTooDeepAndBytesThatBreakOffAreMalformed()
    {
        var value = new AnyValue { StringValue = "x" };
        for (var i = 0; i < 40; i++) value = new AnyValue { ArrayValue = new ArrayValue { Values = { value } } };
        var point = Point(1, 1);
        point.Attributes.Add(new KeyValue { Key = "deep", Value = value });
        var batch = new MetricBatch();
        var deep = new OtlpMetricDecoder().Decode(Bytes("svc", Gauge("g", point)), batch);
        Assert.Equal((DecodeStatus.Malformed, 0), (deep.Status, batch.RowCount));
        Assert.Contains("values nest deeper than 32", deep.Message);

        var whole = Bytes("svc", Gauge("g", Point(1, 1)), Histogram("h", true, Buckets(1, [1, 2], [1, 2, 3])));
        for (var length = 1; length < whole.Length; length++)
        {
            var result = new OtlpMetricDecoder().Decode(whole.AsSpan(0, length), batch);
            Assert.True(result.Status == DecodeStatus.Malformed && batch.RowCount == 0, $"{length} of {whole.Length} bytes");
        }
    }

    [Fact]
    public void KeysOfSeriesHaveALimit()
    {
        var point = Point(1, 1);
        point.Attributes.Add(Attribute("long", new string('x', 20_000)));
        var result = new OtlpMetricDecoder().Decode(Bytes("svc", Gauge("g", point, Point(2, 2))), new MetricBatch());
        Assert.Equal("1 point was refused: 1 whose names and attributes together are more than 16384 bytes", result.Message);
    }

    [Fact]
    public void ThePayloadOfTheLogReadsBackAndDamageIsAValue()
    {
        var batch = Decoded(Bytes("svc", Gauge("g", Point(1, 5), Point(-2.5, 3, "k")), Histogram("h", true, Buckets(1, [1, 2], [1, 2, 3]))));
        var payload = new ArrayBufferWriter<byte>();
        MetricStore.Encode(batch, payload);
        var again = new MetricBatch();
        Assert.True(MetricPayload.TryRead(payload.WrittenSpan, again, out _));
        var twice = new ArrayBufferWriter<byte>();
        MetricStore.Encode(again, twice);
        Assert.Equal(payload.WrittenSpan.ToArray(), twice.WrittenSpan.ToArray());
        for (var length = 0; length < payload.WrittenCount; length++)
        {
            Assert.False(MetricPayload.TryRead(payload.WrittenSpan[..length], again, out var problem));
            Assert.NotEqual("", problem);
        }
    }

    private static MetricBatch Decoded(byte[] request)
    {
        var batch = new MetricBatch();
        var result = new OtlpMetricDecoder().Decode(request, batch);
        Assert.True(result.Status == DecodeStatus.Decoded && result.Refused == 0, result.Message);
        return batch;
    }

    private static byte[] Encoded(byte[] request)
    {
        var payload = new ArrayBufferWriter<byte>();
        MetricStore.Encode(Decoded(request), payload);
        return payload.WrittenSpan.ToArray();
    }

    private static byte[] Protobuf(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes(json), output, out var error, signal: SignalKind.Metrics), error);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }
        return stream.ToArray();
    }
}
