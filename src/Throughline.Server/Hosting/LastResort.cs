using Microsoft.AspNetCore.Http.Features;
using Throughline.Server.Configuration;
using Throughline.Server.Problems;
using Throughline.Server.Receive;
using Throughline.Server.Safety;

namespace Throughline.Server.Hosting;

/// <summary>The host's boundary: an exception that nobody expected becomes a log entry and an answer in the port's own form. Stateless.</summary>
internal static class LastResort
{
    /// <summary>Runs the rest of the pipeline.</summary>
    internal static async Task InvokeAsync(HttpContext context, RequestDelegate next, ILogger log)
    {
        try
        {
            await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller is gone, whatever its going away broke; there is nobody to answer and nothing to mend.
            context.Abort();
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, new RequestRefusal(error.StatusCode, error.Message));
        }
        catch (Exception error)
        {
            log.LogError(error, "{Method} {Path} failed.", context.Request.Method, context.Request.Path);
            // An answer of which a part is written can't be taken back: that it breaks off says that it is none.
            if (context.Response.HasStarted || context.Response.BodyWriter.UnflushedBytes > 0) context.Abort();
            else await RefuseAsync(context, new RequestRefusal(StatusCodes.Status500InternalServerError, "The server failed on this request. Its log has the details."));
        }
    }

    private static Task RefuseAsync(HttpContext context, RequestRefusal refusal) =>
        WriteAsync(context, context.Features.GetRequiredFeature<ListenerFeature>().Role, refusal);

    /// <summary>Answers a refused request in the form that its port speaks.</summary>
    internal static Task WriteAsync(HttpContext context, ListenerRole role, RequestRefusal refusal)
    {
        switch (role)
        {
            case ListenerRole.OtlpHttp or ListenerRole.Profiles when ProfileReceiver.Takes(context.Request.Path):
                return ProfileReceiver.AnswerAsync(context, refusal.Status, refusal.Message);
            case ListenerRole.OtlpHttp:
            case ListenerRole.Http when PageOtlp.Takes(context.Request.Path):
                return OtlpHttpReceiver.WriteRefusalAsync(context, refusal.Status, refusal.Message);
            case ListenerRole.OtlpGrpc:
                GrpcGuard.WriteRefusal(context, refusal.Status, refusal.Message);
                return Task.CompletedTask;
            default:
                return new Problem(refusal.Status, refusal.Message).WriteAsync(context);
        }
    }
}
