using Throughline.Engine.Model;
using Throughline.Tests.Store;

namespace Throughline.Tests.Golden;

/// <summary>
/// The spans of the golden stores, always the same: every type of attribute, one key in several types and twice on one span, events, links, trace state, scopes and resources with
/// attributes, odd times, missing parents, traces over several requests, spans sent twice. They are sent in three parts: two become blocks, the last stays in the log.
/// </summary>
internal static class GoldenSpans
{
    private const int Seed = 694;
    private const ulong Base = 1_795_219_200_000_000_000;
    private const ulong Minute = 60_000_000_000;

    private static readonly string[] s_services = ["detector", "classifier", "кафе", ""];
    private static readonly string[] s_names = ["GET /frames", "detect", "", "straße İ", "batch 🎥"];

    /// <summary>The requests of each part, in the order in which they are sent.</summary>
    public static IReadOnlyList<IReadOnlyList<PlainSpan[]>> Parts()
    {
        var random = new Random(Seed);
        PlainSpan[][] first = [.. Enumerable.Range(0, 6).Select(i => Request(random, i, 20))];
        PlainSpan[][] second = [.. Enumerable.Range(0, 5).Select(i => Request(random, i + 4, 20))];
        PlainSpan[][] log = [.. Enumerable.Range(0, 4).Select(i => Request(random, i + 7, 20))];
        // Spans that were sent before, in a request of another digest: once within a part, once in a later one.
        return [[.. first, first[2][..7]], [.. second, first[0][3..9]], [.. log, second[1][..5]]];
    }

    /// <summary>What the store has to give back: every span once, one a line.</summary>
    public static IEnumerable<string> Listing() => Parts().SelectMany(p => p).SelectMany(r => r).Select(Line).Distinct().Order(StringComparer.Ordinal);

    /// <summary>A span as a line of the listing.</summary>
    public static string Line(PlainSpan span) => span.Content.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r");

    private static PlainSpan[] Request(Random random, int group, int count) => [.. Enumerable.Range(0, count).Select(i => Span(random, group, i))];

    private static PlainSpan Span(Random random, int group, int i)
    {
        // Two traces a group, of which the first goes on in the next group.
        var trace = new TraceId(0x0af7_6519_16cd_43dd, (ulong)(1 + group + random.Next(2)));
        var start = Base + (ulong)group * Minute + (ulong)random.Next(1_000_000_000);
        return new PlainSpan
        {
            TraceId = trace,
            SpanId = 1 + (ulong)random.NextInt64(long.MaxValue - 1),
            ParentSpanId = random.Next(3) == 0 ? 0 : (ulong)random.Next(1, 5),
            Start = OddTime(random) ?? start,
            End = OddTime(random) ?? start + (ulong)random.Next(500_000_000),
            Name = s_names[random.Next(s_names.Length)],
            Kind = random.Next(12) == 0 ? 77 : random.Next(6),
            Status = random.Next(3),
            StatusMessage = random.Next(4) == 0 ? "Timeout\nat line 2" : "",
            TraceState = random.Next(5) == 0 ? "vendor=1,other=x" : "",
            Flags = random.Next(2) == 0 ? 257 : uint.MaxValue,
            DroppedAttributes = random.Next(10) == 0 ? 3u : 0,
            DroppedEvents = random.Next(10) == 0 ? uint.MaxValue : 0,
            DroppedLinks = random.Next(10) == 0 ? 1u : 0,
            Attributes = Attributes(random, i),
            Events = [.. Enumerable.Range(0, random.Next(3)).Select(e => new PlainEvent(start + (ulong)e, e == 0 ? "exception" : "tick", (uint)e, Some(random, 2)))],
            Links = [.. Enumerable.Range(0, random.Next(2)).Select(_ => new PlainLink(new(9, (ulong)random.Next(1, 9)), (ulong)random.Next(0, 3), random.Next(2) == 0 ? "" : "k=v", 1, 2, Some(random, 1)))],
            Resource = Resource(random),
            Scope = random.Next(3) == 0 ? PlainScope.Empty : new PlainScope("lib", $"1.{random.Next(3)}", random.Next(2) == 0 ? "" : "https://schema.example/1", (uint)random.Next(2), Some(random, 2)),
        };
    }

    private static ulong? OddTime(Random random) => random.Next(60) switch { 0 => 0, 1 => 1, 2 => ulong.MaxValue, 3 => 4_102_444_800_000_000_000, _ => null };

    private static PlainResource Resource(Random random)
    {
        var service = s_services[random.Next(s_services.Length)];
        var host = new PlainAttribute("host.name", PlainValue.Of($"node-{random.Next(2)}"));
        return service == "" ? new([host], 1, "") : new([new("service.name", PlainValue.Of(service)), host], 0, "https://schema.example/resource");
    }

    private static PlainAttribute[] Attributes(Random random, int i)
    {
        PlainAttribute[] every =
        [
            new("batch.id", PlainValue.Of($"{random.Next():x8}-0000-4000-8000-{random.NextInt64(1L << 47):x12}")),
            new("frame", PlainValue.Of((long)i)),
        ];
        return [.. every, .. Some(random, 5)];
    }

    private static PlainAttribute[] Some(Random random, int most) =>
        [.. Enumerable.Range(0, random.Next(most + 1)).Select(_ => new PlainAttribute(random.Next(3) == 0 ? "any" : $"key.{random.Next(6)}", Value(random, 2)))];

    private static PlainValue Value(Random random, int depth) => random.Next(depth > 0 ? 17 : 14) switch
    {
        0 => PlainValue.Of("text"),
        1 => PlainValue.Of(""),
        2 => PlainValue.Of("кадр 🎞 \\ \"quoted\"\n"),
        3 => PlainValue.Of(new string('x', 300)),
        4 => PlainValue.Of(random.Next(2) == 0),
        5 => PlainValue.Of((long)random.Next(-1000, 1000)),
        6 => PlainValue.Of(random.Next(2) == 0 ? long.MinValue : long.MaxValue),
        7 => PlainValue.Of(random.Next(1000) / 8.0),
        8 => PlainValue.Of(random.Next(2) == 0 ? double.NaN : -0.0),
        9 => PlainValue.Of(random.Next(2) == 0 ? double.PositiveInfinity : double.Epsilon),
        10 => PlainValue.Of(0.1 * random.Next(100)),
        11 => PlainValue.Of(new byte[] { 0, 255, (byte)random.Next(256) }),
        12 => PlainValue.Of(Array.Empty<byte>()),
        13 => PlainValue.Empty,
        14 => PlainValue.Array(),
        15 => PlainValue.Array(Value(random, depth - 1), Value(random, depth - 1)),
        _ => PlainValue.KvList(["a", "b"], [Value(random, depth - 1), Value(random, depth - 1)]),
    };
}
