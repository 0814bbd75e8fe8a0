using CsCheck;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>Random log records from small alphabets, so that times tie, ids are shared, and bodies are of few templates with all that may vary in them.</summary>
internal static class LogGen
{
    private static readonly string[] Words = ["alice", "Bob", "front_door", "", "K\u212Aelvin", "a=b", "ſtraße", "x" + new string('y', 200)];

    private static readonly Gen<string> Digits = Gen.OneOf("0", "7", "42", "007", "18446744073709551615", "123456789012345678", "1234567890123456789", "00", "10.0.3.17", "3.14", "0.05", "00.5", "1.", ".5", "1.2.3", "9999999999999999.99");

    private static readonly Gen<string> Ids = Gen.OneOf("deadbeef01", "DEADBEEF01", "DeadBeef01", "0123456789abcdef0123456789abcdef", "550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
        "aGVsbG8gd29ybGQxMjM0NQ", "camera12", "v1", "p95", "12ms", "2026-11-23T14:52:01.123Z", "550e8400-e29b-41d4-a716-44665544000g");

    /// <summary>Texts of bodies.</summary>
    public static readonly Gen<string> Body = Gen.Frequency(
        (4, Gen.Select(Gen.Int[0, 99], Digits, (n, d) => $"frame {n} took {d} ms")),
        (3, Gen.Select(Ids, Gen.OneOf(Words), (id, word) => $"request {id} user={word}, done")),
        (2, Gen.Select(Digits, Ids, (d, id) => $"level={d} id={id}")),
        (2, Gen.OneOf(Words)),
        (1, Gen.OneOf("heartbeat", "heartbeat", "Größe 5 überschritten", "\u0000\u0001 control 3", "=", "a=", "5", new string('z', 3000) + "42")),
        (1, Gen.Select(Gen.String[Gen.Char['\u0020', '\u00ff'], 0, 12], Gen.Int, (s, n) => $"{s}{n}{s}")));

    private static readonly Gen<PlainValue> BodyValue = Gen.Frequency(
        (12, Body.Select(PlainValue.Of)), (1, Gen.Const(PlainValue.Empty)), (1, Gen.OneOf(5L, -1L).Select(PlainValue.Of)), (1, Gen.Bool.Select(PlainValue.Of)));

    private static readonly Gen<TraceId> Trace = Gen.Frequency((3, SpanGen.Trace), (1, Gen.Const(default(TraceId))));

    private static readonly Gen<PlainAttribute[]> Attributes = Gen.Frequency(
        (6, SpanGen.Attributes), (4, Gen.Int[0, 999].Select(n => (PlainAttribute[])[new("id", PlainValue.Of($"req-{n:D4}:{n % 7}")), new("a", PlainValue.Of(n % 2 == 0 ? $"x{n}" : $"10.0.3.{n % 256}"))])), (1, Gen.Int[0, 40].Select(n => (PlainAttribute[])[new($"rare{n}", PlainValue.Of(n)), new("rare", PlainValue.Of($"t{n}")), new($"rare{n % 3}", PlainValue.Of("T1"))])));

    private static readonly Gen<PlainResource> Resource = Gen.Select(Gen.OneOf(SpanGen.Services), Gen.OneOf("", "", "n1"), Gen.UInt[0, 1], (service, host, dropped) =>
        new PlainResource([.. host == "" ? (PlainAttribute[])[] : [new("host", PlainValue.Of(host))], .. service == "" ? (PlainAttribute[])[] : [new("service.name", PlainValue.Of(service))]], dropped, ""));

    private static readonly Gen<PlainScope> Scope = Gen.OneOf("", "lib", "Lib").Select(name => new PlainScope(name, "", "", 0, name == "lib" ? [new("a", PlainValue.Of("x"))] : []));

    private static readonly Gen<PlainLog> Core = Gen.Select(Gen.Frequency((8, SpanGen.Time), (1, Gen.Const(0ul))), Gen.OneOf(0ul, 0ul, 5ul, SpanGen.Base + 3, SpanGen.Base + 70, ulong.MaxValue), Trace, Gen.ULong[0, 3],
        Gen.OneOf(0, 1, 5, 9, 9, 9, 13, 17, 17, 21, 24, 25, 99), Gen.OneOf("", "INFO", "info", "Error"), BodyValue,
        (time, observed, trace, span, severity, text, body) => new PlainLog { Time = time, Observed = observed, TraceId = trace, SpanId = span, Severity = severity, SeverityText = text, Body = body });

    /// <summary>Records.</summary>
    public static readonly Gen<PlainLog> Log = Gen.Select(Core, Attributes, Resource, Scope, Gen.OneOf("", "", "", "session.start", "X5"), Gen.Int[0, 9], (core, attributes, resource, scope, name, odd) =>
        core with { Attributes = attributes, Resource = resource, Scope = scope, EventName = name, Flags = odd == 9 ? uint.MaxValue : 1, Dropped = odd == 8 ? uint.MaxValue : 0 });

    private static readonly Gen<ulong?> Time = Gen.Frequency((2, Gen.Const((ulong?)null)), (3, SpanGen.Time.Select(t => (ulong?)t)));

    /// <summary>Texts that are looked for.</summary>
    public static readonly Gen<string> Needle = Gen.OneOf("frame", "FRAME 4", "took 0.05", "4", "42", "1234567890123456789", "beef", "0123456789abcdef0123456789abcdef", "e29b-41d4", "user=a", "=alice, d", "k", "K", "ss", "ß", "STRASSE",
        "z42", "", "heart", "ms", " ", "x", "T1", "éc", "5", "session", "yyy", "10.0.3.17", "01.123", "a=b", "level=007 id", "größe", "req-0", "EQ-00", "x9", "done", "alice,", "ice", "bob, d");

    private static readonly Gen<LogCondition> Condition = Gen.Select(Gen.Enum<AttributeScope>(), Gen.OneOf([.. SpanGen.Keys, "host", "service.name", "zzz", "rare", "rare1", "rare20", "id"]), Gen.Enum<AttributeOperator>(),
        Gen.Select(Gen.OneOf([.. SpanGen.Texts, "5.0", "1e-7", "0", "false", "t1", "n1", "zzz", "T1", "req-01", "req-0500:3", "x5"]), Gen.Int[0, 3], (text, quoted) => new AttributeLiteral(text, quoted == 0)),
        (scope, key, comparison, literal) => new LogCondition(scope, key, comparison, literal));

    private static readonly Gen<LogPlan> Fields = Gen.Select(Gen.Int[0, 11], Trace, Gen.ULong[0, 3], Gen.OneOf([.. SpanGen.Services, "unknown_service", "zzz"]).Array[1, 2], Gen.OneOf(0, 1, 9, 10, 17, 24, 25), Gen.Enum<LogLevel>().Array[1, 2],
        (which, trace, span, services, severity, levels) => which switch
        {
            0 => new LogPlan { Trace = trace },
            1 => new LogPlan { Trace = trace, Span = new SpanId(span) },
            2 => new LogPlan { Span = new SpanId(span) },
            3 => new LogPlan { HasTrace = span > 1 },
            4 => new LogPlan { Services = services },
            5 => new LogPlan { Services = services, MinimumSeverity = severity },
            6 => new LogPlan { MinimumSeverity = severity },
            7 => new LogPlan { Levels = levels },
            8 => new LogPlan { Scopes = ["lib"] },
            9 => new LogPlan { EventNames = ["X5", "zzz"] },
            _ => new LogPlan(),
        });

    /// <summary>Questions over the same alphabets.</summary>
    public static readonly Gen<LogPlan> Plan = Gen.Select(Fields, Time, Time, Needle.Array[0, 2], Condition.Array[0, 2], Gen.Bool, Gen.Int[0, 9], Gen.Enum<TotalWanted>(),
        (plan, from, to, needles, conditions, descending, odd, total) => plan with
        {
            FromUnixNano = odd < 6 ? from : null,
            ToUnixNano = odd < 6 ? to : null,
            Texts = odd is 1 or 2 or 7 ? needles : [],
            Attributes = odd is 3 or 4 or 8 ? conditions : [],
            ArrivedAfter = odd == 9 ? 7 : null,
            Descending = descending,
            Limit = 1 + odd * 2,
            Total = total,
        });

    /// <summary>A plan in one line.</summary>
    public static string Describe(LogPlan p) =>
        $"{p.Trace} {p.Span} trace {p.HasTrace} services {string.Join('|', p.Services)} scopes {string.Join('|', p.Scopes)} events {string.Join('|', p.EventNames)} [{p.FromUnixNano}, {p.ToUnixNano}) s>={p.MinimumSeverity} "
        + $"levels {string.Join('|', p.Levels)} texts {string.Join('|', p.Texts)} where {string.Join(" and ", p.Attributes)} after #{p.ArrivedAfter} {(p.Descending ? "newest" : "oldest")} {p.Limit} {p.Total}";

    /// <summary>What happens to a store.</summary>
    public static readonly Gen<LogStep[]> Steps = Gen.Frequency(
        (6, Log.Array[1, 30].Select(LogStep (logs) => new LogStep.Append(logs))),
        (2, Gen.Const<LogStep>(new LogStep.Flush())),
        (1, Gen.Const<LogStep>(new LogStep.Compact())),
        (1, Gen.Const<LogStep>(new LogStep.Reopen()))).Array[1, 9];
}

/// <summary>One thing that happens to a store under test.</summary>
internal abstract record LogStep
{
    public abstract Task RunAsync(LogStoreUnderTest store);

    internal sealed record Append(PlainLog[] Logs) : LogStep
    {
        public override Task RunAsync(LogStoreUnderTest store) => store.AppendAsync(Logs);

        public override string ToString() => $"append:\n  {string.Join("\n  ", (object[])Logs)}\n";
    }

    internal sealed record Flush : LogStep
    {
        public override Task RunAsync(LogStoreUnderTest store) => store.Store.FlushAsync(default);
    }

    internal sealed record Compact : LogStep
    {
        public override Task RunAsync(LogStoreUnderTest store) => store.Store.CompactAsync(default);
    }

    internal sealed record Reopen : LogStep
    {
        public override Task RunAsync(LogStoreUnderTest store) => store.ReopenAsync();
    }
}
