using System.Globalization;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Server.Health;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>Turns senders away, before their requests are read, while memory or disk are full: with the retryable answer of their protocol, whatever they send. Thread safe.</summary>
public sealed class ReceiveAdmission(HealthWatch health, IngestCounters counters)
{
    /// <summary>Lets a request on, or answers it.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next, ListenerRole role)
    {
        var path = context.Request.Path;
        if (role == ListenerRole.Sampling || (role == ListenerRole.Http && !PageOtlp.Takes(path)) || health.Refusal is not { } refusal) return next(context);
        counters.CountRefused(SignalOf(path), refusal.IsOverload ? RefusalReason.Overloaded : RefusalReason.Unavailable, refusal.Message);
        if (role == ListenerRole.OtlpGrpc)
        {
            GrpcGuard.WriteRetry(context, refusal.IsOverload ? RpcCode.ResourceExhausted : RpcCode.Unavailable, refusal.Message, refusal.RetryAfter);
            return Task.CompletedTask;
        }
        context.Response.Headers.RetryAfter = ((long)Math.Ceiling(refusal.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var status = refusal.IsOverload ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable;
        return ProfileReceiver.Takes(path) ? ProfileReceiver.AnswerAsync(context, status, refusal.Message) : OtlpHttpReceiver.WriteRefusalAsync(context, status, refusal.Message);
    }

    /// <summary>Whose request a path on any port is; null when it names no signal.</summary>
    internal static SignalKind? SignalOf(PathString path) =>
        ProfileReceiver.Takes(path) ? SignalKind.Profiles : (OtlpSignal.At(path) ?? OtlpSignal.At(path, PageOtlp.Mount))?.Kind;
}
