using System.Globalization;
using System.Text.Json;

namespace Throughline.Server.Process;

/// <summary>One JSON object of the rules while it is read: each field is asked for once, and what nobody asked for is a mistake. Problems are collected, so that all are told at once. Not thread safe.</summary>
internal sealed class RuleObject
{
    /// <summary>Characters of a text in the rules.</summary>
    private const int MaxText = 1_000;

    private readonly List<string> _known = [];
    private readonly JsonElement _element;
    private readonly List<RuleProblem> _problems;

    internal RuleObject(JsonElement element, string path, List<RuleProblem> problems)
    {
        _element = element;
        Path = path;
        _problems = problems;
        IsObject = element.ValueKind == JsonValueKind.Object;
        if (!IsObject) problems.Add(new RuleProblem(path, $"This is an object in braces, not {Word(element)}."));
    }

    internal string Path { get; }

    internal bool IsObject { get; }

    internal string PathOf(string field) => Path.Length == 0 ? field : $"{Path}.{field}";

    internal void Problem(string field, string message) => _problems.Add(new RuleProblem(PathOf(field), message));

    /// <summary>True when the field is there and not null.</summary>
    internal bool TryGet(string field, out JsonElement value)
    {
        value = default;
        if (!_known.Contains(field)) _known.Add(field);
        return IsObject && _element.TryGetProperty(field, out value) && value.ValueKind != JsonValueKind.Null;
    }

    internal RuleObject? Object(string field) => TryGet(field, out var value) ? new RuleObject(value, PathOf(field), _problems) : null;

    internal List<RuleObject> Objects(string field, int most)
    {
        var items = new List<RuleObject>();
        if (!TryGet(field, out var value)) return items;
        if (!IsList(field, value, most)) return items;
        foreach (var item in value.EnumerateArray()) items.Add(new RuleObject(item, $"{PathOf(field)}[{items.Count}]", _problems));
        return items;
    }

    internal List<string> Texts(string field, int most)
    {
        var texts = new List<string>();
        if (!TryGet(field, out var value) || !IsList(field, value, most)) return texts;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String && item.GetString() is { Length: <= MaxText } text) texts.Add(text);
            else Problem($"{field}[{texts.Count}]", $"This is a text of at most {MaxText} characters, not {Word(item)}.");
        }
        return texts;
    }

    private bool IsList(string field, JsonElement value, int most)
    {
        if (value.ValueKind != JsonValueKind.Array) Problem(field, $"This is a list in brackets, not {Word(value)}.");
        else if (value.GetArrayLength() > most) Problem(field, $"There are {value.GetArrayLength()} of them; at most {most} are taken.");
        else return true;
        return false;
    }

    internal bool Flag(string field, bool standard)
    {
        if (!TryGet(field, out var value)) return standard;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Problem(field, $"This is true or false, not {Word(value)}.");
        return standard;
    }

    internal string? Text(string field)
    {
        if (!TryGet(field, out var value)) return null;
        if (value.ValueKind != JsonValueKind.String) Problem(field, $"This is a text, not {Word(value)}.");
        else if (value.GetString() is not { Length: > 0 and <= MaxText } text) Problem(field, $"This is a text of 1 to {MaxText} characters.");
        else return text;
        return null;
    }

    /// <summary>A share from 0 to 1.</summary>
    internal double Rate(string field, double standard)
    {
        if (!TryGet(field, out var value)) return standard;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var rate))
        {
            if (rate is >= 0 and <= 1) return rate;
            Problem(field, string.Create(CultureInfo.InvariantCulture, $"A rate is a share from 0 (nothing) to 1 (all), not {rate:0.######}, which is {rate * 100:0.####} %."));
        }
        else
        {
            Problem(field, $"A rate is a number from 0 (nothing) to 1 (all), not {Word(value)}.");
        }
        return standard;
    }

    /// <summary>A number above <paramref name="over"/>, or null.</summary>
    internal double? Number(string field, double over, double most, string what)
    {
        if (!TryGet(field, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > over && number <= most) return number;
        Problem(field, string.Create(CultureInfo.InvariantCulture, $"{what} above {over:0.####} and at most {most:0.####}, not {Word(value)}."));
        return null;
    }

    /// <summary>A whole number, or null.</summary>
    internal int? Whole(string field, int least, int most, string what)
    {
        if (!TryGet(field, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most) return number;
        Problem(field, $"{what} from {least} to {most}, not {Word(value)}.");
        return null;
    }

    /// <summary>Says which fields nobody knows.</summary>
    internal void End()
    {
        if (!IsObject) return;
        foreach (var property in _element.EnumerateObject())
        {
            if (!_known.Contains(property.Name)) Problem(property.Name, $"There is no field of this name here; there are {string.Join(", ", _known)}.");
        }
    }

    private static string Word(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.Null => "null",
        // Whoever sends a page of text gets its beginning back.
        _ when value.GetRawText() is { Length: > 40 } text => text[..40] + "...",
        _ => value.GetRawText(),
    };
}
