using System.Text.Json;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Engine.Sampling;
using Throughline.Server.Process;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Process;

/// <summary>What each kind of tail rule keeps, and what is counted.</summary>
public sealed class TailRulesTests
{
    private readonly ManualTime _time = new();
    private readonly ProcessCounters _counters = new(0);

    [Theory]
    [InlineData("""{"kind":"errors"}""", "err")]
    [InlineData("""{"kind":"slow","milliseconds":200}""", "slow")]
    [InlineData("""{"kind":"slow","milliseconds":200.001}""", "")]
    [InlineData("""{"kind":"attribute","key":"user"}""", "gold plain")]
    [InlineData("""{"kind":"attribute","key":"user","values":["gold","none"]}""", "gold")]
    [InlineData("""{"kind":"attribute","key":"n","values":["7"]}""", "gold")]
    [InlineData("""{"kind":"attribute","key":"service.name","values":["b"]}""", "other")]
    [InlineData("""{"kind":"slow","milliseconds":1,"service":"b"}""", "other")]
    [InlineData("""{"kind":"errors","service":"b"}""", "")]
    [InlineData("""{"kind":"errors","service":"nobody"}""", "")]
    public void RulesKeepTheTracesThatTheyFit(string rule, string kept)
    {
        var traces = new Dictionary<string, string[]>
        {
            ["err"] = [Span(1, 1), Span(1, 2, more: "\"status\":{\"code\":2}")],
            ["slow"] = [Span(2, 1, ms: 100), Span(2, 2, startMs: 150, ms: 50)],
            ["gold"] = [Span(3, 1), Span(3, 2, more: """ "attributes":[{"key":"user","value":{"stringValue":"other"}},{"key":"user","value":{"stringValue":"gold"}},{"key":"n","value":{"intValue":"7"}}] """)],
            ["plain"] = [Span(4, 1, more: Export.Attributes(("user", "plain")))],
        };
        var sampler = Sampler("{\"tail\":{\"enabled\":true,\"rate\":0,\"rules\":[" + rule + "]}}");
        var found = traces.Where(t => Decide(sampler, "a", t.Value).IsKept).Select(t => t.Key).ToList();
        if (Decide(sampler, "b", [Span(5, 1)]).IsKept) found.Add("other");
        Assert.Equal(kept, string.Join(' ', found));
    }

    [Fact]
    public void TheFirstRuleThatFitsDecidesAndTheRestIsAShare()
    {
        var sampler = Sampler("""{"tail":{"enabled":true,"rate":0.25,"rules":[{"kind":"slow","milliseconds":100,"rate":0},{"kind":"errors"}]}}""");
        Assert.Equal(TailDecision.Drop(0), Decide(sampler, "a", [Span(1, 1, ms: 100, more: "\"status\":{\"code\":2}")]));
        Assert.Equal(new TailDecision(1, 0), Decide(sampler, "a", [Span(1, 1, more: "\"status\":{\"code\":2}")]));
        var (kept, count) = (0, 8_000);
        for (var i = 0; i < count; i++)
        {
            var decision = Decide(sampler, "a", [Export.Span(Sampling.TailSamplingTests.Id(i).ToString(), Export.Id(1))]);
            Assert.Equal(2, decision.Rule);
            if (decision.IsKept) Assert.Equal(SamplingThreshold.Of(0.25), decision.Threshold);
            if (decision.IsKept) kept++;
        }
        Assert.Equal(0.25, kept / (double)count, 0.02);
    }

    [Fact]
    public void TheSlowestOfEachRootAreKeptAndNothingBeforeEnoughIsKnown()
    {
        var sampler = Sampler("""{"tail":{"enabled":true,"rate":0,"rules":[{"kind":"slowest","percentile":95}]}}""");
        var batches = new[] { ("fast", 1), ("long", 1_000) };
        foreach (var (name, ms) in batches)
        {
            Assert.False(Observed(sampler, [Export.Span(Export.Trace(1), Export.Id(1), name, ms: ms * 10)])[0].IsKept);
            var spans = Enumerable.Range(0, 200).Select(i => Export.Span(Export.Trace(i + 2), Export.Id(1), name, ms: ms * (i % 20 == 0 ? 50 : 1))).ToArray();
            var decisions = Observed(sampler, spans);
            Assert.Equal(Enumerable.Range(0, 200).Select(i => i % 20 == 0), decisions.Select(d => d.IsKept));
            // What is usual for one operation is not slow for another.
            Assert.False(Observed(sampler, [Export.Span(Export.Trace(1_000), Export.Id(1), name, ms: ms)])[0].IsKept);
        }
        // Equal ones are not the slowest.
        Assert.DoesNotContain(Observed(sampler, [.. Enumerable.Range(0, 100).Select(i => Export.Span(Export.Trace(i + 1), Export.Id(1), "same", ms: 5))]), d => d.IsKept);
    }

    [Fact]
    public void RareOperationsAreKeptUntilTheyAreNotRareAndAgainWhenTheyBecomeSo()
    {
        var sampler = Sampler("""{"tail":{"enabled":true,"rate":0,"rules":[{"kind":"errors"},{"kind":"rare","perHour":3}]}}""");
        // Errors count for their operations too, whatever rule keeps them.
        Assert.Equal(0, Decide(sampler, "a", [Span(1, 1, more: "\"status\":{\"code\":2}")]).Rule);
        Assert.Equal([true, true, false, false], Enumerable.Range(2, 4).Select(i => Decide(sampler, "a", [Span(i, 1)]).IsKept));
        Assert.True(Decide(sampler, "a", [Span(6, 1), Export.Span(Export.Trace(6), Export.Id(2), "new")]).IsKept);
        Assert.True(Decide(sampler, "b", [Span(7, 1)]).IsKept);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.True(Decide(sampler, "a", [Span(8, 1)]).IsKept);
    }

    [Fact]
    public void OperationsThatNobodyCallsAnyMoreMakeRoomForNewOnes()
    {
        var sampler = Sampler("""{"tail":{"enabled":true,"rate":0,"rules":[{"kind":"rare","perHour":3}]}}""");
        for (var i = 0; i < 20; i++)
            Observed(sampler, [.. Enumerable.Range(0, 1_000).Select(n => Export.Span(Export.Trace(1_000 * i + n + 1), Export.Id(1), $"GET /image/{1_000 * i + n}"))]);
        Assert.False(Observed(sampler, [Export.Span(Export.Trace(50_000), Export.Id(1), "new")])[0].IsKept);
        _time.Advance(TimeSpan.FromHours(4));
        Assert.True(Observed(sampler, [Export.Span(Export.Trace(50_001), Export.Id(1), "new")])[0].IsKept);
    }

    [Fact]
    public void WhatWasDecidedIsCountedByRuleAndService()
    {
        var sampler = Sampler("""{"tail":{"enabled":true,"rate":0,"rules":[{"kind":"errors"}]}}""");
        var batch = Batch("a", [Span(1, 1), Span(1, 2), Span(2, 1), Span(3, 1)]);
        sampler.Decided(new TailOutcome(batch, [new(new(0, 1), TailDecision.Drop(1), [0, 1], true), new(new(0, 2), new TailDecision(0, 0), [2], false), new(new(0, 3), TailDecision.Drop(TailDecision.Late), [3], false)]));
        var counts = _counters.Read();
        Assert.Equal([(new ProcessCause(ProcessStage.Tail, "late", "a"), 1L), (new ProcessCause(ProcessStage.Tail, "rest", "a"), 2L)], counts.Dropped);
        Assert.Equal([("errors", 1L, 1L)], counts.TailKept);
        Assert.Equal(1, counts.DecidedEarly);
        Assert.Equal(2L, Assert.Single(_counters.DroppedOf(new(0, 1))).Spans);
    }

    [Fact]
    public async Task RulesAreInForceForTheNextBlockAndATraceThatTheyDroppedSaysSo()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await ProcessRulesTests.PutAsync(server, """{"rules":{"tail":{"enabled":true,"rate":0,"rules":[{"kind":"errors"}]}}}""");
        await server.StoreAsync(Export.Json("svc", Span(1, 1), Span(2, 1, more: "\"status\":{\"code\":2}")));
        Assert.Equal(2, (await server.SearchAsync("")).Length);
        using (var compacted = await server.Http.PostAsync("/api/v1/compact", new StringContent("", null, "application/json"))) Assert.True(compacted.IsSuccessStatusCode);
        Assert.Equal([Export.Trace(2)], await server.SearchAsync(""));
        var problem = await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(1)}", System.Net.HttpStatusCode.NotFound);
        Assert.Contains("dropped by the rules in Settings (tail sampling, rest, svc)", problem.GetProperty("detail").GetString());
        Assert.Contains("not have arrived", (await server.GetProblemAsync($"/api/v1/traces/{Export.Trace(9)}", System.Net.HttpStatusCode.NotFound)).GetProperty("detail").GetString());
        // A late span of the kept trace is kept, and one of the dropped one is told of where nothing is left.
        await server.StoreAsync(Export.Json("svc", Span(1, 2), Span(2, 2)));
        using (var compacted = await server.Http.PostAsync("/api/v1/compact", new StringContent("", null, "application/json"))) Assert.True(compacted.IsSuccessStatusCode);
        Assert.Equal([Export.Trace(2)], await server.SearchAsync(""));
        Assert.Equal(2, (await server.GetAsync($"/api/v1/traces/{Export.Trace(2)}")).GetProperty("columns").GetProperty("spanId").GetArrayLength());
    }

    private static string Span(int trace, int span, long startMs = 0, long ms = 10, string more = "") => Export.Span(Export.Trace(trace), Export.Id(span), startMs: startMs, ms: ms, more: more);

    private TailSampler Sampler(string rules)
    {
        var problems = new List<RuleProblem>();
        using var document = JsonDocument.Parse(rules);
        var read = RulesReader.Read(document.RootElement, problems);
        Assert.Empty(problems);
        return new TailSampler((read ?? ProcessRules.None).Tail, new TailKnowledge(_time), _counters);
    }

    /// <summary>The spans as the head has them.</summary>
    private static SpanBatch Batch(string service, string[] spans)
    {
        var batch = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(Export.Protobuf(Export.Json(service, spans)), batch).Status);
        var table = new SpanTable();
        table.Add(batch);
        return table.Snapshot().Spans;
    }

    private static TailDecision Decide(TailSampler sampler, string service, string[] spans)
    {
        var batch = Batch(service, spans);
        return sampler.Decide(batch, [.. Enumerable.Range(0, batch.RowCount)]);
    }

    /// <summary>Traces of one span each, all observed before the first is decided.</summary>
    private static TailDecision[] Observed(TailSampler sampler, string[] spans)
    {
        var batch = Batch("a", spans);
        for (var row = 0; row < batch.RowCount; row++) sampler.Observe(batch, [row]);
        return [.. Enumerable.Range(0, batch.RowCount).Select(row => sampler.Decide(batch, [row]))];
    }
}
