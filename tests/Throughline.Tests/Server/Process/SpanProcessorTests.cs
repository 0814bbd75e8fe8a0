using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Engine.Sampling;
using Throughline.Server.Process;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Process;

/// <summary>What rules make of a request's spans before they are stored.</summary>
public sealed class SpanProcessorTests
{
    private static readonly byte[] Key = [1, 2, 3];

    [Fact]
    public void ARateKeepsWholeTracesAndTheirWeightsEstimateTheTrueCount()
    {
        var policy = Policy("""{"sampling":{"rate":0.2,"services":[{"service":"b","rate":0.2},{"service":"c","rate":0.5}]}}""");
        var ids = Traces(20_000);
        var (kept, weight) = (new HashSet<TraceId>[3], new double[3]);
        for (var s = 0; s < 3; s++)
        {
            kept[s] = [];
            foreach (var request in ids.Chunk(500))
            {
                // Two spans of each trace, in the reverse order of the ids the second time.
                var batch = Apply(policy, $"{(char)('a' + s)}", [.. request.Select(id => Export.Span(id, Export.Id(1))), .. request.Reverse().Select(id => Export.Span(id, Export.Id(2)))], out _);
                for (var row = 0; row < batch.RowCount; row++)
                {
                    kept[s].Add(batch.TraceId[row]);
                    weight[s] += SamplingThreshold.WeightOf(SamplingThreshold.Read(batch.Strings[batch.TraceState[row]])) / 2;
                }
                Assert.All(Enumerable.Range(0, batch.RowCount).GroupBy(row => batch.TraceId[row]), trace => Assert.Equal(2, trace.Count()));
            }
            Assert.Equal(ids.Length, weight[s], ids.Length * 0.04);
        }
        Assert.Equal(kept[0], kept[1]);
        Assert.Subset(kept[2], kept[0]);
        Assert.Equal(0.2, kept[0].Count / (double)ids.Length, 0.02);
    }

    [Fact]
    public void WhatASenderSampledMoreStrictlyIsKeptAsItIs()
    {
        var policy = Policy("""{"sampling":{"rate":0.5}}""");
        // The sender keeps an eighth: th:e. Of these some lie above a half, as all that were kept by it do.
        var batch = Apply(policy, "a", [Export.Span("0000000000000000" + "00f0000000000000", Export.Id(1), more: "\"traceState\":\"ot=th:e,x=y\"")], out var altered);
        Assert.Equal((1, "ot=th:e,x=y"), (batch.RowCount, batch.Text(batch.TraceState[0])));
        Assert.False(altered);
        var more = Apply(policy, "a", [Export.Span("0000000000000000" + "00f0000000000000", Export.Id(1), more: "\"traceState\":\"ot=th:4;rv:f0000000000000,x=y\"")], out altered);
        Assert.Equal("ot=th:8;rv:f0000000000000,x=y", more.Text(more.TraceState[0]));
        Assert.True(altered);
    }

    [Fact]
    public void ALimitOfTracesASecondHoldsOnTheAverageAndTheWeightsSayWhatCame()
    {
        var time = new ManualTime();
        var policy = Policy("""{"sampling":{"services":[{"service":"a","tracesPerSecond":50}]}}""", time);
        var (kept, weight, came) = (0, 0.0, 0);
        var random = new Random(7);
        for (var tick = 0; tick < 600; tick++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            var ids = Enumerable.Range(0, 40).Select(_ => Random(random)).ToArray();
            came += ids.Length;
            var batch = Apply(policy, "a", [.. ids.Select(id => Export.Span(id, Export.Id(1)))], out _);
            kept += batch.RowCount;
            for (var row = 0; row < batch.RowCount; row++) weight += SamplingThreshold.WeightOf(SamplingThreshold.Read(batch.Strings[batch.TraceState[row]]));
            // Later spans of the same traces meet the same decision, with the same threshold.
            var later = Apply(policy, "a", [.. ids.Select(id => Export.Span(id, Export.Id(2)))], out _);
            Assert.Equal(States(batch), States(later));
        }
        Assert.Equal(50, kept / 60.0, 5.0);
        Assert.Equal(came, weight, came * 0.1);
        // Another service has no limit.
        Assert.Equal(500, Apply(policy, "b", [.. Traces(500).Select(id => Export.Span(id, Export.Id(1)))], out _).RowCount);
    }

    [Fact]
    public void ATraceGetsNoMoreSpansThanItMayAndSaysSo()
    {
        var policy = Policy("""{"limits":{"spansPerTrace":3}}""");
        var first = Apply(policy, "a", [Span(1, 1), Span(2, 1), Span(1, 2)], out var altered);
        Assert.Equal((3, false), (first.RowCount, altered));
        var counters = new ProcessCounters(0);
        var second = Apply(policy, "a", [Span(1, 3), Span(1, 4), Span(2, 2), Span(1, 5)], out _, counters);
        Assert.Equal([3UL, 2UL], Enumerable.Range(0, second.RowCount).Select(row => second.SpanId[row]));
        Assert.Equal([(byte)SpanMarks.TraceFull, (byte)0], second.Marks.Span.ToArray());
        Assert.Equal((new ProcessCause(ProcessStage.Limit, "spansPerTrace", "a"), 2L), Assert.Single(counters.Read().Dropped));
        Assert.Equal(2L, Assert.Single(counters.DroppedOf(new TraceId(0, 1))).Spans);
        Assert.Empty(counters.DroppedOf(new TraceId(0, 2)));

        // What could not be stored is given back.
        var processor = new SpanProcessor();
        var batch = Decode(Export.Json("a", Span(2, 3)));
        Assert.Equal(1, processor.Apply(policy, batch).RowCount);
        processor.GiveBack();
        Assert.Equal(1, Apply(policy, "a", [Span(2, 3)], out _).RowCount);
        Assert.Equal(0, Apply(policy, "a", [Span(2, 4)], out _).RowCount);
    }

    [Theory]
    [InlineData("""{"key":"user.mail","action":"mask"}""", "user.mail", "bob@x.org", "[redacted]")]
    [InlineData("""{"key":"USER.*","action":"mask"}""", "User.Mail", "bob@x.org", "[redacted]")]
    [InlineData("""{"key":"user.*","action":"mask"}""", "xuser.mail", "bob@x.org", "bob@x.org")]
    [InlineData("""{"key":"*mail*","action":"remove"}""", "user.mail.first", "bob@x.org", null)]
    [InlineData("""{"pattern":"[a-z]+@[a-z.]+","action":"mask"}""", "any", "to bob@x.org, eve@y.org.", "to [redacted], [redacted]")]
    [InlineData("""{"key":"q","pattern":"\\d{4}","action":"mask"}""", "q", "pin 1234", "pin [redacted]")]
    [InlineData("""{"key":"q","pattern":"\\d{4}","action":"mask"}""", "r", "pin 1234", "pin 1234")]
    [InlineData("""{"pattern":"\\d{4}","action":"remove"}""", "r", "pin 1234", null)]
    [InlineData("""{"pattern":"ü+","action":"mask"}""", "r", "Tüüür – ok", "T[redacted]r – ok")]
    [InlineData("""{"pattern":"back","action":"mask"}""", "service.name", "backend", "backend")]
    public void RulesRedactByKeyAndPattern(string rule, string key, string value, string? expected)
    {
        var policy = Policy($$"""{"redaction":[{{rule}}]}""");
        var batch = Apply(policy, "svc", [Export.Span(Export.Trace(1), Export.Id(1), more: Export.Attributes(("first", "1"), (key, value), ("last", "2")))], out var altered);
        var json = Json(batch);
        Assert.Equal(expected, json.TryGetValue(key, out var found) ? found : null);
        Assert.Equal(("1", "2"), (json["first"], json["last"]));
        Assert.Equal(expected != value, altered);
        Assert.Equal(expected != value, (batch.Marks[0] & (byte)SpanMarks.Redacted) != 0);
    }

    [Fact]
    public void EqualValuesHaveEqualHashesThatNobodyCanGuess()
    {
        const string Rules = """{"redaction":[{"key":"user","action":"hash"}]}""";
        string Hash(byte[] key, string value) => Json(Apply(Policy(Rules, key: key), "svc", [Export.Span(Export.Trace(1), Export.Id(1), more: Export.Attributes(("user", value)))], out _))["user"];
        var hash = Hash(Key, "bob");
        Assert.Matches("^\\[hash:[0-9a-f]{16}\\]$", hash);
        Assert.Equal(hash, Hash(Key, "bob"));
        Assert.NotEqual(hash, Hash(Key, "eve"));
        Assert.NotEqual(hash, Hash([9], "bob"));
    }

    [Fact]
    public void RulesReachEveryTextOfASpan()
    {
        const string Secret = "4111-1111";
        var attributes = """
            "attributes":[{"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x SECRET y"},{"intValue":"1"}]}}},{"key":"m","value":{"kvlistValue":{"values":[{"key":"deep","value":{"kvlistValue":{"values":[
             {"key":"card","value":{"stringValue":"SECRET"}}]}}},{"key":"gone","value":{"intValue":"77"}},{"key":"kept","value":{"boolValue":true}}]}}}]
            """;
        var events = "\"events\":[{\"name\":\"SECRET\",\"timeUnixNano\":\"1\"," + attributes + "}]";
        var links = "\"links\":[{\"traceId\":\"" + Export.Trace(2) + "\",\"spanId\":\"" + Export.Id(2) + "\"," + attributes + "}]";
        var span = Export.Span(Export.Trace(1), Export.Id(1), name: "pay SECRET", more: attributes + ",\"status\":{\"message\":\"SECRET refused\"}," + events + "," + links).Replace("SECRET", Secret, StringComparison.Ordinal);
        var policy = Policy("""{"redaction":[{"name":"cards","pattern":"\\d{4}-\\d{4}","action":"mask"},{"key":"gone","action":"remove"}]}""");
        var counters = new ProcessCounters(0);
        var batch = Apply(policy, "svc", [span, Export.Span(Export.Trace(1), Export.Id(2))], out _, counters);
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output)) OtlpJsonWriter.Write(batch, json);
        var text = Encoding.UTF8.GetString(output.ToArray());
        Assert.DoesNotContain(Secret, text);
        Assert.DoesNotContain("gone", text);
        Assert.Equal(3, text.Split("\"kept\"").Length - 1);
        Assert.Equal([(byte)SpanMarks.Redacted, (byte)0], batch.Marks.Span.ToArray());
        Assert.Equal([("cards", 9L), ("gone", 3L)], counters.Read().Redacted);
    }

    [Fact]
    public void LimitsCutAttributesAndSayHowMany()
    {
        var policy = Policy("""{"limits":{"attributes":2,"valueBytes":16}}""");
        var counters = new ProcessCounters(0);
        var long17 = "äöüäöüäö" + "x";
        var spans = new[]
        {
            Export.Span(Export.Trace(1), Export.Id(1), more: Export.Attributes(("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")) + ",\"droppedAttributesCount\":3"),
            Export.Span(Export.Trace(1), Export.Id(2), more: Export.Attributes(("a", long17), ("b", "2"))),
            Export.Span(Export.Trace(1), Export.Id(3), more: Export.Attributes(("a", "1"), ("b", "2"))),
            Export.Span(Export.Trace(1), Export.Id(4), more: """
                "attributes":[{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"0123456789abcdef"}]}}}],"events":[{"name":"e","attributes":[{"key":"a","value":{"intValue":"1"}},{"key":"b","value":{"intValue":"1"}},{"key":"c","value":{"intValue":"1"}}]}]
                """),
        };
        var batch = Apply(policy, "svc", spans, out var altered, counters);
        Assert.True(altered);
        Assert.Equal([5U, 0U, 0U, 0U], batch.DroppedAttributes.Span.ToArray());
        Assert.Equal([1U], batch.Events.DroppedAttributes.Span.ToArray());
        Assert.Equal([true, true, false, true], batch.Marks.Span.ToArray().Select(m => (m & (byte)SpanMarks.Cut) != 0));
        Assert.Equal("äöüäöüäö", batch.Text((int)batch.Attributes.Value[batch.AttributeOffset[1]]));
        Assert.Equal("[cut: a list of 20 bytes]", batch.Text((int)batch.Attributes.Value[batch.AttributeOffset[3]]));
        Assert.Equal([("attributes", 2L), ("valueBytes", 2L)], counters.Read().Cut.Select(c => (c.Cause.Rule, c.Spans)));
    }

    private static string Span(int trace, int span) => Export.Span(Export.Trace(trace), Export.Id(span));

    private static string[] Traces(int count)
    {
        var random = new Random(20261123);
        return [.. Enumerable.Range(0, count).Select(_ => Random(random))];
    }

    private static string Random(Random random) => new TraceId((ulong)random.NextInt64(), (ulong)random.NextInt64()).ToString();

    private static IEnumerable<(TraceId, string)> States(SpanBatch batch) => Enumerable.Range(0, batch.RowCount).Select(row => (batch.TraceId[row], batch.Text(batch.TraceState[row])));

    private static Dictionary<string, string> Json(SpanBatch batch)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var (columns, from, to) in new[] { (batch.Attributes, batch.AttributeOffset[0], batch.AttributeOffset[1]), (batch.Resources.Attributes, 0, batch.Resources.AttributeOffset[1]) })
        {
            for (var i = from; i < to; i++) attributes.TryAdd(batch.Text(columns.Key[i]), columns.Type[i] == (byte)AttributeType.String ? batch.Text((int)columns.Value[i]) : columns.Value[i].ToString(CultureInfo.InvariantCulture));
        }
        return attributes;
    }

    [Fact]
    public void LimitsOfManyServicesTogetherRememberNoMoreTracesThanOne()
    {
        var policy = Policy("""{"sampling":{"tracesPerSecond":100}}""");
        Assert.Equal(65_536, policy.TracesOfService());
        for (var i = 0; i < 4_000; i++) policy.SamplerOf($"service-{i}");
        Assert.InRange(policy.TracesOfService() * 2_001L, 1, 1 << 20);
        var capacity = 4;
        var traces = new RecentTraces<int>(() => capacity);
        for (var i = 1; i <= 4; i++) traces.Set(new TraceId(0, (ulong)i), i);
        capacity = 2;
        traces.Set(new TraceId(0, 5), 5);
        Assert.Equal((2, true, true, false), (traces.Count, traces.TryGet(new(0, 5), out _), traces.TryGet(new(0, 4), out _), traces.TryGet(new(0, 3), out _)));
    }

    internal static ProcessPolicy Policy(string rules, TimeProvider? time = null, byte[]? key = null)
    {
        var problems = new List<RuleProblem>();
        using var document = JsonDocument.Parse(rules);
        var read = RulesReader.Read(document.RootElement, problems);
        Assert.Empty(problems);
        return new ProcessPolicy(read ?? ProcessRules.None, 1, null, key ?? Key, true, time ?? TimeProvider.System);
    }

    private static SpanBatch Decode(string json)
    {
        var batch = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(Export.Protobuf(json), batch).Status);
        return batch;
    }

    /// <summary>Applies rules, and reads back what would be stored, as recovery does.</summary>
    private static SpanBatch Apply(ProcessPolicy policy, string service, string[] spans, out bool altered, ProcessCounters? counters = null)
    {
        var processor = new SpanProcessor();
        var kept = processor.Apply(policy, Decode(Export.Json(service, spans)));
        altered = processor.IsAltered;
        processor.Count(counters ?? new ProcessCounters(0));
        var encoded = new ArrayBufferWriter<byte>();
        OtlpTraceEncoder.EncodeProcessed(kept, encoded);
        var stored = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().DecodeProcessed(encoded.WrittenSpan, stored).Status);
        return stored;
    }
}
