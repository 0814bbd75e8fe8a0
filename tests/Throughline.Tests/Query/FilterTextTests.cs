using System.Text.Json;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Architecture;

namespace Throughline.Tests.Query;

/// <summary>The filter text, held against cases/filter-text.json.</summary>
public sealed class FilterTextTests
{
    public static TheoryData<string> Texts => [.. Cases().Select(c => Member(c, "text") ?? "")];

    [Theory, MemberData(nameof(Texts))]
    public void MeansWhatTheTableSays(string text)
    {
        var expected = Cases().Single(c => Member(c, "text") == text);
        var understood = FilterText.TryParse(text, out var filter, out var error);
        if (Member(expected, "error") is { } part)
        {
            Assert.False(understood);
            Assert.Contains(part, error.Message);
            Assert.Equal(expected.GetProperty("position").GetInt32(), error.Position);
            return;
        }
        Assert.True(understood, error.Message);
        Assert.Equal(Member(expected, "span"), filter.Span is null ? "any" : Show(filter.Span));
        Assert.Equal(Member(expected, "trace") ?? "", string.Join("; ", filter.Trace.Select(t => $"{t.Field} {Bounds(t.Minimum, t.Maximum)}")));
    }

    [Fact]
    public void LimitsAreSaid()
    {
        Assert.True(FilterText.TryParse(string.Join(' ', Enumerable.Repeat("a=1", FilterText.MaxTerms)), out _, out _));
        Assert.False(FilterText.TryParse(string.Join(' ', Enumerable.Repeat("a=1", FilterText.MaxTerms + 1)), out _, out var terms));
        Assert.Contains("64 terms", terms.Message);
        Assert.False(FilterText.TryParse(new string('a', FilterText.MaxLength + 1), out _, out var length));
        Assert.Contains("8192", length.Message);
    }

    [Fact]
    public void AnyTextIsUnderstoodOrRefusedWithAPlaceInIt()
    {
        const string alphabet = "ab.=!<>~\"\\ 01smé";
        var random = new Random(20261123);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            if (FilterText.TryParse(text, out _, out var error)) continue;
            Assert.True(error.Message.Length > 0 && error.Position >= 0 && error.Position <= text.Length, text);
        }
    }

    private static IEnumerable<JsonElement> Cases() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(SourceTree.Tests, "cases/filter-text.json"))).RootElement.GetProperty("cases").EnumerateArray();

    private static string? Member(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string Bounds(ulong? minimum, ulong? maximum) => $"{minimum?.ToString() ?? "*"}..{maximum?.ToString() ?? "*"}";

    private static string Show(SpanPredicate predicate) => predicate switch
    {
        SpanPredicate.And and => $"({string.Join(" & ", and.Terms.Select(Show))})",
        SpanPredicate.Or or => $"({string.Join(" | ", or.Terms.Select(Show))})",
        SpanPredicate.Not not => $"not {Show(not.Term)}",
        SpanPredicate.DurationBetween d => $"duration {Bounds(d.Minimum, d.Maximum)}",
        SpanPredicate.TextIs t => $"{Show(t.Field)} is {string.Join("|", t.Texts)}",
        SpanPredicate.TextContains t => $"{Show(t.Field)} contains {t.Text}",
        SpanPredicate.StatusIs s => $"status is {string.Join("|", s.Codes)}",
        SpanPredicate.KindIs k => $"kind is {string.Join("|", k.Kinds)}",
        SpanPredicate.IsError => "error",
        SpanPredicate.FreeText f => $"free {f.Text}",
        SpanPredicate.Attribute a => $"{a.Scope.ToString().ToLowerInvariant()}.{a.Key} {Show(a.Operator)} {(a.Literal.IsString ? $"\"{a.Literal.Text}\"" : a.Literal.Text)}",
        _ => throw new InvalidOperationException($"A filter text never becomes {predicate}."),
    };

    private static string Show(SpanTextField field) => field switch { SpanTextField.Service => "service", SpanTextField.Name => "name", _ => "message" };

    private static string Show(AttributeOperator comparison) => comparison switch
    {
        AttributeOperator.Equal => "=",
        AttributeOperator.NotEqual => "!=",
        AttributeOperator.Greater => ">",
        AttributeOperator.GreaterOrEqual => ">=",
        AttributeOperator.Less => "<",
        AttributeOperator.LessOrEqual => "<=",
        AttributeOperator.Contains => "~",
        _ => throw new InvalidOperationException($"A filter text never compares by {comparison}."),
    };
}
