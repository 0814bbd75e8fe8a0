using System.Text.Json;

namespace Throughline.Server.Process;

/// <summary>Writes rules as <see cref="RulesReader"/> reads them, with every field. Stateless.</summary>
public static class RulesWriter
{
    /// <summary>Writes the rules as an object.</summary>
    public static void Write(Utf8JsonWriter json, ProcessRules rules)
    {
        json.WriteStartObject();
        json.WriteStartObject("sampling"u8);
        Keep(json, rules.Sampling.Default);
        json.WriteStartArray("services"u8);
        foreach (var rule in rules.Sampling.Services)
        {
            json.WriteStartObject();
            json.WriteString("service"u8, rule.Service);
            Keep(json, rule.Keep);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        Tail(json, rules.Tail);
        json.WriteStartArray("redaction"u8);
        foreach (var rule in rules.Redaction)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, rule.Name);
            json.WriteString("key"u8, rule.Key);
            json.WriteString("pattern"u8, rule.Pattern);
            json.WriteString("action"u8, RedactionActions.Name(rule.Action));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("limits"u8);
        Number(json, "attributes", rules.Limits.Attributes);
        Number(json, "valueBytes", rules.Limits.ValueBytes);
        Number(json, "spansPerTrace", rules.Limits.SpansPerTrace);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Tail(Utf8JsonWriter json, TailRules tail)
    {
        json.WriteStartObject("tail"u8);
        json.WriteBoolean("enabled"u8, tail.Enabled);
        json.WriteNumber("quietSeconds"u8, tail.QuietSeconds);
        json.WriteNumber("rate"u8, tail.Rate);
        json.WriteStartArray("rules"u8);
        foreach (var rule in tail.Rules)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, rule.Name);
            json.WriteString("kind"u8, TailKinds.Name(rule.Kind));
            json.WriteString("service"u8, rule.Service);
            if (rule.Kind == TailRuleKind.Slow) json.WriteNumber("milliseconds"u8, rule.Number);
            else if (rule.Kind == TailRuleKind.Slowest) json.WriteNumber("percentile"u8, rule.Number);
            else if (rule.Kind == TailRuleKind.Rare) json.WriteNumber("perHour"u8, rule.Number);
            else if (rule.Kind == TailRuleKind.Attribute) Attribute(json, rule);
            json.WriteNumber("rate"u8, rule.Rate);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Attribute(Utf8JsonWriter json, TailRule rule)
    {
        json.WriteString("key"u8, rule.Key);
        json.WriteStartArray("values"u8);
        foreach (var value in rule.Values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void Keep(Utf8JsonWriter json, ServiceRate keep)
    {
        json.WriteNumber("rate"u8, keep.Rate);
        Number(json, "tracesPerSecond", keep.TracesPerSecond);
        json.WriteBoolean("remote"u8, keep.IsRemote);
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    private static void Number(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
