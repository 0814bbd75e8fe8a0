using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.Problems;
using Throughline.Server.Storage;

namespace Throughline.Server.Hosting;

/// <summary>What a supervisor asks: does the process run, does it take spans, does it answer queries. What is wrong without keeping it from that is said in the answer. Stateless but for its parts.</summary>
internal sealed class HealthEndpoints(StoreGate gate, HealthWatch health, ForwardGate forward)
{
    internal void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/health/live", context => AnswerAsync(context));
        endpoints.MapGet("/health/ready", ReadyAsync);
    }

    private Task ReadyAsync(HttpContext context)
    {
        string purpose = context.Request.Query["for"].ToString();
        if (purpose is not ("" or "spans" or "queries"))
            return new Problem(StatusCodes.Status400BadRequest, $"'for' is spans or queries, not '{purpose}'.", "for").WriteAsync(context);
        var obstacles = Obstacles(purpose == "queries").ToList();
        return obstacles.Count > 0 ? new Problem(StatusCodes.Status503ServiceUnavailable, string.Join(' ', obstacles)).WriteAsync(context) : AnswerAsync(context);
    }

    private IEnumerable<string> Obstacles(bool queriesOnly)
    {
        if (gate.Store is null) yield return "The store is not open: the server is starting or stopping.";
        if (queriesOnly) yield break;
        if (health.State.ReadOnly is { } readOnly) yield return readOnly.Message;
        else if (health.Refusal is { } refusal) yield return refusal.Message;
    }

    private Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(string.Concat(Problems().Prepend("ok").Select(static line => line.ReplaceLineEndings(" ") + "\n")), context.RequestAborted);
    }

    /// <summary>What an operator should know though the process runs.</summary>
    private IEnumerable<string> Problems()
    {
        foreach (var obstacle in Obstacles(queriesOnly: false)) yield return obstacle;
        foreach (var problem in gate.Store?.GetStatistics().Problems ?? []) yield return problem;
        foreach (var problem in gate.Signals.SelectMany(static signal => signal.GetStatistics().Problems)) yield return problem;
        if (forward.Forwarder?.Status is { LastError: { } error } status) yield return $"Forwarding to {status.Options.Target} fails: {error}";
    }
}
