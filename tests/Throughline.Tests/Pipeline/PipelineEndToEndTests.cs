using System.Globalization;
using System.Text.Json;

namespace Throughline.Tests.Pipeline;

/// <summary>Runs alone: four services and a server share the machine's cores with it.</summary>
[CollectionDefinition(nameof(PipelineEndToEndTests), DisableParallelization = true)]
public sealed class PipelineEndToEndCollection : ICollectionFixture<PipelineRun>;

/// <summary>
/// After the real pipeline ran, the real server is asked for the seed's span tree. What stands between parent and child of that tree
/// are the client spans of the calls.
/// </summary>
[Collection(nameof(PipelineEndToEndTests))]
public sealed class PipelineEndToEndTests(PipelineRun run)
{
    private const string Backend = "hsi-backend", Yolo26 = "hsi-yolo26", Nemotron = "hsi-nemotron";

    [Fact]
    public async Task EveryImageHasATraceOfItsOwnThatBeginsWithItsUpload()
    {
        var traces = await run.TracesAsync("Process Detection");

        Assert.Equal(PipelineRun.Images, traces.Count);
        foreach (var trace in traces)
        {
            var root = Assert.Single(trace.Spans, span => span.Parent < 0);
            Assert.Equal((Backend, "Process Detection", StoredSpan.Server), (root.Service, root.Name, root.Kind));
            Assert.Equal(0, trace.Summary.GetProperty("orphans").GetInt32());
            Assert.Equal(0, trace.Summary.GetProperty("errors").GetInt32());
            Assert.Equal("Process Detection", trace.Summary.GetProperty("root").GetProperty("name").GetString());
            var attributes = await run.AttributesAsync(trace, root);
            Assert.Equal("/api/cameras/{camera}/images", attributes["http.route"].GetString());
            Assert.Contains(attributes["camera.name"].GetString(), new[] { "front_door", "driveway" });
        }
    }

    [Fact]
    public async Task SeedsTreeOfDetectionIsInEveryTrace()
    {
        foreach (var trace in await run.TracesAsync("Process Detection"))
        {
            var root = trace.Only(Backend, "Process Detection");
            AssertUnder(trace, root, Backend, "receive_image", StoredSpan.Internal);
            var detect = AssertUnder(trace, root, Yolo26, "detect_objects", StoredSpan.Server);
            foreach (var step in new[] { "preprocess", "inference", "postprocess" }) AssertUnder(trace, detect, Yolo26, step, StoredSpan.Internal);
            AssertUnder(trace, root, Backend, "batch_detection", StoredSpan.Internal);

            var wait = AssertUnder(trace, root, Backend, "batch_wait", StoredSpan.Internal);
            Assert.Equal("batch_window", wait.Wait);
            Assert.True(wait.DurationNano >= PipelineRun.IdleSeconds * 1e9, $"No batch is closed before {PipelineRun.IdleSeconds} s without an image:\n{trace}");
            Assert.True(long.Parse(trace.Summary.GetProperty("waitingNano").GetString() ?? "", CultureInfo.InvariantCulture) >= wait.DurationNano,
                "The store has to count the batch's wait as waiting.");
        }
    }

    [Fact]
    public async Task SeedsTreeOfAnalysisIsInTheCarriersTrace()
    {
        var carriers = await run.TracesAsync("save_event");

        Assert.NotEmpty(carriers);
        foreach (var trace in carriers)
        {
            var root = trace.Only(Backend, "Process Detection");
            var analyze = AssertUnder(trace, root, Nemotron, "analyze_batch", StoredSpan.Server);
            AssertUnder(trace, analyze, Nemotron, "build_prompt", StoredSpan.Internal);
            var inference = trace.Only(Nemotron, "llm_inference");
            Assert.Equal(analyze.Row, inference.Parent);
            AssertUnder(trace, analyze, Nemotron, "parse_response", StoredSpan.Internal);
            var save = AssertUnder(trace, root, Backend, "save_event", StoredSpan.Internal);
            Assert.All(trace.Spans.Where(span => span.Name == "db_query"), query =>
                Assert.Equal((Backend, StoredSpan.Client, save.Row), (query.Service, query.Kind, query.Parent)));
            Assert.Contains(trace.Spans, span => span.Name == "db_query");
        }
    }

    [Fact]
    public async Task ContextCrossesEveryHopThroughAnHttpRequest()
    {
        foreach (var trace in await run.TracesAsync("save_event"))
            foreach (var (service, name) in new[] { (Yolo26, "detect_objects"), (Nemotron, "analyze_batch") })
            {
                var server = trace.Only(service, name, StoredSpan.Server);
                var request = trace.Spans[server.Parent];
                Assert.Equal((Backend, "http_request", StoredSpan.Client), (request.Service, request.Name, request.Kind));
                var call = trace.Spans[request.Parent];
                Assert.Equal((Backend, name, StoredSpan.Client), (call.Service, call.Name, call.Kind));
                var attributes = await run.AttributesAsync(trace, request);
                Assert.Equal((service, "0"), (attributes["peer.service"].GetString(), attributes["retry.attempt"].GetString()));
            }
    }

    [Fact]
    public async Task AnalysisIsLinkedToEveryMemberAndTheyToIt()
    {
        var carriers = await run.TracesAsync("save_event");
        var waiting = (await run.TracesAsync("await_analysis")).ToDictionary(trace => trace.Id);
        var members = 0;
        foreach (var carrier in carriers)
        {
            var caller = carrier.Only(Backend, "analyze_batch");
            var detail = await run.DetailAsync(carrier, caller);
            var links = detail.GetProperty("links").EnumerateArray().ToList();
            var batch = await run.AttributesAsync(carrier, caller);
            Assert.Equal(batch["batch.size"].GetString(), links.Count.ToString(CultureInfo.InvariantCulture));
            Assert.Equal("idle", batch["batch.close_reason"].GetString());
            Assert.Contains(links, link => link.GetProperty("traceId").GetString() == carrier.Id);
            members += links.Count;
            foreach (var link in links)
            {
                Assert.Contains(link.GetProperty("attributes").EnumerateArray(), entry => entry.GetProperty("key").GetString() == "pipeline.wait_ms");
                var id = link.GetProperty("traceId").GetString() ?? "";
                var member = id == carrier.Id ? carrier : waiting[id];
                Assert.Equal(member.Only(Backend, "batch_wait").SpanId, link.GetProperty("spanId").GetString());
                if (member == carrier) continue;
                var wait = member.Only(Backend, "await_analysis");
                Assert.Equal("analysis", wait.Wait);
                Assert.Equal((carrier.Id, caller.SpanId), Assert.Single(member.Links.Where(back => back.Row == wait.Row).Select(back => (back.TraceId, back.SpanId))));
                Assert.Null(member.Find(Nemotron, "analyze_batch"));
            }
        }
        Assert.Equal(PipelineRun.Images, members);
    }

    [Fact]
    public async Task InferenceSaysWhichModelsRanAndWhatTheyDid()
    {
        foreach (var trace in await run.TracesAsync("save_event"))
        {
            var inference = await run.AttributesAsync(trace, trace.Only(Yolo26, "inference"));
            Assert.Equal(("mb3-centernet", "cpu"), (inference["model.name"].GetString(), inference["ai.inference.device"].GetString()));
            var detect = await run.AttributesAsync(trace, trace.Only(Yolo26, "detect_objects"));
            Assert.True(int.Parse(detect["detection.count"].GetString() ?? "", CultureInfo.InvariantCulture) > 0);
            Assert.Contains("person", detect["detection.classes"].EnumerateArray().Select(entry => entry.GetProperty("value").GetString()));

            var span = trace.Only(Nemotron, "llm_inference");
            var llm = await run.AttributesAsync(trace, span);
            Assert.Equal("rule-analyst-1", llm["gen_ai.request.model"].GetString());
            Assert.True(int.Parse(llm["gen_ai.usage.input_tokens"].GetString() ?? "", CultureInfo.InvariantCulture) > 0);
            var tokens = int.Parse(llm["gen_ai.usage.output_tokens"].GetString() ?? "", CultureInfo.InvariantCulture);
            // It is paced at 120 tokens a second, and a pause is never shorter than asked.
            Assert.True(span.DurationNano >= tokens / 120.0 * 1e9, $"{tokens} tokens in {span.DurationNano} ns");
        }
    }

    [Fact]
    public async Task EventsCarryTheTracesThatTheServerHas()
    {
        var events = run.Events;
        var carriers = await run.TracesAsync("save_event");

        Assert.Equal(carriers.Select(trace => trace.Id).Order(), events.Select(saved => saved.GetProperty("traceId").GetString()).Order());
        var images = events.SelectMany(saved => saved.GetProperty("images").EnumerateArray()).Select(image => image.GetProperty("traceId").GetString());
        Assert.Equal((await run.TracesAsync("Process Detection")).Select(trace => trace.Id).Order(), images.Order());
        foreach (var trace in carriers)
        {
            var saved = Assert.Single(events, saved => saved.GetProperty("traceId").GetString() == trace.Id);
            var attributes = await run.AttributesAsync(trace, trace.Only(Backend, "save_event"));
            Assert.Equal(saved.GetProperty("id").GetInt64().ToString(CultureInfo.InvariantCulture), attributes["event.id"].GetString());
            Assert.False(saved.GetProperty("fallback").GetBoolean());
        }
    }

    [Fact]
    public async Task EachServiceGoesByItsOwnNameAndTheCamerasAreUntraced()
    {
        var services = (await run.GetAsync("/api/v1/services")).GetProperty("services").EnumerateArray().Select(service => service.GetProperty("name").GetString());
        Assert.Equal([Backend, Nemotron, Yolo26], services.Order());
    }

    [Fact]
    public void ServicesEndWithoutAnErrorWhenTheyAreToldTo() => Assert.Equal([0, 0, 0, 0], run.ExitCodes);

    private static StoredSpan AssertUnder(StoredTrace trace, StoredSpan parent, string service, string name, int kind)
    {
        var span = trace.Find(service, name, kind);
        Assert.True(span is not null, $"There is no {name} of {service} (kind {kind}) in:\n{trace}");
        Assert.True(trace.SeedParent(span) == parent, $"{name} of {service} is not under {parent.Name} in:\n{trace}");
        Assert.True(span.StartNano >= parent.StartNano, $"{name} of {service} begins before {parent.Name} in:\n{trace}");
        return span;
    }
}
