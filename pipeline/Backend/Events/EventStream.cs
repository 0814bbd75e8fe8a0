using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// <c>GET /api/events/stream?after=ID</c>: saved events as server-sent events (HTML standard, "Server-sent events"), each with its id.
/// <c>Last-Event-ID</c> or <c>after</c> brings first what was saved since. They come in the order of their ids, each once, so that who comes
/// back with the last id it got misses none that is still kept. Thread-safe.
/// </summary>
internal sealed class EventStream(EventFeed feed, EventStore events, IHostApplicationLifetime host, TimeProvider time)
{
    /// <summary>Events that are read in one go.</summary>
    private const int AtOnce = 100;

    /// <summary>A client that is gone is noticed when something is written to it.</summary>
    private static readonly TimeSpan s_pingEvery = TimeSpan.FromSeconds(15);

    public IResult Answer(HttpRequest request, string? after)
    {
        // How long somebody watches says nothing about this service: the request is no span.
        if (Activity.Current is { } span)
        {
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            span.IsAllDataRequested = false;
        }
        var given = request.Headers["Last-Event-ID"] is [{ Length: > 0 } last, ..] ? last : after;
        long? from = null;
        if (given is not null)
        {
            if (!long.TryParse(given, out var id) || id < 0) return EventEndpoints.Invalid($"'{given}' is not the id of an event, to go on from.");
            from = id;
        }
        if (feed.TryWatch(out var watcher)) return TypedResults.ServerSentEvents(Items(watcher, from, request.HttpContext.RequestAborted));
        request.HttpContext.Response.Headers.RetryAfter = "10";
        return Results.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "Too many streams",
            detail: "As many clients watch the events as may (Events:MaximumStreams). Come back later, or ask GET /api/events.");
    }

    private async IAsyncEnumerable<SseItem<object>> Items(EventFeed.Watcher watcher, long? from, [EnumeratorCancellation] CancellationToken gone)
    {
        using var _ = watcher;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone, host.ApplicationStopping);
        // The watching has begun, so that whatever is saved from here on is announced. Who had an id that isn't given yet saw another database.
        var newest = events.LastId();
        var last = from < newest ? from.Value : newest;
        yield return new(new { }, "ready");
        bool? more = true;
        do
        {
            if (more is false) yield return new(new { }, "ping");
            while (events.After(last, AtOnce) is { Count: > 0 } found)
                foreach (var one in found)
                {
                    if (end.IsCancellationRequested) yield break;
                    yield return Item(one);
                    last = one.Id;
                }
            more = await NextAsync(watcher, end.Token);
        }
        while (more is not null);
    }

    /// <summary>True when there is something to read, false when it is time for a sign of life, null at the end.</summary>
    private async Task<bool?> NextAsync(EventFeed.Watcher watcher, CancellationToken end)
    {
        using var patience = new CancellationTokenSource(s_pingEvery, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end, patience.Token);
        try
        {
            await watcher.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return end.IsCancellationRequested ? null : false;
        }
    }

    private static SseItem<object> Item(SecurityEvent saved) =>
        new(saved, "event") { EventId = saved.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) };
}
