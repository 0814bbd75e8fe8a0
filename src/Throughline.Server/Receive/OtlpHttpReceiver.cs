using Throughline.Engine.Model;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>
/// OTLP over HTTP (OTLP specification 1.x, "OTLP/HTTP"): POST to each signal's path in protobuf and JSON. Everything else on its port is refused in OTLP's own
/// form, with what would be right. One per server and port; thread safe.
/// </summary>
/// <param name="mount">What stands before the signals' paths on this port.</param>
public sealed class OtlpHttpReceiver(IReadOnlyList<IngestService> signals, HttpBodies bodies, IngestCounters counters, string mount = "")
{
    private const string ProtobufType = "application/x-protobuf";
    private const string JsonType = "application/json";

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var form = FormOf(request.ContentType);
        var answer = form ?? OtlpForm.Protobuf;
        if (Find(request.Path) is not { } ingest)
        {
            await RefuseAsync(context, OtlpSignal.At(request.Path, mount)?.Kind, answer, 404, RpcCode.NotFound, RefusalReason.UnsupportedSignal, NotHere(request.Path));
        }
        else if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await ReplyAsync(context, answer, 405, OtlpReply.Status(answer, RpcCode.Unimplemented, $"{ingest.Signal.Items} are sent by POST, not by {request.Method}."));
        }
        else if (form is not { } understood)
        {
            await RefuseAsync(context, ingest.Signal.Kind, answer, 415, RpcCode.InvalidArgument, RefusalReason.UnsupportedType,
                $"The content type '{request.ContentType}' is not OTLP's; send {ProtobufType} or {JsonType}.");
        }
        else if (HttpBodies.CodingOf(request) is not { } coding)
        {
            context.Response.Headers.AcceptEncoding = "gzip, deflate, identity";
            await RefuseAsync(context, ingest.Signal.Kind, answer, 415, RpcCode.InvalidArgument, RefusalReason.UnsupportedEncoding,
                $"The content encoding '{request.Headers.ContentEncoding}' is not taken; send gzip, deflate, or none.");
        }
        else
        {
            await bodies.ReceiveAsync(context, ingest.Signal.Kind, coding, body => StoreAsync(context, ingest, understood, body),
                refusal => ReplyAsync(context, understood, refusal.Status, OtlpReply.Status(understood, refusal.Code, refusal.Message)));
        }
    }

    /// <summary>Answers a request that was turned away before it came here.</summary>
    internal static Task WriteRefusalAsync(HttpContext context, int status, string message)
    {
        var form = FormOf(context.Request.ContentType) ?? OtlpForm.Protobuf;
        var code = status switch
        {
            StatusCodes.Status401Unauthorized => RpcCode.Unauthenticated,
            StatusCodes.Status403Forbidden => RpcCode.PermissionDenied,
            StatusCodes.Status429TooManyRequests => RpcCode.ResourceExhausted,
            StatusCodes.Status503ServiceUnavailable => RpcCode.Unavailable,
            >= 500 => RpcCode.Internal,
            _ => RpcCode.InvalidArgument,
        };
        return ReplyAsync(context, form, status, OtlpReply.Status(form, code, message));
    }

    private static async Task StoreAsync(HttpContext context, IngestService ingest, OtlpForm form, PooledBuffer body)
    {
        var outcome = await ingest.IngestAsync(body.Written, form);
        if (outcome.Status is IngestStatus.Overloaded or IngestStatus.Unavailable) HttpBodies.SetRetryAfter(context, outcome.RetryAfter);
        await (outcome.Status switch
        {
            IngestStatus.Stored => ReplyAsync(context, form, 200, OtlpReply.Export(form, ingest.Signal, outcome.Rejected, outcome.Message)),
            IngestStatus.Malformed => ReplyAsync(context, form, 400, OtlpReply.Status(form, RpcCode.InvalidArgument, outcome.Message)),
            IngestStatus.Overloaded => ReplyAsync(context, form, 429, OtlpReply.Status(form, RpcCode.ResourceExhausted, outcome.Message)),
            _ => ReplyAsync(context, form, 503, OtlpReply.Status(form, RpcCode.Unavailable, outcome.Message)),
        });
    }

    private Task RefuseAsync(HttpContext context, SignalKind? signal, OtlpForm form, int status, RpcCode code, RefusalReason reason, string message)
    {
        counters.CountRefused(signal, reason, message);
        return ReplyAsync(context, form, status, OtlpReply.Status(form, code, message));
    }

    private static async Task ReplyAsync(HttpContext context, OtlpForm form, int status, byte[] message)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = form == OtlpForm.Json ? JsonType : ProtobufType;
        response.ContentLength = message.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.BodyWriter.WriteAsync(message, context.RequestAborted);
    }

    private IngestService? Find(PathString path)
    {
        foreach (var ingest in signals)
        {
            if (path == mount + ingest.Signal.Path) return ingest;
        }
        return null;
    }

    private string NotHere(PathString path)
    {
        var stored = signals.Select(static s => s.Signal);
        return OtlpSignal.At(path, mount)?.NotStored(stored, mount)
            ?? $"There is nothing at '{path}'; {string.Join(", ", stored.Select(s => $"{s.Items.ToLowerInvariant()} are sent to {mount}{s.Path}"))}.";
    }

    private static OtlpForm? FormOf(string? contentType)
    {
        var type = contentType.AsSpan();
        var parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).Trim();
        if (type.Equals(ProtobufType, StringComparison.OrdinalIgnoreCase)) return OtlpForm.Protobuf;
        return type.Equals(JsonType, StringComparison.OrdinalIgnoreCase) ? OtlpForm.Json : null;
    }
}
