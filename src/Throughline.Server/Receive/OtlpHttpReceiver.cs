using System.Globalization;
using Throughline.Server.Configuration;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>
/// OTLP over HTTP (OTLP specification 1.x, "OTLP/HTTP"): POST /v1/traces in protobuf and JSON. Everything else on its port is refused in OTLP's own
/// form, with what would be right. One per server; thread safe.
/// </summary>
public sealed class OtlpHttpReceiver(IngestService ingest, ReceiveBudget budget, BodyReader bodies, ReceiveLimits limits, IngestCounters counters, TimeProvider time)
{
    private const string ProtobufType = "application/x-protobuf";
    private const string JsonType = "application/json";

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var form = FormOf(request.ContentType);
        var answer = form ?? OtlpForm.Protobuf;
        if (request.Path != "/v1/traces")
        {
            await RefuseAsync(context, answer, 404, RpcCode.NotFound, RefusalReason.UnsupportedSignal, NotHere(request.Path));
        }
        else if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await ReplyAsync(context, answer, 405, OtlpReply.Status(answer, RpcCode.Unimplemented, $"Spans are sent by POST, not by {request.Method}."));
        }
        else if (form is not { } understood)
        {
            await RefuseAsync(context, answer, 415, RpcCode.InvalidArgument, RefusalReason.UnsupportedType,
                $"The content type '{request.ContentType}' is not OTLP's; send {ProtobufType} or {JsonType}.");
        }
        else if (CodingOf(request) is not { } coding)
        {
            context.Response.Headers.AcceptEncoding = "gzip, deflate, identity";
            await RefuseAsync(context, answer, 415, RpcCode.InvalidArgument, RefusalReason.UnsupportedEncoding,
                $"The content encoding '{request.Headers.ContentEncoding}' is not taken; send gzip, deflate, or none.");
        }
        else
        {
            await ReceiveAsync(context, understood, coding);
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

    private async Task ReceiveAsync(HttpContext context, OtlpForm form, ContentCoding coding)
    {
        using var share = budget.TryBegin();
        if (share is null)
        {
            await OverloadedAsync(context, form, $"{limits.MaxConcurrentRequests} requests are under way, which is the limit (--max-requests). Try again.");
            return;
        }

        using var buffer = new PooledBuffer();
        using var tooSlow = new CancellationTokenSource(limits.BodyTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(tooSlow.Token, context.RequestAborted);
        BodyStatus status;
        try
        {
            status = await bodies.ReadAsync(context.Request.Body, context.Request.ContentLength, coding, buffer, share, ending.Token);
        }
        catch (OperationCanceledException) when (tooSlow.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            await RefuseAsync(context, form, 408, RpcCode.DeadlineExceeded, RefusalReason.TooSlow,
                $"The body did not arrive within {limits.BodyTimeout.TotalSeconds} s (--body-timeout-seconds).");
            return;
        }
        await (status switch
        {
            BodyStatus.Read => StoreAsync(context, form, buffer),
            BodyStatus.Overloaded => OverloadedAsync(context, form, $"The requests under way fill the {limits.MaxBytesInFlight} bytes that they may (--max-in-flight-bytes). Try again."),
            BodyStatus.TooLarge => RefuseAsync(context, form, 413, RpcCode.InvalidArgument, RefusalReason.TooLarge,
                $"The body is larger than {limits.MaxBodyBytes} bytes (--max-body-bytes). Send smaller batches."),
            BodyStatus.TooLargeExpanded => RefuseAsync(context, form, 413, RpcCode.InvalidArgument, RefusalReason.TooLarge,
                $"The body is larger than {limits.MaxExpandedBodyBytes} bytes after decompression (--max-expanded-body-bytes). Send smaller batches."),
            _ => RefuseAsync(context, form, 400, RpcCode.InvalidArgument, RefusalReason.Malformed,
                $"The body is not {coding.ToString().ToLowerInvariant()} data, as its content encoding says; it broke off after {buffer.Length} decompressed bytes."),
        });
    }

    private async Task StoreAsync(HttpContext context, OtlpForm form, PooledBuffer body)
    {
        var outcome = await ingest.IngestAsync(body.Written, form);
        if (outcome.Status is IngestStatus.Overloaded or IngestStatus.Unavailable) SetRetryAfter(context, outcome.RetryAfter);
        await (outcome.Status switch
        {
            IngestStatus.Stored => ReplyAsync(context, form, 200, OtlpReply.Export(form, outcome.RejectedSpans, outcome.Message)),
            IngestStatus.Malformed => ReplyAsync(context, form, 400, OtlpReply.Status(form, RpcCode.InvalidArgument, outcome.Message)),
            IngestStatus.Overloaded => ReplyAsync(context, form, 429, OtlpReply.Status(form, RpcCode.ResourceExhausted, outcome.Message)),
            _ => ReplyAsync(context, form, 503, OtlpReply.Status(form, RpcCode.Unavailable, outcome.Message)),
        });
    }

    private Task OverloadedAsync(HttpContext context, OtlpForm form, string message)
    {
        SetRetryAfter(context, IngestOutcome.StandardRetry);
        return RefuseAsync(context, form, 429, RpcCode.ResourceExhausted, RefusalReason.Overloaded, message);
    }

    private Task RefuseAsync(HttpContext context, OtlpForm form, int status, RpcCode code, RefusalReason reason, string message)
    {
        counters.CountRefused(reason, message);
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

    /// <summary>Retry-After counts whole seconds; a sender that comes a little late does no harm.</summary>
    private static void SetRetryAfter(HttpContext context, TimeSpan delay) =>
        context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private static string NotHere(PathString path) => path.Value switch
    {
        "/v1/logs" => "Logs are not stored by this server, only traces (POST /v1/traces). Turn the sender's logs exporter off.",
        "/v1/metrics" => "Metrics are not stored by this server, only traces (POST /v1/traces). Turn the sender's metrics exporter off.",
        "/v1development/profiles" => "Profiles are not stored by this server, only traces (POST /v1/traces). Turn the sender's profiles exporter off.",
        _ => $"There is nothing at '{path}'; spans are sent to /v1/traces.",
    };

    private static OtlpForm? FormOf(string? contentType)
    {
        var type = contentType.AsSpan();
        var parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).Trim();
        if (type.Equals(ProtobufType, StringComparison.OrdinalIgnoreCase)) return OtlpForm.Protobuf;
        return type.Equals(JsonType, StringComparison.OrdinalIgnoreCase) ? OtlpForm.Json : null;
    }

    private static ContentCoding? CodingOf(HttpRequest request)
    {
        var header = request.Headers.ContentEncoding;
        if (header.Count == 0) return ContentCoding.Identity;
        if (header.Count > 1) return null;
        return header[0]?.Trim().ToLowerInvariant() switch
        {
            "" or "identity" => ContentCoding.Identity,
            "gzip" => ContentCoding.Gzip,
            "deflate" => ContentCoding.Deflate,
            _ => null,
        };
    }
}
