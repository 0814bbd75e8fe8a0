using CsCheck;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Whatever is sent, and wherever it lies: a shape says of every moment of a trace what a look at its spans says.</summary>
public sealed class ShapeTests
{
    private const string Seed = "0000a5eKx3f7";

    [Fact]
    public Task AShapeSaysOfEveryMomentWhatTheSpansSay() => SpanGen.Steps.SampleAsync(async steps =>
    {
        await using var store = await StoreUnderTest.OpenAsync();
        foreach (var step in steps) await step.RunAsync(store);
        var traces = store.Spans.GroupBy(s => s.TraceId).ToArray();
        var found = await store.Store.GetShapesAsync([.. traces.Select(t => t.Key), new TraceId(12, 34)], 1000, default);
        Assert.Null(found.Truncated);
        Assert.Equal(traces.Select(t => t.Key), found.Shapes.Select(s => s.TraceId));
        foreach (var (trace, shape) in traces.Zip(found.Shapes))
        {
            var view = await store.Store.GetTraceAsync(trace.Key, default);
            Assert.NotNull(view);
            Assert.NotNull(shape.Segments);
            Check(view, shape.Segments);
        }
    }, seed: Seed, iter: 200, print: s => string.Join("\n", (object[])s));

    [Fact]
    public async Task ATraceOfTooManySpansHasNoShape()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Many(10));
        Assert.NotNull((await store.Store.GetShapesAsync([new TraceId(0, 1)], 10, default)).Shapes.Single().Segments);
        var shape = (await store.Store.GetShapesAsync([new TraceId(0, 1)], 9, default)).Shapes.Single();
        Assert.Equal((10, null), (shape.Spans, shape.Segments));
    }

    [Fact]
    public async Task ManyShortPiecesAreJoinedAndTheWholeKeepsItsLength()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Many(1000));
        var segments = (await store.Store.GetShapesAsync([new TraceId(0, 1)], 1000, default)).Shapes.Single().Segments;
        Assert.NotNull(segments);
        Assert.InRange(segments.Count, 8, TraceShape.MaxSegments);
        var end = 0ul;
        foreach (var segment in segments)
        {
            Assert.Equal(end, segment.StartNano);
            end += segment.LengthNano;
        }
        Assert.Equal(1000ul * 20, end);
        Assert.Equal(["a", "b"], segments.Where(s => s.LengthNano > 1000).Select(s => s.Service).Distinct());
    }

    [Fact]
    public async Task SpansWithoutLengthAtTheEndsBelongToTheShape()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        PlainSpan At(ulong id, ulong start, ulong end) => new() { TraceId = new TraceId(0, 1), SpanId = id, Start = SpanGen.Base + start, End = SpanGen.Base + end, Resource = PlainResource.Of("a") };
        await store.AppendAsync(At(1, 0, 0), At(2, 30, 50), At(3, 70, 70));
        var segments = (await store.Store.GetShapesAsync([new TraceId(0, 1)], 10, default)).Shapes.Single().Segments;
        Assert.Equal([(0ul, 30ul, null), (30ul, 20ul, "a"), (50ul, 20ul, null)], segments?.Select(s => (s.StartNano, s.LengthNano, s.Service)));
    }

    /// <summary>Pieces of 20 ns of work, one after the other: a hundred of one service, among them ten of the other, then the other way round.</summary>
    private static PlainSpan[] Many(int spans) => [.. Enumerable.Range(0, spans).Select(i => new PlainSpan
    {
        TraceId = new TraceId(0, 1), SpanId = (ulong)i + 1, Start = SpanGen.Base + ((ulong)i * 20), End = SpanGen.Base + ((ulong)i * 20) + 20, Resource = PlainResource.Of((i / 100 % 2 == 0) ^ (i % 10 == 5) ? "a" : "b"),
    })];

    private static void Check(TraceView view, IReadOnlyList<ShapeSegment> segments)
    {
        var spans = view.Spans;
        ulong End(int row) => Math.Max(spans.StartUnixNano[row], spans.EndUnixNano[row]);
        ulong[] times = [.. Enumerable.Range(0, spans.RowCount).Where(r => End(r) > spans.StartUnixNano[r]).SelectMany(r => new[] { spans.StartUnixNano[r], End(r) }).Distinct().Order()];
        // A span without length goes on nowhere, but the trace lasts to it; a trace of such spans only has no shape.
        var (start, end) = (spans.StartUnixNano.Span[..spans.RowCount].ToArray().Min(), Enumerable.Range(0, spans.RowCount).Max(End));
        Assert.Equal(times.Length == 0 ? 0 : end - start, segments.Aggregate(0ul, (sum, s) => sum + s.LengthNano));
        if (times.Length > 0) times = [.. times.Append(start).Append(end).Distinct().Order()];
        // Joined pieces are looked at by their own test.
        if (times.Length > TraceShape.MaxSegments) return;
        for (var i = 0; i + 1 < times.Length; i++)
        {
            var running = Enumerable.Range(0, spans.RowCount).Where(r => spans.StartUnixNano[r] <= times[i] && End(r) >= times[i + 1]).ToArray();
            var innermost = running.Where(r => !running.Any(c => view.ParentRow[c] == r));
            var waits = new TraceAnalysis(spans);
            var row = innermost.OrderBy(r => waits.WaitKindOf(r) >= 0).ThenByDescending(r => spans.StartUnixNano[r]).ThenByDescending(r => spans.SpanId[r]).Cast<int?>().FirstOrDefault();
            var segment = segments.Single(s => times[0] + s.StartNano <= times[i] && times[0] + s.StartNano + s.LengthNano >= times[i + 1]);
            string? Text(int id) => id < 0 ? null : System.Text.Encoding.UTF8.GetString(spans.Strings[id]);
            var expected = row is { } r ? (Text(spans.Resources.Service[spans.Resource[r]]), Text(waits.WaitKindOf(r)), view.IsError[r]) : (null, null, false);
            // Spans that share their ids are told apart by nothing that a reader sees.
            if (row is { } chosen && innermost.Count(o => spans.SpanId[o] == spans.SpanId[chosen] && spans.StartUnixNano[o] == spans.StartUnixNano[chosen]) > 1) continue;
            Assert.Equal(expected, (segment.Service, segment.Wait, segment.IsError));
        }
    }
}
