using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Free text is found in dictionaries that the cache holds, and in those that it has no room for and are looked at in passing.</summary>
public sealed class FreeTextTests
{
    private const int Spans = 900;

    [Theory]
    [InlineData(0)]
    [InlineData(20_000)]
    [InlineData(1 << 20)]
    public void FindsTheSameWhateverTheCacheHolds(long cacheBytes)
    {
        var random = new Random(11);
        PlainSpan[] spans = [.. Enumerable.Range(1, Spans).Select(i => Span(i, random))];
        using var segments = new SegmentsUnderTest([.. spans.Chunk(Spans / 3)], cacheBytes);
        foreach (var text in new[] { "value 17", "VALUE 17", "alue 171", "éclair", "ECLAIR", "-4", "0f", "value", "nothing of this", "item 5", "k" })
        {
            var expected = spans.Count(s => TextsOf(s).Any(t => t.Contains(text, StringComparison.OrdinalIgnoreCase)));
            // Asked twice: what the first time has left in the cache must not change the answer.
            for (var time = 0; time < 2; time++)
            {
                var (result, unreadable) = new SearchExecution(new SearchPlan { Span = new SpanPredicate.FreeText(text), Limit = 5 }, segments.View(TraceVisibility.Everything), SegmentsUnderTest.Bounds()).Run(1, new QueryWorkers(0));
                Assert.Empty(unreadable);
                Assert.Equal((text, expected), (text, (int)result.Total.Value));
            }
        }
    }

    private static PlainSpan Span(int i, Random random) => new()
    {
        TraceId = new(1, (ulong)i),
        SpanId = 1,
        Start = SpanGen.Base + (ulong)i,
        Name = $"name {i % 7}",
        Attributes =
        [
            new("plain", PlainValue.Of($"value {i} of many {new string('z', 300)}")),
            new("packed", PlainValue.Of(new Guid(random.Next(), 1, 2, [1, 2, 3, 4, 5, 6, 7, (byte)i]).ToString())),
            new("mixed", PlainValue.Of(i % 3 == 0 ? $"Éclair {i}" : $"bun {i}")),
            new("list", PlainValue.Array(PlainValue.Of($"item {i % 11}"))),
        ],
    };

    private static IEnumerable<string> TextsOf(PlainSpan span) =>
        [span.Name, span.Resource.Service, .. span.Resource.Attributes.Select(a => a.Value.Text), .. span.Attributes.Take(3).Select(a => a.Value.Text), .. span.Attributes[3].Value.Items.Select(v => v.Text)];
}
