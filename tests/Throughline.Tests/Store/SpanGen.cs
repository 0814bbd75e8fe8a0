using CsCheck;
using Throughline.Engine.Model;

namespace Throughline.Tests.Store;

/// <summary>Random spans from small alphabets, so that ids are shared, parents are found, missing or form cycles, and equal texts meet in many places.</summary>
internal static class SpanGen
{
    public const ulong Base = 1_795_219_200_000_000_000;

    public static readonly string[] Services = ["shop", "Cart", "кафе", ""];
    public static readonly string[] Names = ["GET /", "get", "pay", "", "straße İ"];
    public static readonly string[] Messages = ["", "", "boom", "Timeout x"];
    public static readonly string[] Keys = ["a", "b", "a", "error", "error.type", "wait.kind", "host"];
    public static readonly string[] Texts = ["x", "X y", "true", "5", "-1", "1.5", "", "ÉCLAIR", "éclair", "9", "10", "NaN"];

    public static readonly Gen<TraceId> Trace = Gen.Frequency(
        (8, Gen.ULong[1, 6].Select(low => new TraceId(0, low))),
        (1, Gen.Const(new TraceId(ulong.MaxValue, ulong.MaxValue))),
        (1, Gen.Const(new TraceId(1, 1))));

    public static readonly Gen<ulong> Time = Gen.Frequency(
        (12, Gen.ULong[0, 20].Select(n => Base + (n * 10))),
        (1, Gen.OneOf(0ul, 1ul, 4_102_444_800_000_000_000ul, ulong.MaxValue, ulong.MaxValue - 1)));

    private static readonly Gen<PlainValue> Scalar = Gen.OneOf<PlainValue>(
        Gen.OneOf(Texts).Select(PlainValue.Of),
        Gen.OneOf(Texts).Select(PlainValue.Of),
        Gen.Bool.Select(PlainValue.Of),
        Gen.OneOf(5, -1, 0, 9, 10, long.MaxValue, long.MinValue).Select(PlainValue.Of),
        Gen.OneOf(5, 1.5, -0.0, 1e-7, 1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity).Select(PlainValue.Of),
        Gen.OneOf<byte[]>([], [1, 2, 255]).Select(PlainValue.Of),
        Gen.Const(PlainValue.Empty));

    public static readonly Gen<PlainValue> Value = Gen.Frequency(
        (8, Scalar),
        (2, Scalar.Array[0, 3].Select(items => PlainValue.Array(items))),
        (1, Scalar.Array[0, 2].Select(items => PlainValue.Array(PlainValue.Array(items), PlainValue.Of("x")))),
        (1, Scalar.Array[1, 2].Select(items => PlainValue.KvList([.. items.Select((_, i) => Keys[i])], items))));

    public static readonly Gen<PlainAttribute[]> Attributes = Gen.Select(Gen.OneOf(Keys), Value, (key, value) => new PlainAttribute(key, value)).Array[0, 4];

    private static readonly Gen<PlainEvent> Event = Gen.Select(Time, Gen.OneOf("exception", "tick", "X"), Gen.UInt[0, 1], Attributes, Gen.OneOf("", "", "IOError", "Boom"), (time, name, dropped, attributes, type) =>
        new PlainEvent(time, name, dropped, type == "" ? attributes : [.. attributes, new("exception.type", PlainValue.Of(type))]));

    private static readonly Gen<PlainLink> Link = Gen.Select(Trace, Gen.ULong[0, 3], Gen.OneOf("", "k=v"), Gen.OneOf(0u, 1u, uint.MaxValue), Attributes, (trace, span, state, flags, attributes) =>
        new PlainLink(trace, span, state, flags, flags & 3, attributes));

    private static readonly Gen<PlainResource> Resource = Gen.Select(Gen.OneOf(Services), Gen.OneOf("", "", "n1"), Gen.UInt[0, 1], Gen.OneOf("", "url"), (service, host, dropped, url) =>
    {
        var attributes = new List<PlainAttribute>();
        if (host != "") attributes.Add(new("host", PlainValue.Of(host)));
        if (service != "" || dropped == 1) attributes.Add(new("service.name", PlainValue.Of(service)));
        return new PlainResource([.. attributes], dropped, url);
    });

    private static readonly Gen<PlainScope> Scope = Gen.Select(Gen.OneOf("", "lib"), Gen.OneOf("", "1.0"), Attributes, Gen.Int[0, 5], (name, version, attributes, plain) =>
        plain > 0 ? new PlainScope(name, version, "", 0, []) : new PlainScope(name, version, "s", 7, attributes));

    private static readonly Gen<PlainSpan> Core = Gen.Select(Trace, Gen.ULong[1, 6], Gen.ULong[0, 7], Time, Gen.Int[-2, 8], Gen.OneOf(Names), Gen.OneOf(0, 1, 2, 2, 3, 5, 77),
        (trace, id, parent, start, length, name, kind) => new PlainSpan
        {
            TraceId = trace,
            SpanId = id,
            ParentSpanId = parent == 7 ? ulong.MaxValue : parent,
            Start = start,
            End = unchecked(start + ((ulong)(long)length * 10)),
            Name = name,
            Kind = kind,
        });

    public static readonly Gen<PlainSpan> Span = Gen.Select(Core, Attributes, Event.Array[0, 2], Link.Array[0, 1], Resource, Scope, Gen.OneOf(Messages), Gen.Int[0, 9],
        (core, attributes, events, links, resource, scope, message, odd) => core with
        {
            Attributes = attributes,
            Events = events,
            Links = links,
            Resource = resource,
            Scope = scope,
            StatusMessage = message,
            Status = odd < 7 ? odd % 3 : 0,
            TraceState = odd == 8 ? "a=1,b=2" : "",
            Flags = odd > 6 ? uint.MaxValue : 257,
            DroppedAttributes = odd == 9 ? 1u : 0,
            DroppedEvents = odd == 9 ? 2u : 0,
            DroppedLinks = odd == 9 ? uint.MaxValue : 0,
        });

    /// <summary>What happens to a store.</summary>
    public static readonly Gen<StoreStep[]> Steps = Gen.Frequency(
        (6, Span.Array[1, 12].Select(StoreStep (spans) => new StoreStep.Append(spans))),
        (2, Gen.Const<StoreStep>(new StoreStep.Flush())),
        (1, Gen.Const<StoreStep>(new StoreStep.Reopen())),
        (1, Gen.Int[0, 100].Select(StoreStep (n) => new StoreStep.Retry(n))),
        (1, Gen.Int[0, 100].Select(StoreStep (n) => new StoreStep.Repeat(n)))).Array[1, 10];
}

/// <summary>One thing that happens to a store under test. Numbers choose among the requests so far.</summary>
internal abstract record StoreStep
{
    public abstract Task RunAsync(StoreUnderTest store);

    internal sealed record Append(PlainSpan[] Spans) : StoreStep
    {
        public override Task RunAsync(StoreUnderTest store) => store.AppendAsync(Spans);

        public override string ToString() => $"append:\n  {string.Join("\n  ", (object[])Spans)}\n";
    }

    internal sealed record Flush : StoreStep
    {
        public override Task RunAsync(StoreUnderTest store) => store.FlushAsync();
    }

    internal sealed record Reopen : StoreStep
    {
        public override Task RunAsync(StoreUnderTest store) => store.ReopenAsync();
    }

    internal sealed record Retry(int Request) : StoreStep
    {
        public override Task RunAsync(StoreUnderTest store) => store.RequestCount == 0 ? Task.CompletedTask : store.RetryAsync(Request % store.RequestCount);
    }

    internal sealed record Repeat(int Request) : StoreStep
    {
        public override Task RunAsync(StoreUnderTest store) => store.RequestCount == 0 ? Task.CompletedTask : store.RepeatAsync(Request % store.RequestCount);
    }
}
