using System.Diagnostics;
using System.Globalization;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// What can be asked about events: <c>GET /api/events?camera=&amp;riskLevel=&amp;trace=&amp;batch=&amp;from=&amp;to=&amp;before=&amp;limit=</c> (newest first, in
/// pages), <c>GET /api/events/counts?camera=&amp;riskLevel=&amp;from=&amp;to=&amp;steps=</c> (how many there are of each level, over time),
/// <c>GET /api/events/{id}</c>, <c>GET /api/events/{id}/images/{imageId}</c> and <c>GET /api/events/stream</c>. Thread-safe.
/// </summary>
internal sealed class EventEndpoints(EventStore events, ImageFiles files, EventStream stream)
{
    private const int LimitOfLimit = 500;
    private const int LimitOfSteps = 1000;

    private static readonly string[] s_riskLevels = ["low", "medium", "high", "critical", "unknown"];

    public void Map(WebApplication app)
    {
        app.MapGet("/api/events", List);
        app.MapGet("/api/events/counts", Count);
        app.MapGet("/api/events/stream", (HttpRequest request, string? after) => stream.Answer(request, after));
        app.MapGet("/api/events/{id:long}", (long id) =>
            events.Find(id) is { } found ? Results.Ok(found) : Missing($"There is no event {id}, or none any more."));
        app.MapGet("/api/events/{id:long}/images/{imageId}", Image);
    }

    public static IResult Invalid(string why)
    {
        Activity.Current.Fail("validation_error", why);
        return Results.Problem(statusCode: StatusCodes.Status400BadRequest, title: "Invalid request", detail: why,
            extensions: new Dictionary<string, object?> { ["errorType"] = "validation_error" });
    }

    private IResult List(string? camera, string? riskLevel, string? trace, string? batch, string? from, string? to, string? before, string? limit)
    {
        if (Problem(camera, riskLevel, from, to, out var query) is { } wrong) return wrong;
        query = query with { Trace = trace, Batch = batch };
        if (before is not null)
        {
            if (!long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                return Invalid($"'before' is '{before}'; it has to be the id of an event.");
            query = query with { Before = id };
        }
        if (limit is not null)
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > LimitOfLimit)
                return Invalid($"'limit' is '{limit}'; it has to be a number from 1 to {LimitOfLimit}.");
            query = query with { Limit = count };
        }
        return Results.Ok(events.List(query));
    }

    private IResult Count(string? camera, string? riskLevel, string? from, string? to, string? steps)
    {
        if (Problem(camera, riskLevel, from, to, out var query) is { } wrong) return wrong;
        var count = 100;
        if (steps is not null && (!int.TryParse(steps, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > LimitOfSteps))
            return Invalid($"'steps' is '{steps}'; it has to be a number from 1 to {LimitOfSteps}.");
        return Results.Ok(events.Count(query, count));
    }

    /// <summary>What is wrong with the conditions that lists and counts share; null when they are the query.</summary>
    private static IResult? Problem(string? camera, string? riskLevel, string? from, string? to, out EventQuery query)
    {
        query = new EventQuery(50) { Camera = camera, RiskLevel = riskLevel };
        if (riskLevel is not null && !s_riskLevels.Contains(riskLevel))
            return Invalid($"'riskLevel' is '{riskLevel}'; it has to be one of {string.Join(", ", s_riskLevels)}.");
        foreach (var (name, text) in new[] { ("from", from), ("to", to) })
        {
            if (text is null) continue;
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
                return Invalid($"'{name}' is '{text}'; it has to be a time like 2026-11-22T12:00:00Z.");
            query = name == "from" ? query with { From = moment } : query with { To = moment };
        }
        return null;
    }

    private IResult Image(long id, string imageId, HttpResponse response)
    {
        if (events.Find(id)?.Images.FirstOrDefault(image => image.ImageId == imageId) is not { } found)
            return Missing($"There is no event {id} with an image '{imageId}', or none any more.");
        if (files.Open(found.Sha256) is not { } stream)
            return Missing("This image is not kept any more: the latest are (Events:ImageCount).");
        response.Headers.XContentTypeOptions = "nosniff";
        return Results.Stream(stream, "image/jpeg");
    }

    private static IResult Missing(string why) => Results.Problem(statusCode: StatusCodes.Status404NotFound, title: "Not found", detail: why);
}
