using System.Globalization;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Logs;

/// <summary>Reads the filter text of log searches (docs/api.md, "Filter text of logs"): the terms of the traces' filter text, with the fields that log records have. All terms hold on one record.</summary>
public static class LogFilterText
{
    private const string AttributePrefix = "log.";
    private const string ResourcePrefix = "resource.";

    private static readonly string[] Levels = [.. Enum.GetNames<LogLevel>().Select(static name => name.ToLowerInvariant())];

    /// <summary>The name of a level as texts have it: <c>warn</c>.</summary>
    public static string NameOf(LogLevel level) => Levels[(int)level];

    /// <summary>The level of a name; null when there is none.</summary>
    public static LogLevel? LevelOf(string name) => Array.IndexOf(Levels, name.ToLowerInvariant()) is >= 0 and var index ? (LogLevel)index : null;

    /// <summary>Adds what a text asks for to a plan. False when it cannot be understood; <paramref name="error"/> then says what and where.</summary>
    public static bool TryParse(string text, LogPlan basis, out LogPlan plan, out FilterTextError error)
    {
        plan = basis;
        error = default;
        if (text.Length > FilterText.MaxLength)
        {
            error = new FilterTextError(FilterText.MaxLength, $"The filter text has {text.Length} characters; at most {FilterText.MaxLength} are taken.");
            return false;
        }
        var terms = 0;
        var reader = new FilterTextReader(text);
        while (reader.Next(out var term, out error))
        {
            if (terms++ == FilterText.MaxTerms)
            {
                error = new FilterTextError(term.Position, $"The filter text has more than {FilterText.MaxTerms} terms.");
                return false;
            }
            if (!TryAdd(term, plan, out plan, out error)) return false;
        }
        return error.Message is null;
    }

    private static bool TryAdd(FilterTextTerm term, LogPlan plan, out LogPlan added, out FilterTextError error)
    {
        error = default;
        added = plan;
        if (term.Operator is not { } comparison)
        {
            added = plan with { Texts = [.. plan.Texts, term.Value] };
            return true;
        }
        var result = term.Key switch
        {
            "service" or "service.name" => Equal(term, comparison, plan with { Services = [.. plan.Services, term.Value] }),
            "scope" => Equal(term, comparison, plan with { Scopes = [.. plan.Scopes, term.Value] }),
            "event" => Equal(term, comparison, plan with { EventNames = [.. plan.EventNames, term.Value] }),
            "level" => Level(term, comparison, plan),
            "severity" => Severity(term, comparison, plan),
            "traced" => Traced(term, comparison, plan),
            "trace" => Trace(term, comparison, plan),
            "span" => Span(term, comparison, plan),
            _ => Attribute(term, comparison, plan),
        };
        (added, error) = (result.Plan ?? plan, result.Error);
        return result.Plan is not null;
    }

    private static Parsed Equal(FilterTextTerm term, AttributeOperator comparison, LogPlan plan) => comparison == AttributeOperator.Equal ? plan : Unfit(term, "=");

    private static Parsed Level(FilterTextTerm term, AttributeOperator comparison, LogPlan plan)
    {
        if (comparison is not (AttributeOperator.Equal or AttributeOperator.GreaterOrEqual)) return Unfit(term, "= and >=");
        if (LevelOf(term.Value) is not { } level) return new FilterTextError(term.ValuePosition, $"'level' is {string.Join(", ", Levels[..^1])} or {Levels[^1]}, not '{term.Value}'.");
        return comparison == AttributeOperator.Equal
            ? plan with { Levels = [.. plan.Levels, level] }
            : plan with { MinimumSeverity = Math.Max(plan.MinimumSeverity, LogSeverity.SmallestOf(level)) };
    }

    private static Parsed Severity(FilterTextTerm term, AttributeOperator comparison, LogPlan plan)
    {
        if (comparison != AttributeOperator.GreaterOrEqual) return Unfit(term, ">=");
        if (!int.TryParse(term.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > LogSeverity.Largest)
            return new FilterTextError(term.ValuePosition, $"'severity' is a number from 1 to {LogSeverity.Largest}, not '{term.Value}'; 'level>=warn' names it.");
        return plan with { MinimumSeverity = Math.Max(plan.MinimumSeverity, number) };
    }

    private static Parsed Traced(FilterTextTerm term, AttributeOperator comparison, LogPlan plan)
    {
        if (comparison != AttributeOperator.Equal) return Unfit(term, "=");
        return term.Value switch
        {
            "true" => plan with { HasTrace = true },
            "false" => plan with { HasTrace = false },
            _ => new FilterTextError(term.ValuePosition, $"'traced' is true or false, not '{term.Value}'."),
        };
    }

    private static Parsed Trace(FilterTextTerm term, AttributeOperator comparison, LogPlan plan)
    {
        if (comparison != AttributeOperator.Equal) return Unfit(term, "=");
        if (!TraceId.TryParse(term.Value, out var id) || !id.IsValid) return new FilterTextError(term.ValuePosition, $"A trace id is up to 32 hexadecimal digits and not zero, not '{term.Value}'.");
        return plan.Trace is { } other && other != id ? new FilterTextError(term.Position, "A record belongs to one trace; two are asked for.") : plan with { Trace = id };
    }

    private static Parsed Span(FilterTextTerm term, AttributeOperator comparison, LogPlan plan)
    {
        if (comparison != AttributeOperator.Equal) return Unfit(term, "=");
        if (!SpanId.TryParse(term.Value, out var id) || !id.IsValid) return new FilterTextError(term.ValuePosition, $"A span id is 16 hexadecimal digits and not zero, not '{term.Value}'.");
        return plan.Span is { } other && other != id ? new FilterTextError(term.Position, "A record belongs to one span; two are asked for.") : plan with { Span = id };
    }

    private static Parsed Attribute(FilterTextTerm term, AttributeOperator comparison, LogPlan plan)
    {
        var (scope, key) = term.Key switch
        {
            _ when term.Key.StartsWith(AttributePrefix, StringComparison.Ordinal) && term.Key.Length > AttributePrefix.Length => (AttributeScope.Span, term.Key[AttributePrefix.Length..]),
            _ when term.Key.StartsWith(ResourcePrefix, StringComparison.Ordinal) && term.Key.Length > ResourcePrefix.Length => (AttributeScope.Resource, term.Key[ResourcePrefix.Length..]),
            _ => (AttributeScope.Any, term.Key),
        };
        var literal = new AttributeLiteral(term.Value, term.IsQuoted);
        return plan with { Attributes = [.. plan.Attributes, new LogCondition(scope, key, comparison, literal)] };
    }

    private static FilterTextError Unfit(FilterTextTerm term, string fit) => new(term.Position, $"'{term.Key}' is compared by {fit}, not by '{term.OperatorText}'.");

    /// <summary>The plan with the term, or what is wrong with the term.</summary>
    private readonly record struct Parsed(LogPlan? Plan, FilterTextError Error)
    {
        public static implicit operator Parsed(LogPlan plan) => new(plan, default);

        public static implicit operator Parsed(FilterTextError error) => new(null, error);
    }
}
