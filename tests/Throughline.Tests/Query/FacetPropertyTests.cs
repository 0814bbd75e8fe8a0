using System.Globalization;
using CsCheck;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Whatever is sent, and wherever it lies: facets count just the traces that a search for their values would find, and keys are those that were sent.</summary>
public sealed class FacetPropertyTests
{
    private const string Seed = "0000c9eKx3f7";

    private static readonly string[] Fields = ["service", "service.name", "name", "operation", "kind", "status", "error", "status.message"];

    private static readonly Gen<FacetRequest> Request = Gen.Select(
        Gen.OneOf<string>([.. Fields, .. SpanGen.Keys, "span.host", "resource.host", "span.a", "resource.service.name", "zzz"]).Array[1, 4], Gen.OneOf(1, 3, 1000), Gen.Frequency((3, Gen.Const("")), (1, Gen.OneOf("x", "É", "5", "ok"))),
        (keys, values, contains) => new FacetRequest(keys, values, contains));

    [Fact]
    public Task FacetsEqualTheNaiveEvaluator() => Gen.Select(SpanGen.Steps, Gen.Select(PlanGen.Plan, Request).Array[10]).SampleAsync(async (steps, cases) =>
    {
        await using var store = await StoreUnderTest.OpenAsync();
        foreach (var step in steps) await step.RunAsync(store);
        NaiveTrace[] traces = [.. store.Spans.GroupBy(s => s.TraceId).Select(t => new NaiveTrace(t))];
        foreach (var (plan, request) in cases)
        {
            var expected = NaiveEvaluator.Search(plan, traces);
            var found = await store.Store.GetFacetsAsync(plan, request, default);
            Assert.Null(found.Truncated);
            Assert.Equal(new Total(expected.Count, true), found.Total);
            Assert.Equal(request.Keys, found.Keys.Select(k => k.Key));
            foreach (var facet in found.Keys) Check(plan, request, expected, facet);
            // What is remembered of the blocks says the same.
            var again = await store.Store.GetFacetsAsync(plan, request, default);
            foreach (var facet in again.Keys) Check(plan, request, expected, facet);
        }
    }, seed: Seed, iter: 300, print: c => string.Join("\n", (object[])c.Item1));

    [Fact]
    public Task KeysAreThoseThatWereSent() => SpanGen.Steps.SampleAsync(async steps =>
    {
        await using var store = await StoreUnderTest.OpenAsync();
        foreach (var step in steps) await step.RunAsync(store);
        var ofSpans = store.Stored.SelectMany(s => s.Attributes).GroupBy(a => a.Key)
            .Select(g => $"{g.Key} span {string.Join(",", g.Select(a => a.Value.Type).Distinct().Order())} {g.Count()}");
        var ofResources = store.Stored.SelectMany(s => s.Resource.Attributes).GroupBy(a => a.Key)
            .Select(g => $"{g.Key} resource {string.Join(",", g.Select(a => a.Value.Type).Distinct().Order())} ");
        var found = (await store.Store.GetKeysAsync(null, null, default)).Keys;
        Assert.Equal(ofSpans.Concat(ofResources).Order(StringComparer.Ordinal), found.Select(k => $"{k.Key} {(k.IsResource ? "resource" : "span")} {string.Join(",", k.Types)} {k.Values}").Order(StringComparer.Ordinal));
        Assert.Equal(found.Select(k => k.Key).Order(StringComparer.Ordinal), found.Select(k => k.Key));
    }, seed: Seed, iter: 200, print: steps => string.Join("\n", (object[])steps));

    private static void Check(SearchPlan plan, FacetRequest request, List<NaiveTrace> matches, Facet found)
    {
        var values = matches.SelectMany(t => t.Spans.Where(s => plan.Span is not { } span || NaiveEvaluator.Holds(span, s)).SelectMany(s => Values(found.Key, s)).Distinct())
            .Where(v => v.Contains(request.Contains, StringComparison.OrdinalIgnoreCase)).GroupBy(v => v, StringComparer.Ordinal)
            .Select(g => new FacetValue(g.Key, g.Count())).OrderByDescending(v => v.Traces).ThenBy(v => v.Text, StringComparer.Ordinal).ToList();
        Assert.Equal(new Total(values.Count, true), found.Distinct);
        Assert.Equal(values.Take(request.Values), found.Values);
    }

    private static IEnumerable<string> Values(string key, PlainSpan span) => key switch
    {
        "service" or "service.name" => [span.Resource.Service],
        "name" or "operation" => [span.Name],
        "kind" => span.Kind is >= 0 and <= 5 ? [((SpanKind)span.Kind).ToString().ToLowerInvariant()] : [],
        "error" => [NaiveTrace.IsError(span) ? "true" : "false"],
        "status" => [.. NaiveTrace.IsError(span) ? (string[])["error"] : [], .. span.Status is 0 or 1 ? (string[])[span.Status == 0 ? "unset" : "ok"] : []],
        "status.message" => span.StatusMessage == "" ? [] : [span.StatusMessage],
        _ when key.StartsWith("span.", StringComparison.Ordinal) => Texts(span.Attributes, key["span.".Length..]),
        _ when key.StartsWith("resource.", StringComparison.Ordinal) => Texts(span.Resource.Attributes, key["resource.".Length..]),
        _ => Texts([.. span.Attributes, .. span.Resource.Attributes], key),
    };

    private static IEnumerable<string> Texts(PlainAttribute[] attributes, string key) => attributes.Where(a => a.Key == key).Select(a => a.Value.Type switch
    {
        AttributeType.String => a.Value.Text,
        AttributeType.Bool => a.Value.Number == 1 ? "true" : "false",
        AttributeType.Int => a.Value.Number.ToString(CultureInfo.InvariantCulture),
        AttributeType.Double => BitConverter.Int64BitsToDouble(a.Value.Number).ToString("R", CultureInfo.InvariantCulture),
        _ => null,
    }).OfType<string>();
}
