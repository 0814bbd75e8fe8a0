using System.Globalization;
using Throughline.Engine.Profiles.Decode;

namespace Throughline.Server.Receive;

/// <summary>What a request with a profile says beside its body, read from its address. Immutable.</summary>
/// <param name="Type">The type of profile that the name ends with, where it is one that Pyroscope's libraries append; else null.</param>
internal sealed record ProfileRequest(string Service, IReadOnlyList<KeyValuePair<string, string>> Labels, string? Type, ulong? FromUnixNano, ulong? UntilUnixNano)
{
    private const int MaxNameLength = 1024;

    /// <summary>Types of profiles that Pyroscope's libraries append to the application's name.</summary>
    private static readonly HashSet<string> s_types = new(StringComparer.Ordinal)
    {
        "cpu", "wall", "itimer", "alloc_objects", "alloc_space", "inuse_objects", "inuse_space", "goroutines", "mutex_count", "mutex_duration", "block_count", "block_duration",
        "lock_count", "lock_duration", "alloc_in_new_tlab_objects", "alloc_in_new_tlab_bytes", "alloc_outside_tlab_objects", "alloc_outside_tlab_bytes", "exceptions", "live",
    };

    /// <summary>The origin of a profile that came now.</summary>
    public ProfileOrigin Origin(ulong nowUnixNano) => new(Service, Labels, FromUnixNano, UntilUnixNano, nowUnixNano);

    /// <summary>Ours: service, from and until in Unix nanoseconds, label=key:value.</summary>
    public static ProfileRequest? ReadOwn(IQueryCollection query, ProfileLimits limits, out string problem)
    {
        foreach (var key in query.Keys)
        {
            if (key is "service" or "from" or "until" or "label") continue;
            problem = $"There is no parameter '{key}'; there are service, from, until, label.";
            return null;
        }
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in query["label"])
        {
            var colon = label?.IndexOf(':', StringComparison.Ordinal) ?? -1;
            if (label is null || colon <= 0)
            {
                problem = $"A label is KEY:VALUE, such as region:eu, not '{label}'.";
                return null;
            }
            labels[label[..colon]] = label[(colon + 1)..];
        }
        if (!TryTime(query, "from", out var from, out problem) || !TryTime(query, "until", out var until, out problem)) return null;
        return Checked(query["service"].ToString(), labels, null, from, until, limits, out problem);
    }

    /// <summary>Pyroscope's /ingest: name=service{key=value,...}, from and until in seconds (or finer, told by their size).</summary>
    public static ProfileRequest? ReadIngest(IQueryCollection query, ProfileLimits limits, out string problem)
    {
        if (!TryName(query["name"].ToString(), out var name, out var labels, out problem)) return null;
        if (!TryTime(query, "from", out var from, out problem) || !TryTime(query, "until", out var until, out problem)) return null;
        var dot = name.LastIndexOf('.');
        var type = dot > 0 && s_types.Contains(name[(dot + 1)..]) ? name[(dot + 1)..] : null;
        return FromLabels(type is null ? name : name[..dot], labels, type, from, until, limits, out problem);
    }

    /// <summary>Labels of a series of Pyroscope's push API.</summary>
    public static ProfileRequest? ReadSeries(IReadOnlyList<KeyValuePair<string, string>> series, ProfileLimits limits, out string problem)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in series) labels[key] = value;
        return FromLabels("", labels, null, null, null, limits, out problem);
    }

    /// <summary>The label service_name is the service's name; names between underscores are the sender's own business.</summary>
    private static ProfileRequest? FromLabels(
        string name, SortedDictionary<string, string> labels, string? type, ulong? from, ulong? until, ProfileLimits limits, out string problem)
    {
        if (labels.Remove("service_name", out var service) && service.Length > 0) name = service;
        foreach (var key in labels.Keys.Where(static key => key.StartsWith("__", StringComparison.Ordinal)).ToArray()) labels.Remove(key);
        return Checked(name, labels, type, from, until, limits, out problem);
    }

    private static ProfileRequest? Checked(string service, SortedDictionary<string, string> labels, string? type, ulong? from, ulong? until, ProfileLimits limits, out string problem)
    {
        problem = service.Length == 0 ? "The profile has no service: say whose it is, as service=NAME, as name=NAME at /ingest, or as the label service_name."
            : service.Length > MaxNameLength ? $"The service's name has {service.Length} characters; at most {MaxNameLength} are taken."
            : labels.Count > limits.MaxLabels ? $"The profile has {labels.Count} labels; at most {limits.MaxLabels} are taken."
            : labels.FirstOrDefault(static l => l.Key.Length > MaxNameLength || l.Value.Length > MaxNameLength) is { Key: { } key } ? $"The label '{key[..Math.Min(key.Length, 60)]}' has more than {MaxNameLength} characters."
            : from > until ? "'until' is before 'from'."
            : "";
        return problem.Length == 0 ? new ProfileRequest(service, [.. labels], type, from, until) : null;
    }

    private static bool TryName(string text, out string name, out SortedDictionary<string, string> labels, out string problem)
    {
        labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var brace = text.IndexOf('{', StringComparison.Ordinal);
        name = (brace < 0 ? text : text[..brace]).Trim();
        problem = "";
        if (brace < 0) return true;
        if (!text.EndsWith('}'))
        {
            problem = $"'name' is NAME or NAME{{key=value,key=value}}, not '{text}'.";
            return false;
        }
        foreach (var label in text[(brace + 1)..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = label.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                problem = $"A label in 'name' is key=value, not '{label}'.";
                return false;
            }
            labels[label[..equals].Trim()] = label[(equals + 1)..].Trim().Trim('"');
        }
        return true;
    }

    /// <summary>Libraries send seconds, milliseconds, microseconds or nanoseconds; the size tells which.</summary>
    private static bool TryTime(IQueryCollection query, string name, out ulong? unixNano, out string problem)
    {
        (unixNano, problem) = (null, "");
        var text = query[name].ToString();
        if (text.Length == 0) return true;
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            problem = $"'{name}' is a Unix time in seconds, milliseconds, microseconds or nanoseconds, not '{text}'.";
            return false;
        }
        unixNano = value switch
        {
            < 100_000_000_000 => value * 1_000_000_000,
            < 100_000_000_000_000 => value * 1_000_000,
            < 100_000_000_000_000_000 => value * 1000,
            _ => value,
        };
        return true;
    }
}
