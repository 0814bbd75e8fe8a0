// A trace store in a program of your own: docs/library.md tells the rest.
using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

await using var store = await TraceStore.OpenAsync(args[0]);

var trace = new TraceId(0x0af7651916cd43dd, 0x8448eb211c80319c);
var start = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
var spans = new SpanBatchBuilder()
    .Resource("detector", ("host.name", "edge-7"))
    .Span(trace, new SpanId(1), default, "POST /frames", start, TimeSpan.FromMilliseconds(120), SpanKind.Server).Attribute("camera.name", "gate").Attribute("frames", 32)
    .Span(trace, new SpanId(2), new SpanId(1), "infer", start.AddMilliseconds(5), TimeSpan.FromMilliseconds(90)).Status(SpanStatusCode.Error, "out of memory");
var appended = await store.AppendAsync(spans.Build());
Console.WriteLine($"append: {appended.Status}");

var found = await store.SearchAsync(SearchPlan.Parse("camera.name=gate duration>=100ms") with { Limit = 20 }, default);
foreach (var line in found.Traces) Console.WriteLine($"found: {line.TraceId} {line.First.Service} {line.First.Name}, {line.Spans} spans, {line.Errors} errors");

var view = await store.GetTraceAsync(trace, default) ?? throw new InvalidOperationException("The trace is gone.");
for (var row = 0; row < view.Spans.RowCount; row++)
    Console.WriteLine($"span: {view.Spans.Text(view.Spans.Name[row])}, {view.Spans.DurationNano(row) / 1_000_000} ms, parent at {view.ParentRow[row]}");
