namespace Throughline.Engine.Query.Plan;

/// <summary>
/// What a filter text asks for: a condition on one span and conditions on its trace (docs/api.md, "Filter text"). Immutable.
/// </summary>
/// <param name="Span">All conditions on the span together; null when there are none.</param>
/// <param name="Trace">The conditions on the trace; all hold.</param>
public sealed record FilterText(SpanPredicate? Span, IReadOnlyList<TraceCondition> Trace)
{
    /// <summary>Characters that a filter text may have.</summary>
    public const int MaxLength = 8192;

    /// <summary>Terms that a filter text may have.</summary>
    public const int MaxTerms = 64;

    /// <summary>The condition that a span has a status by its name (unset, ok, error); "error" has the meaning of <c>error=true</c>. Null when there is no such status.</summary>
    public static SpanPredicate? StatusByName(string name) => FilterTextFields.StatusByName(name);

    /// <summary>Reads a filter text. False when it cannot be understood; <paramref name="error"/> then says what and where.</summary>
    public static bool TryParse(string text, out FilterText filter, out FilterTextError error)
    {
        filter = new FilterText(null, []);
        error = default;
        if (text.Length > MaxLength)
        {
            error = new FilterTextError(MaxLength, $"The filter text has {text.Length} characters; at most {MaxLength} are taken.");
            return false;
        }

        var spans = new List<SpanPredicate>();
        var traces = new List<TraceCondition>();
        var alternatives = new Dictionary<string, int>(StringComparer.Ordinal);
        var terms = 0;
        var reader = new FilterTextReader(text);
        while (reader.Next(out var term, out error))
        {
            if (terms++ == MaxTerms)
            {
                error = new FilterTextError(term.Position, $"The filter text has more than {MaxTerms} terms.");
                return false;
            }
            var before = spans.Count;
            if (!FilterTextFields.TryCompile(term, spans, traces, out error)) return false;
            if (term.Operator == AttributeOperator.Equal && spans.Count > before) JoinAlternatives(FilterTextFields.NameOf(term.Key), alternatives, spans);
        }
        if (error.Message is not null) return false;

        filter = new FilterText(
            spans.Count switch { 0 => null, 1 => spans[0], _ => new SpanPredicate.And(spans) },
            traces);
        return true;
    }

    /// <summary>A span has one service, and mostly one value of a key: several values that a key is to equal are alternatives.</summary>
    private static void JoinAlternatives(string key, Dictionary<string, int> alternatives, List<SpanPredicate> spans)
    {
        if (alternatives.TryAdd(key, spans.Count - 1)) return;
        var (first, added) = (alternatives[key], spans[^1]);
        spans[first] = new SpanPredicate.Or(spans[first] is SpanPredicate.Or or ? [.. or.Terms, added] : [spans[first], added]);
        spans.RemoveAt(spans.Count - 1);
    }
}

/// <summary>What is wrong with a filter text: a sentence, and the offset in characters that it is about.</summary>
public readonly record struct FilterTextError(int Position, string Message);
