using System.Globalization;
using System.Text.Json;

namespace Throughline.Server.Process;

/// <summary>Reads the rules from JSON and checks them as a whole: what is not known, out of its bounds, or contradicts something else is told with its place. Stateless.</summary>
public static class RulesReader
{
    /// <summary>Services with rules of their own.</summary>
    internal const int MaxServices = 1_000;

    /// <summary>Rules of one kind.</summary>
    internal const int MaxRules = 100;

    private const int MaxValues = 100;

    /// <summary>The rules; null when there are problems.</summary>
    public static ProcessRules? Read(JsonElement element, List<RuleProblem> problems)
    {
        var before = problems.Count;
        var root = new RuleObject(element, "", problems);
        var rules = new ProcessRules
        {
            Sampling = Sampling(root.Object("sampling")),
            Tail = Tail(root.Object("tail")),
            Redaction = [.. root.Objects("redaction", MaxRules).Select(Redaction)],
            Limits = Limits(root.Object("limits")),
        };
        root.End();
        Distinct(root, "redaction", rules.Redaction.Select(static r => r.Name));
        Contradictions(root, rules.Redaction);
        return problems.Count == before ? rules : null;
    }

    private static SamplingRules Sampling(RuleObject? sampling)
    {
        if (sampling is null) return new SamplingRules();
        var standard = Keep(sampling);
        var services = new List<ServiceRule>();
        foreach (var item in sampling.Objects("services", MaxServices))
        {
            var name = item.Text("service");
            if (name is null && item.IsObject && !item.TryGet("service", out _)) item.Problem("service", "Name the service: its service.name.");
            var keep = Keep(item);
            item.End();
            if (name is not null && services.FindIndex(s => s.Service == name) is >= 0 and var first)
                item.Problem("service", $"The service {name} has a rule already, at {sampling.PathOf($"services[{first}]")}.");
            services.Add(new ServiceRule(name ?? "", keep));
        }
        sampling.End();
        return new SamplingRules { Default = standard, Services = services };
    }

    private static ServiceRate Keep(RuleObject item)
    {
        var rate = item.Rate("rate", 1);
        var limit = item.Number("tracesPerSecond", 0, 1_000_000, "A number of traces a second");
        if (rate == 0 && limit is not null) item.Problem("tracesPerSecond", "At a rate of 0 nothing is kept, so that nothing is left to limit: leave this out, or set a rate.");
        var remote = item.Flag("remote", false);
        if (remote && limit is not null && rate < 1) item.Problem("tracesPerSecond", "Senders that sample by themselves are told a share or a number of traces a second, not both: leave one of them out.");
        return new ServiceRate(rate, limit, remote);
    }

    private static TailRules Tail(RuleObject? tail)
    {
        if (tail is null) return new TailRules();
        var rules = tail.Objects("rules", MaxRules).Select(item => (Item: item, Rule: TailRule(item))).ToList();
        var read = new TailRules
        {
            Enabled = tail.Flag("enabled", false),
            QuietSeconds = tail.Number("quietSeconds", 0, 300, "A number of seconds") ?? 10,
            Rate = tail.Rate("rate", 1),
            Rules = [.. rules.Select(static r => r.Rule)],
        };
        tail.End();
        Distinct(tail, "rules", read.Rules.Select(static r => r.Name));
        for (var i = 0; i < rules.Count; i++)
        {
            for (var before = 0; before < i; before++)
            {
                if (!Covers(rules[before].Rule, rules[i].Rule)) continue;
                rules[i].Item.Problem("kind", $"This rule never decides: '{rules[before].Rule.Name}' ({rules[before].Item.Path}) stands before it and fits every trace that this one fits. Take one away, or put this one first.");
                break;
            }
        }
        return read;
    }

    private static TailRule TailRule(RuleObject item)
    {
        var kind = item.Text("kind");
        var found = TailKinds.TryParse(kind, out var parsed);
        if (!found && item.IsObject && (kind is not null || !item.TryGet("kind", out _))) item.Problem("kind", $"A kind of rule is one of {string.Join(", ", TailKinds.Names)}{(kind is null ? "" : $", not '{kind}'")}.");
        var (name, service, rate) = (item.Text("name"), item.Text("service"), item.Rate("rate", 1));
        // Every field is asked for, so that a field of another kind is told from one that nobody knows.
        var milliseconds = item.Number("milliseconds", 0, 86_400_000, "A number of milliseconds");
        var percentile = item.Number("percentile", 0, 99.99, "A percentile");
        var perHour = item.Number("perHour", 0, 1_000_000, "A number of traces an hour");
        var (key, values) = (item.Text("key"), item.Texts("values", MaxValues));
        item.End();
        if (found)
        {
            Belongs(item, "milliseconds", parsed == TailRuleKind.Slow, kind);
            Belongs(item, "percentile", parsed == TailRuleKind.Slowest, kind);
            Belongs(item, "perHour", parsed == TailRuleKind.Rare, kind);
            Belongs(item, "key", parsed == TailRuleKind.Attribute, kind);
            if (parsed != TailRuleKind.Attribute && item.TryGet("values", out _)) item.Problem("values", $"A rule of kind {kind} has no values.");
        }
        return new TailRule(name ?? kind ?? "", parsed, service, milliseconds ?? percentile ?? perHour ?? 0, key, values, rate);
    }

    private static void Belongs(RuleObject item, string field, bool isNeeded, string? kind)
    {
        var isThere = item.TryGet(field, out _);
        if (isThere && !isNeeded) item.Problem(field, $"A rule of kind {kind} has no {field}.");
        else if (!isThere && isNeeded) item.Problem(field, $"A rule of kind {kind} needs {field}.");
    }

    /// <summary>Whether every trace that the second rule fits was decided by the first.</summary>
    private static bool Covers(TailRule first, TailRule second)
    {
        if (first.Kind != second.Kind || (first.Service is not null && first.Service != second.Service)) return false;
        return first.Kind switch
        {
            TailRuleKind.Errors => true,
            TailRuleKind.Slow or TailRuleKind.Slowest => first.Number <= second.Number,
            TailRuleKind.Rare => first.Number >= second.Number,
            _ => first.Key is not null && first.Key == second.Key && (first.Values.Count == 0 || (second.Values.Count > 0 && second.Values.All(first.Values.Contains))),
        };
    }

    private static RedactionRule Redaction(RuleObject item)
    {
        var (name, key, pattern, action) = (item.Text("name"), item.Text("key"), item.Text("pattern"), item.Text("action"));
        var isKnown = RedactionActions.TryParse(action, out var parsed);
        if (!isKnown && item.IsObject && (action is not null || !item.TryGet("action", out _)))
            item.Problem("action", $"An action is one of {string.Join(", ", RedactionActions.Names)}{(action is null ? "" : $", not '{action}'")}.");
        if (item.IsObject && !item.TryGet("key", out _) && !item.TryGet("pattern", out _)) item.Problem("key", "Say what is redacted: by the key of attributes, by a pattern of the text, or both.");
        if (key is not null && key.All(static c => c == '*')) item.Problem("key", "This names every attribute: give more than *.");
        if (string.Equals(key, "service.name", StringComparison.OrdinalIgnoreCase)) item.Problem("key", "The service's name cannot be redacted: everything is found by it.");
        if (pattern is not null && TextPattern.Problem(pattern) is { } wrong) item.Problem("pattern", wrong);
        item.End();
        return new RedactionRule(name ?? string.Join(' ', new[] { key, pattern }.OfType<string>()), key, pattern, parsed);
    }

    private static void Contradictions(RuleObject root, IReadOnlyList<RedactionRule> rules)
    {
        for (var i = 0; i < rules.Count; i++)
        {
            for (var before = 0; before < i; before++)
            {
                if (!string.Equals(rules[before].Key, rules[i].Key, StringComparison.OrdinalIgnoreCase) || rules[before].Pattern != rules[i].Pattern) continue;
                root.Problem($"redaction[{i}]", $"This rule means the same values as redaction[{before}]{(rules[before].Action == rules[i].Action ? "" : " and does something else with them")}: take one away.");
                break;
            }
        }
    }

    private static SpanLimits Limits(RuleObject? limits)
    {
        if (limits is null) return new SpanLimits();
        var read = new SpanLimits
        {
            Attributes = limits.Whole("attributes", 1, 1_000_000, "A number of attributes"),
            ValueBytes = limits.Whole("valueBytes", 16, 1 << 30, "A number of bytes"),
            SpansPerTrace = limits.Whole("spansPerTrace", 1, 1_000_000_000, "A number of spans"),
        };
        limits.End();
        return read;
    }

    private static void Distinct(RuleObject owner, string field, IEnumerable<string> names)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var place = 0;
        foreach (var name in names)
        {
            if (name.Length > 0 && !places.TryAdd(name, place))
                owner.Problem(string.Create(CultureInfo.InvariantCulture, $"{field}[{place}].name"), $"'{name}' is the name of {field}[{places[name]}] too, and counts are kept by name: give this rule another.");
            place++;
        }
    }
}
