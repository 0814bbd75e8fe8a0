using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Server.Api.Jaeger;

/// <summary>
/// Reads the parameters of Jaeger's first API, with its defaults and its words for what is wrong; parameters that Jaeger does not know are passed over, as it does. Each method throws a
/// <see cref="JaegerRequestException"/>.
/// </summary>
internal sealed class JaegerQuery(IQueryCollection query, TimeProvider time)
{
    /// <summary>Traces that one search answers; more are refused.</summary>
    internal const int MaxTraces = 1500;

    private const int StandardTraces = 100;
    private static readonly TimeSpan StandardLookback = TimeSpan.FromHours(48);

    /// <summary>The first value of a parameter; null when there is none.</summary>
    internal string? Text(string name) => query[name].FirstOrDefault(static v => !string.IsNullOrEmpty(v));

    /// <summary>Whether a parameter says yes.</summary>
    internal bool Flag(string name) => Text(name) is { } text && (text is "1" or "t" or "T" || text.Equals("true", StringComparison.OrdinalIgnoreCase)
        || (text is "0" or "f" or "F" || text.Equals("false", StringComparison.OrdinalIgnoreCase) ? false : throw Unreadable(name, $"strconv.ParseBool: parsing \"{text}\": invalid syntax")));

    /// <summary>A whole number that is not negative.</summary>
    internal long? Whole(string name)
    {
        if (Text(name) is not { } text) return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= 0
            ? value
            : throw Unreadable(name, $"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    /// <summary>
    /// A time in Unix nanoseconds. Jaeger means microseconds; some Grafanas send milliseconds, others seconds or nanoseconds: between 1973 and 5138 the number itself tells them apart.
    /// </summary>
    internal ulong? Time(string name) => Whole(name) is { } value ? NanoOf(value) : null;

    /// <summary>A duration in Go's form, in nanoseconds.</summary>
    internal ulong? Duration(string name)
    {
        if (Text(name) is not { } text) return null;
        return GoDuration.TryParse(text, out var nano, out var problem) ? nano : throw new JaegerRequestException(JaegerError.Bad($"cannot not parse {name}: {problem}"));
    }

    /// <summary>The traces that are asked for by their ids.</summary>
    internal IReadOnlyList<TraceId> TraceIds()
    {
        var ids = new List<TraceId>();
        foreach (var text in query["traceID"])
        {
            if (!string.IsNullOrEmpty(text) && Id(text) is var id && !ids.Contains(id)) ids.Add(id);
        }
        return ids.Count <= MaxTraces ? ids : throw new JaegerRequestException(JaegerError.Bad($"'traceID' is given {ids.Count} times; at most {MaxTraces} are taken"));
    }

    /// <summary>A trace id in hexadecimal digits, or its 16 bytes in base64.</summary>
    internal static TraceId Id(string text)
    {
        if (TraceId.TryParse(text, out var id) && id.IsValid) return id;
        Span<byte> bytes = stackalloc byte[18];
        if (Convert.TryFromBase64String(text, bytes, out var length) && length == 16 && TraceId.TryParse(Convert.ToHexString(bytes[..length]), out id) && id.IsValid) return id;
        throw new JaegerRequestException(JaegerError.Bad($"unable to parse param 'traceID': '{text}' is no trace id of up to 32 hexadecimal digits"));
    }

    /// <summary>The search that the parameters ask for: one span has to meet all of it.</summary>
    internal SearchPlan Search()
    {
        if (Text("service") is not { } service) throw new JaegerRequestException(JaegerError.Bad("parameter 'service' is required"));
        var conditions = new List<SpanPredicate>();
        var to = Time("end") ?? Now();
        var lookback = (ulong)StandardLookback.Ticks * 100;
        var from = Time("start") ?? (to > lookback ? to - lookback : 0);
        if (from > to) throw new JaegerRequestException(JaegerError.Bad("'start' should not be after 'end'"));
        conditions.Add(new SpanPredicate.StartsIn(from, to == ulong.MaxValue ? to : to + 1));
        conditions.Add(new SpanPredicate.TextIs(SpanTextField.Service, [service]));
        if (Text("operation") is { } operation) conditions.Add(new SpanPredicate.TextIs(SpanTextField.Name, [operation]));
        var limit = Whole("limit") ?? StandardTraces;
        if (limit is 0 or > MaxTraces) throw new JaegerRequestException(JaegerError.Bad($"unable to parse param 'limit': it is from 1 to {MaxTraces}, not {limit}"));
        var (minimum, maximum) = (Duration("minDuration"), Duration("maxDuration"));
        if (minimum > maximum) throw new JaegerRequestException(JaegerError.Bad("'maxDuration' should be greater than 'minDuration'"));
        if (minimum is not null || maximum is not null) conditions.Add(new SpanPredicate.DurationBetween(minimum, maximum));
        conditions.AddRange(Tags().Select(static t => JaegerTags.Condition(t.Key, t.Value)));
        return new SearchPlan { Span = new SpanPredicate.And(conditions), Limit = (int)limit, Total = TotalWanted.AtLeast, KeepsSnapshot = false };
    }

    /// <summary>What <c>tag=key:value</c> and <c>tags={"key":"value"}</c> ask for together; of a key that comes twice the last one counts.</summary>
    internal IReadOnlyDictionary<string, string> Tags()
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in query["tag"])
        {
            if (string.IsNullOrEmpty(tag)) continue;
            var colon = tag.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) throw new JaegerRequestException(JaegerError.Bad($"malformed 'tag' parameter, expecting key:value, received: {tag}"));
            tags[tag[..colon]] = tag[(colon + 1)..];
        }
        foreach (var text in query["tags"])
        {
            if (!string.IsNullOrEmpty(text)) ReadTags(text, tags);
        }
        return tags;
    }

    /// <summary>The time now, in Unix nanoseconds.</summary>
    internal ulong Now() => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static void ReadTags(string text, Dictionary<string, string> tags)
    {
        try
        {
            foreach (var (key, value) in JsonSerializer.Deserialize(text, JaegerJson.Default.DictionaryStringString) ?? []) tags[key] = value;
        }
        catch (JsonException e)
        {
            throw new JaegerRequestException(JaegerError.Bad($"malformed 'tags' parameter, cannot unmarshal JSON: {e.Message}"));
        }
    }

    private static ulong NanoOf(long value) => value switch
    {
        < 100_000_000_000 => (ulong)value * 1_000_000_000,
        < 100_000_000_000_000 => (ulong)value * 1_000_000,
        < 100_000_000_000_000_000 => (ulong)value * 1_000,
        _ => (ulong)value,
    };

    private static JaegerRequestException Unreadable(string name, string why) => new(JaegerError.Bad($"unable to parse param '{name}': {why}"));
}
