using System.Globalization;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>Why a body that came over HTTP was not taken, for its protocol to say.</summary>
internal sealed record BodyRefusal(int Status, RpcCode Code, string Message);

/// <summary>
/// Reads the bodies of requests over HTTP within the limits: how many are under way, how many bytes, how long one may take. Counts what it refuses, and sets the headers that go with it (Retry-After, Connection).
/// One per server; thread safe.
/// </summary>
public sealed class HttpBodies(ReceiveBudget budget, BodyReader bodies, ReceiveLimits limits, IngestCounters counters, TimeProvider time)
{
    /// <summary>
    /// Reads the body and hands it to <paramref name="take"/>, or what is wrong to <paramref name="refuse"/>. The request counts as under way until that has ended.
    /// </summary>
    internal async Task ReceiveAsync(HttpContext context, SignalKind signal, ContentCoding coding, Func<PooledBuffer, Task> take, Func<BodyRefusal, Task> refuse)
    {
        using var share = budget.TryBegin();
        if (share is null)
        {
            await refuse(Overloaded(context, signal, $"{limits.MaxConcurrentRequests} requests are under way, which is the limit (--max-requests). Try again."));
            return;
        }
        using var buffer = new PooledBuffer();
        var refusal = await ReadAsync(context, signal, coding, buffer, share);
        await (refusal is null ? take(buffer) : refuse(refusal));
    }

    private async Task<BodyRefusal?> ReadAsync(HttpContext context, SignalKind signal, ContentCoding coding, PooledBuffer buffer, ReceiveBudget.RequestShare share)
    {
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
            return Refuse(signal, 408, RpcCode.DeadlineExceeded, RefusalReason.TooSlow, $"The body did not arrive within {limits.BodyTimeout.TotalSeconds} s (--body-timeout-seconds).");
        }
        return status switch
        {
            BodyStatus.Read => null,
            BodyStatus.Overloaded => Overloaded(context, signal, $"The requests under way fill the {limits.MaxBytesInFlight} bytes that they may (--max-in-flight-bytes). Try again."),
            BodyStatus.TooLarge => Refuse(signal, 413, RpcCode.InvalidArgument, RefusalReason.TooLarge,
                $"The body is larger than {limits.MaxBodyBytes} bytes (--max-body-bytes). Send smaller batches."),
            BodyStatus.TooLargeExpanded => Refuse(signal, 413, RpcCode.InvalidArgument, RefusalReason.TooLarge,
                $"The body is larger than {limits.MaxExpandedBodyBytes} bytes after decompression (--max-expanded-body-bytes). Send smaller batches."),
            _ => Refuse(signal, 400, RpcCode.InvalidArgument, RefusalReason.Malformed,
                $"The body is not {coding.ToString().ToLowerInvariant()} data, as its content encoding says; it broke off after {buffer.Length} decompressed bytes."),
        };
    }

    /// <summary>The content encoding that a request names; null when it is not taken.</summary>
    internal static ContentCoding? CodingOf(HttpRequest request)
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

    /// <summary>Retry-After counts whole seconds; a sender that comes a little late does no harm.</summary>
    internal static void SetRetryAfter(HttpContext context, TimeSpan delay) =>
        context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private BodyRefusal Overloaded(HttpContext context, SignalKind signal, string message)
    {
        SetRetryAfter(context, IngestOutcome.StandardRetry);
        return Refuse(signal, 429, RpcCode.ResourceExhausted, RefusalReason.Overloaded, message);
    }

    private BodyRefusal Refuse(SignalKind signal, int status, RpcCode code, RefusalReason reason, string message)
    {
        counters.CountRefused(signal, reason, message);
        return new BodyRefusal(status, code, message);
    }
}
