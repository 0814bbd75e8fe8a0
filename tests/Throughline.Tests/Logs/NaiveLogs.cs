using System.Globalization;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Query;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>Answers plans from plain records: whole lists, one condition at a time, as <see cref="LogPlan"/> says it.</summary>
internal static class NaiveLogs
{
    public static List<StoredLog> Search(LogPlan plan, IEnumerable<StoredLog> logs)
    {
        var found = logs.Where(l => Holds(plan, l)).OrderBy(l => l.At).ThenBy(l => l.Sequence).ToList();
        if (plan.Descending) found.Reverse();
        return found;
    }

    public static bool Holds(LogPlan plan, StoredLog stored)
    {
        var log = stored.Log;
        if (plan.Trace is { } trace && log.TraceId != trace) return false;
        if (plan.Span is { } span && log.SpanId != span.Value) return false;
        if (plan.HasTrace is { } has && (log.TraceId != default) != has) return false;
        if (plan.Services.Count > 0 && !plan.Services.Contains(log.Resource.Service)) return false;
        if (plan.Scopes.Count > 0 && !plan.Scopes.Contains(log.Scope.Name)) return false;
        if (plan.EventNames.Count > 0 && !plan.EventNames.Contains(log.EventName)) return false;
        if (stored.At < plan.FromUnixNano || stored.At >= plan.ToUnixNano) return false;
        if (plan.MinimumSeverity > 0 && (log.Severity is < 1 or > 24 || log.Severity < plan.MinimumSeverity)) return false;
        if (plan.Levels.Count > 0 && !plan.Levels.Contains(Level(log.Severity))) return false;
        if (stored.Sequence <= plan.ArrivedAfter) return false;
        return plan.Texts.All(t => Texts(log).Any(text => text.Contains(t, StringComparison.OrdinalIgnoreCase))) && plan.Attributes.All(c => Holds(c, log));
    }

    private static IEnumerable<string> Texts(PlainLog log) => [log.Text, log.EventName, .. log.Attributes.Where(a => a.Value.Type == AttributeType.String).Select(a => a.Value.Text)];

    // Conditions mean what they mean on spans.
    private static bool Holds(LogCondition condition, PlainLog log) => NaiveEvaluator.Holds(new SpanPredicate.Attribute(condition.Scope, condition.Key, condition.Operator, condition.Literal),
        new PlainSpan { TraceId = default, SpanId = 0, Attributes = log.Attributes, Resource = log.Resource });

    public static LogLevel Level(int severity) => severity switch
    {
        >= 1 and <= 4 => LogLevel.Trace,
        >= 5 and <= 8 => LogLevel.Debug,
        >= 9 and <= 12 => LogLevel.Info,
        >= 13 and <= 16 => LogLevel.Warn,
        >= 17 and <= 20 => LogLevel.Error,
        >= 21 and <= 24 => LogLevel.Fatal,
        _ => LogLevel.Unset,
    };

    /// <summary>The values that a record has under a key.</summary>
    public static IEnumerable<string> Values(PlainLog log, string key) => key switch
    {
        "service" => [log.Resource.Service],
        "level" => [Level(log.Severity).ToString().ToLowerInvariant()],
        "severity" => log.SeverityText == "" ? [] : [log.SeverityText],
        "scope" => log.Scope.Name == "" ? [] : [log.Scope.Name],
        "event" => log.EventName == "" ? [] : [log.EventName],
        _ when key.StartsWith("log.", StringComparison.Ordinal) => Values(log.Attributes, key[4..]),
        _ when key.StartsWith("resource.", StringComparison.Ordinal) => Values(log.Resource.Attributes, key[9..]),
        _ => Values([.. log.Attributes, .. log.Resource.Attributes], key),
    };

    private static IEnumerable<string> Values(PlainAttribute[] attributes, string key) => attributes.Where(a => a.Key == key).Select(a => a.Value.Type switch
    {
        AttributeType.String => a.Value.Text,
        AttributeType.Int => a.Value.Number.ToString(CultureInfo.InvariantCulture),
        AttributeType.Double => BitConverter.Int64BitsToDouble(a.Value.Number).ToString("R", CultureInfo.InvariantCulture),
        AttributeType.Bool => a.Value.Number != 0 ? "true" : "false",
        _ => null,
    }).OfType<string>().Distinct();
}
