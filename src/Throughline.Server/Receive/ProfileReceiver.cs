using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Server.Problems;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>
/// Profiles over HTTP, beside OTLP and by the same limits (docs/senders/profiles.md): ours (POST /api/v1/profiles, a pprof profile), Pyroscope's /ingest (pprof, or stacks as text) and its push API
/// (/push.v1.PusherService/Push, by the Connect protocol, unary). Everything else is refused with what would be right. One per server; thread safe.
/// </summary>
public sealed class ProfileReceiver(ProfileIngest ingest, HttpBodies bodies, ReceiveLimits limits, IngestCounters counters)
{
    private const string Own = "/api/v1/profiles";
    private const string Ingest = "/ingest";
    private const string Push = "/push.v1.PusherService/Push";

    /// <summary>Where profiles are sent to.</summary>
    public static IReadOnlyList<string> Paths { get; } = [Own, Ingest, Push];

    /// <summary>Whether a request is for this receiver.</summary>
    public static bool Takes(PathString path) => path == Own || path == Ingest || path == Push;

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await RefuseAsync(context, 405, null, $"Profiles are sent to {request.Path} by POST, not by {request.Method}.");
        }
        else if (HttpBodies.CodingOf(request) is not { } coding)
        {
            context.Response.Headers.AcceptEncoding = "gzip, deflate, identity";
            await RefuseAsync(context, 415, RefusalReason.UnsupportedEncoding, $"The content encoding '{request.Headers.ContentEncoding}' is not taken; send gzip, deflate, or none.");
        }
        else if (request.Path == Push && !IsPushType(request.ContentType))
        {
            await RefuseAsync(context, 415, RefusalReason.UnsupportedType, $"The content type '{request.ContentType}' is not taken here; send application/proto or application/json.");
        }
        else
        {
            await bodies.ReceiveAsync(context, SignalKind.Profiles, coding, (body, share) => TakeAsync(context, body, share),
                refusal => AnswerAsync(context, refusal.Status, refusal.Message));
        }
    }

    private async Task TakeAsync(HttpContext context, PooledBuffer body, ReceiveBudget.RequestShare share)
    {
        var path = context.Request.Path;
        using var reading = new ProfileReading(ingest, limits, share);
        var problem = path == Push ? reading.ReadPush(body.Written, context.Request.ContentType)
            : path == Own ? reading.ReadOwn(context.Request, body.Written)
            : await reading.ReadIngestAsync(context.Request, body.Written, context.RequestAborted);
        if (problem is { } refused)
        {
            if (refused.Reason == RefusalReason.Overloaded) HttpBodies.SetRetryAfter(context, IngestOutcome.StandardRetry);
            await RefuseAsync(context, refused.Status, refused.Reason, refused.Message);
            return;
        }
        await ReplyAsync(context, await ingest.StoreAsync(reading.Batch, body.Written, context.Request.Path + context.Request.QueryString, reading.Note, reading.Redacted));
    }

    private static async Task ReplyAsync(HttpContext context, ProfileOutcome outcome)
    {
        if (outcome.Status is IngestStatus.Overloaded or IngestStatus.Unavailable) HttpBodies.SetRetryAfter(context, outcome.RetryAfter);
        if (outcome.Status != IngestStatus.Stored)
        {
            await AnswerAsync(context, outcome.Status switch { IngestStatus.Malformed => 400, IngestStatus.Overloaded => 429, _ => 503 }, outcome.Message);
            return;
        }
        var response = context.Response;
        if (context.Request.Path == Push)
        {
            // An empty PushResponse.
            response.ContentType = IsJson(context.Request.ContentType) ? "application/json" : "application/proto";
            if (IsJson(context.Request.ContentType)) await response.WriteAsync("{}", context.RequestAborted);
            return;
        }
        response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        json.WriteNumber("windows"u8, outcome.Windows);
        json.WriteString("samples"u8, outcome.Samples.ToString(CultureInfo.InvariantCulture));
        json.WriteString("message"u8, outcome.Message);
        json.WriteEndObject();
    }

    private Task RefuseAsync(HttpContext context, int status, RefusalReason? reason, string message)
    {
        if (reason is { } counted) counters.CountRefused(SignalKind.Profiles, counted, message);
        return AnswerAsync(context, status, message);
    }

    /// <summary>Problem details, or for the push API an error as the Connect protocol has it ("Unary-Response, errors").</summary>
    internal static async Task AnswerAsync(HttpContext context, int status, string message)
    {
        if (context.Request.Path != Push)
        {
            await new Problem(status, message).WriteAsync(context);
            return;
        }
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("code"u8, status switch
        {
            401 => "unauthenticated", 403 => "permission_denied", 404 => "not_found", 408 => "deadline_exceeded", 413 or 429 => "resource_exhausted", 503 => "unavailable", >= 500 => "internal",
            _ => "invalid_argument",
        });
        json.WriteString("message"u8, message);
        json.WriteEndObject();
    }

    private static bool IsPushType(string? type) => IsJson(type) || type?.StartsWith("application/proto", StringComparison.OrdinalIgnoreCase) == true;

    private static bool IsJson(string? type) => type?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true;
}
