using Throughline.Engine;
using Throughline.Server.Storage;

namespace Throughline.Server.Api.Jaeger;

/// <summary>One request of Jaeger's APIs and what it needs.</summary>
internal sealed record JaegerCall(HttpContext Context, TraceStore Store, JaegerQuery Query)
{
    /// <summary>Ends when the caller has gone.</summary>
    internal CancellationToken Gone => Context.RequestAborted;
}

/// <summary>
/// Jaeger's query APIs: the first one, which Grafana's data source and Jaeger's older pages ask, and the third (<see cref="JaegerApiV3"/>). Both are translated into the same plans as our own. Stateless.
/// </summary>
public static class JaegerApi
{
    /// <summary>Maps the routes. A body that is sent to be translated may have <paramref name="maxBodyBytes"/>.</summary>
    public static void Map(IEndpointRouteBuilder routes, StoreGate gate, TimeProvider time, int maxBodyBytes)
    {
        void Get(string pattern, Func<JaegerCall, Task> answer) => MapMethod(routes, gate, time, "GET", pattern, answer, JaegerAnswer.FailAsync);
        void Post(string pattern, Func<JaegerCall, Task> answer) => MapMethod(routes, gate, time, "POST", pattern, answer, JaegerAnswer.FailAsync);
        Get("/api/services", JaegerCatalog.ServicesAsync);
        Get("/api/services/{service}/operations", JaegerCatalog.NamesAsync);
        Get("/api/operations", JaegerCatalog.OperationsAsync);
        Get("/api/dependencies", JaegerCatalog.DependenciesAsync);
        Get("/api/traces", JaegerTraces.SearchAsync);
        Get("/api/traces/{id}", JaegerTraces.TraceAsync);
        Post("/api/archive/{id}", JaegerTraces.ArchiveAsync);
        Post("/api/transform", call => JaegerTraces.TransformAsync(call, maxBodyBytes));
        JaegerApiV3.Map((pattern, answer) => MapMethod(routes, gate, time, "GET", pattern, answer, JaegerApiV3.FailAsync));
    }

    private static void MapMethod(IEndpointRouteBuilder routes, StoreGate gate, TimeProvider time, string method, string pattern, Func<JaegerCall, Task> answer, Func<HttpContext, JaegerError, Task> fail) =>
        routes.MapMethods(pattern, [method], async context =>
        {
            if (gate.Store is not { } store)
            {
                context.Response.Headers.RetryAfter = "1";
                await fail(context, new JaegerError(StatusCodes.Status503ServiceUnavailable, "The store is not open: the server is starting or stopping. Try again."));
                return;
            }
            try
            {
                await answer(new JaegerCall(context, store, new JaegerQuery(context.Request.Query, time)));
            }
            catch (JaegerRequestException e) when (!context.Response.HasStarted)
            {
                await fail(context, e.Error);
            }
        });
}
