using System.Text.Json;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Server.Api;

/// <summary>The server's OpenAPI document, and answers held against it. Every keyword that it does not know is an error, so that none is passed over.</summary>
internal sealed class OpenApi(JsonElement document)
{
    private static readonly HashSet<string> Descriptive = ["description", "examples", "default", "contentEncoding"];

    internal JsonElement Document => document;

    /// <summary>The schema of an operation's answer.</summary>
    internal JsonElement Answer(string path, int status)
    {
        var response = document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("responses").GetProperty(status.ToString());
        var content = response.TryGetProperty("$ref", out var reference) ? Resolve(reference.GetString() ?? "") : response;
        return content.GetProperty("content").EnumerateObject().Single().Value.GetProperty("schema");
    }

    /// <summary>What of the value is not as the schema says; empty when all is.</summary>
    internal IReadOnlyList<string> Problems(JsonElement value, JsonElement schema)
    {
        var problems = new List<string>();
        Check(value, schema, "$", problems);
        return problems;
    }

    private void Check(JsonElement value, JsonElement schema, string at, List<string> problems)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var rule = keyword.Value;
            switch (keyword.Name)
            {
                case "$ref": Check(value, Resolve(rule.GetString() ?? ""), at, problems); break;
                case "type": if (!IsType(value, rule)) problems.Add($"{at}: {value.ValueKind} is not {rule}"); break;
                case "properties": CheckMembers(value, rule, at, problems); break;
                case "required":
                    foreach (var name in rule.EnumerateArray())
                    {
                        if (value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(name.GetString() ?? "", out _)) problems.Add($"{at}: '{name}' is missing");
                    }
                    break;
                case "additionalProperties":
                    if (value.ValueKind != JsonValueKind.Object || rule.ValueKind != JsonValueKind.False) break;
                    foreach (var member in value.EnumerateObject())
                    {
                        if (!schema.GetProperty("properties").TryGetProperty(member.Name, out _)) problems.Add($"{at}: '{member.Name}' is not described");
                    }
                    break;
                case "items":
                    if (value.ValueKind != JsonValueKind.Array) break;
                    foreach (var (item, i) in value.EnumerateArray().Select((v, i) => (v, i))) Check(item, rule, $"{at}[{i}]", problems);
                    break;
                case "oneOf":
                    var fitting = rule.EnumerateArray().Count(s => Problems(value, s).Count == 0);
                    if (fitting != 1) problems.Add($"{at}: fits {fitting} of oneOf");
                    break;
                case "enum": if (!rule.EnumerateArray().Any(e => JsonElement.DeepEquals(e, value))) problems.Add($"{at}: {value} is not one of {rule}"); break;
                case "const": if (!JsonElement.DeepEquals(rule, value)) problems.Add($"{at}: {value} is not {rule}"); break;
                case "pattern": if (value.ValueKind == JsonValueKind.String && !Regex.IsMatch(value.GetString() ?? "", rule.GetString() ?? "")) problems.Add($"{at}: {value} is not like {rule}"); break;
                case "minimum": if (value.ValueKind == JsonValueKind.Number && value.GetDouble() < rule.GetDouble()) problems.Add($"{at}: {value} < {rule}"); break;
                case "maximum": if (value.ValueKind == JsonValueKind.Number && value.GetDouble() > rule.GetDouble()) problems.Add($"{at}: {value} > {rule}"); break;
                case "minItems": if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() < rule.GetInt32()) problems.Add($"{at}: fewer than {rule}"); break;
                case "maxLength": if (value.ValueKind == JsonValueKind.String && (value.GetString() ?? "").Length > rule.GetInt32()) problems.Add($"{at}: longer than {rule}"); break;
                default:
                    if (!Descriptive.Contains(keyword.Name)) throw new NotSupportedException($"The schema keyword '{keyword.Name}' is not checked.");
                    break;
            }
        }
    }

    private void CheckMembers(JsonElement value, JsonElement properties, string at, List<string> problems)
    {
        if (value.ValueKind != JsonValueKind.Object) return;
        foreach (var property in properties.EnumerateObject())
        {
            if (value.TryGetProperty(property.Name, out var member)) Check(member, property.Value, $"{at}.{property.Name}", problems);
        }
    }

    private static bool IsType(JsonElement value, JsonElement type) => type.ValueKind == JsonValueKind.Array
        ? type.EnumerateArray().Any(t => IsType(value, t))
        : type.GetString() switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "null" => value.ValueKind == JsonValueKind.Null,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && !value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E'),
            var other => throw new NotSupportedException($"The type '{other}' is not checked."),
        };

    private JsonElement Resolve(string reference)
    {
        var at = document;
        foreach (var step in reference.Split('/').Skip(1)) at = at.GetProperty(step);
        return at;
    }
}
