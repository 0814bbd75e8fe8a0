using Throughline.Server.Problems;
using Throughline.Server.Storage;

namespace Throughline.Server.Hosting;

/// <summary>What a supervisor asks: does the process run, and does it take spans. Stateless.</summary>
internal static class HealthEndpoints
{
    internal static void Map(IEndpointRouteBuilder endpoints, StoreGate gate)
    {
        endpoints.MapGet("/health/live", static context => AnswerAsync(context));
        endpoints.MapGet("/health/ready", context => gate.Store is null
            ? new Problem(StatusCodes.Status503ServiceUnavailable, "The store is not open: the server is starting or stopping.").WriteAsync(context)
            : AnswerAsync(context));
    }

    private static Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync("ok\n", context.RequestAborted);
    }
}
