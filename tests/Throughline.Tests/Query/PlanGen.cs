using CsCheck;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Random plans over the alphabets of <see cref="SpanGen"/>.</summary>
internal static class PlanGen
{
    private static readonly Gen<ulong?> Time = Gen.Frequency((1, Gen.Const((ulong?)null)), (3, SpanGen.Time.Select(t => (ulong?)t)));

    private static readonly Gen<ulong?> Length = Gen.OneOf<ulong?>(null, 0, 10, 30, 80, ulong.MaxValue);

    private static readonly Gen<string> Part = Gen.OneOf("x", "X", "e", "É", "éc", "5", "o", "GET", "unknown", "ß", "boom", "tick", "zzz", "", "а", "i");

    private static readonly Gen<AttributeLiteral> Literal = Gen.Select(
        Gen.OneOf<string>(Gen.OneOf(SpanGen.Texts), Gen.OneOf("5.0", "1e-7", "1E300", "0", "-0", "false", "Infinity", "-Infinity", "9223372036854775807", "9223372036854775806.5", "1e999", "n1", "shop", "zzz")),
        Gen.Int[0, 3], (text, quoted) => new AttributeLiteral(text, quoted == 0));

    private static readonly Gen<SpanPredicate> Leaf = Gen.Frequency(
        (2, Gen.Select(Time, Time, SpanPredicate (from, to) => new SpanPredicate.StartsIn(from, to))),
        (1, Gen.Select(Length, Length, SpanPredicate (min, max) => new SpanPredicate.DurationBetween(min, max))),
        (1, Gen.OneOf([.. SpanGen.Services, "unknown_service", "zzz"]).Array[1, 2].Select(SpanPredicate (texts) => new SpanPredicate.TextIs(SpanTextField.Service, texts))),
        (1, Gen.OneOf([.. SpanGen.Names, "zzz"]).Array[1, 2].Select(SpanPredicate (texts) => new SpanPredicate.TextIs(SpanTextField.Name, texts))),
        (1, Gen.OneOf(SpanGen.Messages).Array[1, 2].Select(SpanPredicate (texts) => new SpanPredicate.TextIs(SpanTextField.StatusMessage, texts))),
        (2, Gen.Select(Gen.Enum<SpanTextField>(), Part, SpanPredicate (field, text) => new SpanPredicate.TextContains(field, text))),
        (1, Gen.Enum<SpanStatusCode>().Array[1, 2].Select(SpanPredicate (codes) => new SpanPredicate.StatusIs(codes))),
        (1, Gen.Enum<SpanKind>().Array[1, 2].Select(SpanPredicate (kinds) => new SpanPredicate.KindIs(kinds))),
        (1, Gen.Const<SpanPredicate>(new SpanPredicate.IsError())),
        (1, SpanGen.Trace.Select(SpanPredicate (id) => new SpanPredicate.LinksTo(id))),
        (6, Gen.Select(Gen.Enum<AttributeScope>(), Gen.OneOf([.. SpanGen.Keys, "host", "service.name", "zzz"]), Gen.Enum<AttributeOperator>(), Literal,
            SpanPredicate (scope, key, comparison, literal) => new SpanPredicate.Attribute(scope, key, comparison, literal))),
        (2, Part.Select(SpanPredicate (text) => new SpanPredicate.FreeText(text))));

    private static readonly Gen<SpanPredicate> Branch = Combine(Leaf);

    public static readonly Gen<SpanPredicate> Predicate = Gen.Frequency((2, Leaf), (2, Branch), (1, Combine(Branch)));

    private static readonly Gen<TraceCondition> Condition = Gen.Select(Gen.Enum<TraceOrder>(), Gen.OneOf<ulong?>(null, 0, 1, 2, 30, SpanGen.Base, SpanGen.Base + 50), Gen.OneOf<ulong?>(null, 1, 3, 90, ulong.MaxValue, SpanGen.Base + 90),
        (field, min, max) => new TraceCondition(field, min, max));

    public static readonly Gen<SearchPlan> Plan = Gen.Select(Gen.Frequency((1, Gen.Const((SpanPredicate?)null)), (8, Predicate.Select(SpanPredicate? (p) => p))), Condition.Array[0, 2], Gen.Enum<TraceOrder>(), Gen.Bool, Gen.Int[1, 4], Gen.Int[0, 5],
        (span, conditions, order, descending, limit, sample) => new SearchPlan { Span = span, Trace = conditions.Length == 2 ? [] : conditions, Order = order, Descending = descending, Limit = limit, IsSample = sample == 0 });

    public static string Describe(SpanPredicate? predicate) => predicate switch
    {
        null => "any",
        SpanPredicate.And and => $"({string.Join(" and ", and.Terms.Select(Describe))})",
        SpanPredicate.Or or => $"({string.Join(" or ", or.Terms.Select(Describe))})",
        SpanPredicate.Not not => $"not {Describe(not.Term)}",
        SpanPredicate.TextIs text => $"{text.Field} is {string.Join("|", text.Texts.Select(t => $"'{t}'"))}",
        SpanPredicate.StatusIs status => $"status {string.Join("|", status.Codes)}",
        SpanPredicate.KindIs kind => $"kind {string.Join("|", kind.Kinds)}",
        _ => predicate.ToString(),
    };

    private static Gen<SpanPredicate> Combine(Gen<SpanPredicate> terms) => Gen.OneOf<SpanPredicate>(
        terms.Array[0, 3].Select(SpanPredicate (t) => new SpanPredicate.And(t)),
        terms.Array[0, 3].Select(SpanPredicate (t) => new SpanPredicate.Or(t)),
        terms.Select(SpanPredicate (t) => new SpanPredicate.Not(t)));
}
