using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>What stands before gRPC: how many calls are under way, the time for their messages, and the count of what gRPC refuses itself. Thread safe.</summary>
public sealed class GrpcGuard(ReceiveBudget budget, ReceiveLimits limits, IngestCounters counters, TimeProvider time)
{
    /// <summary>The trailer that carries a <c>google.rpc.Status</c> with details.</summary>
    internal const string StatusDetails = "grpc-status-details-bin";

    /// <summary>Handles one call.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var signal = OtlpSignal.At(context.Request.Path)?.Kind;
        using var share = budget.TryBegin();
        if (share is null)
        {
            var message = $"{limits.MaxConcurrentRequests} requests are under way, which is the limit (--max-requests). Try again.";
            counters.CountRefused(signal, RefusalReason.Overloaded, message);
            var details = OtlpReply.Status(OtlpForm.Protobuf, RpcCode.ResourceExhausted, message, IngestOutcome.StandardRetry);
            WriteTrailersOnly(context, RpcCode.ResourceExhausted, message, details);
            return;
        }
        using var tooSlow = new CancellationTokenSource(limits.BodyTimeout, time);
        await using var aborting = tooSlow.Token.UnsafeRegister(static state => ((HttpContext)(state ?? throw new ArgumentNullException(nameof(state)))).Abort(), context);
        GrpcCall? call = null;
        var body = new CountedBody(context.Request.BodyReader, share, () =>
        {
            call?.MessageArrived();
            return Overloaded(signal);
        });
        call = new GrpcCall(share, body, tooSlow);
        context.Features.Set(call);
        context.Features.Set<IRequestBodyPipeFeature>(body);
        await next(context);
        CountUnseen(context, signal, call, tooSlow);
    }

    /// <summary>What ends a call that the budget has no room for.</summary>
    internal RpcException Overloaded(SignalKind? signal)
    {
        var message = $"The requests under way fill the {limits.MaxBytesInFlight} bytes that they may (--max-in-flight-bytes). Try again.";
        counters.CountRefused(signal, RefusalReason.Overloaded, message);
        return Retry(StatusCode.ResourceExhausted, message, IngestOutcome.StandardRetry);
    }

    /// <summary>An error with a <c>RetryInfo</c>.</summary>
    internal static RpcException Retry(StatusCode code, string message, TimeSpan after) => new(new Status(code, message), new Metadata
    {
        { StatusDetails, OtlpReply.Status(OtlpForm.Protobuf, (RpcCode)code, message, after) },
    });

    /// <summary>Answers a call that is to be made again, before its message is read.</summary>
    internal static void WriteRetry(HttpContext context, RpcCode code, string message, TimeSpan after) =>
        WriteTrailersOnly(context, code, message, OtlpReply.Status(OtlpForm.Protobuf, code, message, after));

    /// <summary>Answers a call that was turned away before it came to gRPC.</summary>
    internal static void WriteRefusal(HttpContext context, int status, string message) => WriteTrailersOnly(context, status switch
    {
        StatusCodes.Status401Unauthorized => RpcCode.Unauthenticated,
        StatusCodes.Status403Forbidden => RpcCode.PermissionDenied,
        >= 500 => RpcCode.Internal,
        _ => RpcCode.InvalidArgument,
    }, message, null);

    // A message that never reached the receiver was over gRPC's limit, broken in its framing, or too slow.
    private void CountUnseen(HttpContext context, SignalKind? signal, GrpcCall call, CancellationTokenSource tooSlow)
    {
        if (call.HasMessage) return;
        if (tooSlow.IsCancellationRequested)
            counters.CountRefused(signal, RefusalReason.TooSlow, $"A gRPC message did not arrive within {limits.BodyTimeout.TotalSeconds} s (--body-timeout-seconds).");
        else if (GrpcStatus(context) == (int)RpcCode.ResourceExhausted)
            counters.CountRefused(signal, RefusalReason.TooLarge, $"A gRPC message was larger than {limits.MaxBodyBytes} bytes (--max-body-bytes).");
        else if (GrpcStatus(context) is not 0)
            counters.CountRefused(signal, RefusalReason.Malformed, $"A call of {context.Request.Path} was no proper gRPC call.");
    }

    private static int? GrpcStatus(HttpContext context)
    {
        var status = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>()?.Trailers["grpc-status"].ToString();
        if (string.IsNullOrEmpty(status)) status = context.Response.Headers["grpc-status"].ToString();
        return int.TryParse(status, out var code) ? code : null;
    }

    private static void WriteTrailersOnly(HttpContext context, RpcCode code, string message, byte[]? details)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)code).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = PercentEncode(message);
        if (details is not null) context.Response.Headers[StatusDetails] = Convert.ToBase64String(details);
    }

    /// <summary>gRPC's form of a message in a header (gRPC over HTTP/2, "Percent-Encoded"): all but printable ASCII, and '%', as %XX of UTF-8.</summary>
    private static string PercentEncode(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and < 0x7F and not (byte)'%') encoded.Append((char)b);
            else encoded.Append(System.Globalization.CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return encoded.ToString();
    }
}

/// <summary>One call under way: its part of the budget, and the clock that ends it when its message does not come. Belongs to the call.</summary>
internal sealed class GrpcCall(ReceiveBudget.RequestShare share, CountedBody body, CancellationTokenSource tooSlow)
{
    internal ReceiveBudget.RequestShare Share => share;

    internal bool HasMessage { get; private set; }

    /// <summary>The message is there, out of the server's buffers, or it will not be waited for: the clock stops.</summary>
    internal void MessageArrived()
    {
        HasMessage = true;
        body.GiveBack();
        tooSlow.CancelAfter(Timeout.InfiniteTimeSpan);
    }
}
