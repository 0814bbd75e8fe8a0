using System.Diagnostics;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Events;

/// <summary><c>GET /api/events?camera=&amp;before=&amp;limit=</c>: the saved events, newest first, each with its trace ids.</summary>
internal static class EventEndpoint
{
    private const int LimitOfLimit = 500;

    public static void Map(WebApplication app) => app.MapGet("/api/events", (EventStore events, string? camera, string? before, string? limit) =>
    {
        long? olderThan = null;
        var count = 50;
        if (before is not null)
        {
            if (!long.TryParse(before, out var id)) return Invalid($"'before' is '{before}'; it has to be the id of an event.");
            olderThan = id;
        }
        if (limit is not null && (!int.TryParse(limit, out count) || count is < 1 or > LimitOfLimit))
            return Invalid($"'limit' is '{limit}'; it has to be a number from 1 to {LimitOfLimit}.");
        return Results.Ok(new { events = events.List(camera, olderThan, count) });
    });

    private static IResult Invalid(string why)
    {
        Activity.Current.Fail("validation_error", why);
        return Results.Problem(statusCode: StatusCodes.Status400BadRequest, title: "Invalid request", detail: why);
    }
}
