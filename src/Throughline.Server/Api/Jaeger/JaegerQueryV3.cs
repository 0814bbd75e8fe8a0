using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Query.Plan;

namespace Throughline.Server.Api.Jaeger;

/// <summary>Reads the parameters <c>query.*</c> of Jaeger's third API, in camel case or with underscores. Throws a <see cref="JaegerRequestException"/>.</summary>
internal static class JaegerQueryV3
{
    /// <summary>The search that the parameters ask for; both ends of the time are needed, as Jaeger wants them.</summary>
    internal static SearchPlan Search(IQueryCollection query)
    {
        var (from, to) = (Time(query, "startTimeMin", "start_time_min"), Time(query, "startTimeMax", "start_time_max"));
        if (from is null || to is null) throw Bad("query.startTimeMin and query.startTimeMax are required, in RFC 3339 such as 2026-01-02T15:04:05Z");
        if (from > to) throw Bad("query.startTimeMin should not be after query.startTimeMax");
        if (Text(query, "filter", "filter") is not null) throw Bad("query.filter is not taken; use query.serviceName, query.operationName, query.attributes and the bounds of duration");
        var conditions = new List<SpanPredicate> { new SpanPredicate.StartsIn(from, to == ulong.MaxValue ? to : to + 1) };
        if (Text(query, "serviceName", "service_name") is { } service) conditions.Add(new SpanPredicate.TextIs(SpanTextField.Service, [service]));
        if (Text(query, "operationName", "operation_name") is { } operation) conditions.Add(new SpanPredicate.TextIs(SpanTextField.Name, [operation]));
        var (minimum, maximum) = (Duration(query, "durationMin", "duration_min"), Duration(query, "durationMax", "duration_max"));
        if (minimum > maximum) throw Bad("query.durationMax should be greater than query.durationMin");
        if (minimum is not null || maximum is not null) conditions.Add(new SpanPredicate.DurationBetween(minimum, maximum));
        conditions.AddRange(Attributes(query));
        return new SearchPlan { Span = new SpanPredicate.And(conditions), Limit = Depth(query), Total = TotalWanted.AtLeast, KeepsSnapshot = false };
    }

    private static string? Text(IQueryCollection query, string name, string underscored) =>
        new[] { query[$"query.{name}"], query[$"query.{underscored}"] }.SelectMany(static v => v).FirstOrDefault(static v => !string.IsNullOrEmpty(v));

    private static ulong? Time(IQueryCollection query, string name, string underscored)
    {
        if (Text(query, name, underscored) is not { } text) return null;
        // A '+' that was not escaped comes as a blank.
        var written = text.Replace(' ', '+');
        return RfcTime.TryParse(written, out var nano) ? nano : throw Bad($"malformed parameter query.{name}: '{text}' is no time in RFC 3339, such as 2026-01-02T15:04:05Z");
    }

    private static ulong? Duration(IQueryCollection query, string name, string underscored)
    {
        if (Text(query, name, underscored) is not { } text) return null;
        return GoDuration.TryParse(text, out var nano, out var problem) ? nano : throw Bad($"malformed parameter query.{name}: {problem}");
    }

    private static int Depth(IQueryCollection query)
    {
        var text = Text(query, "searchDepth", "search_depth") ?? Text(query, "numTraces", "num_traces") ?? "100";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var depth) && depth is > 0 and <= JaegerQuery.MaxTraces
            ? depth
            : throw Bad($"malformed parameter query.searchDepth: it is from 1 to {JaegerQuery.MaxTraces}, not '{text}'");
    }

    private static IEnumerable<SpanPredicate> Attributes(IQueryCollection query)
    {
        if (Text(query, "attributes", "attributes") is not { } text) return [];
        try
        {
            return [.. (JsonSerializer.Deserialize(text, JaegerJson.Default.DictionaryStringString) ?? []).Select(static t => JaegerTags.Condition(t.Key, t.Value))];
        }
        catch (JsonException e)
        {
            throw Bad($"malformed parameter query.attributes, cannot unmarshal JSON: {e.Message}");
        }
    }

    private static JaegerRequestException Bad(string message) => new(JaegerError.Bad(message));
}
