using Throughline.Server.Api;
using Throughline.Server.Problems;
using Throughline.Server.Process;

namespace Throughline.Server.Sampling;

/// <summary>
/// Tells SDKs how to sample, by Jaeger's protocol over HTTP (jaegertracing/jaeger-idl, sampling.proto: SamplingStrategyResponse in its JSON form): GET /sampling?service=NAME. What it tells stands in the rules:
/// services whose senders sample (<c>remote</c>) get their share or their number of traces a second, all others are told to send everything. Stateless but for the rules; thread safe.
/// </summary>
public sealed class RemoteSampling(ProcessSettings process)
{
    /// <summary>Where it answers, on the port of the page too: Jaeger's agent, its collector.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/sampling", "/api/sampling"];

    private const int MaxServiceLength = 1024;

    /// <summary>Answers one request of a port of its own, where the agent's old address is just /.</summary>
    public Task HandleAsync(HttpContext context) => Paths.Contains(context.Request.Path.Value) || context.Request.Path == "/"
        ? AnswerAsync(context)
        : new Problem(StatusCodes.Status404NotFound, $"There is nothing at {context.Request.Path}; this port tells SDKs how to sample, at /sampling?service=NAME.").WriteAsync(context);

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var services = context.Request.Query["service"];
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET";
            await new Problem(StatusCodes.Status405MethodNotAllowed, $"{context.Request.Path} is read by GET, not by {context.Request.Method}.").WriteAsync(context);
        }
        else if (services.Count != 1 || string.IsNullOrEmpty(services[0]))
        {
            await new Problem(StatusCodes.Status400BadRequest, "'service' is needed, once: the service.name whose sampling is asked for.", "service").WriteAsync(context);
        }
        else if (services[0]?.Length > MaxServiceLength)
        {
            await new Problem(StatusCodes.Status400BadRequest, $"'service' has more than {MaxServiceLength} characters.", "service").WriteAsync(context);
        }
        else
        {
            await WriteAsync(context, process.Current.Rules.Sampling.KeepOf(services[0] ?? ""));
        }
    }

    private static async Task WriteAsync(HttpContext context, ServiceRate keep)
    {
        context.Response.Headers.CacheControl = "no-store";
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        if (keep is { IsRemote: true, TracesPerSecond: { } most })
        {
            json.WriteString("strategyType"u8, "RATE_LIMITING");
            json.WriteStartObject("rateLimitingSampling"u8);
            // A whole number in the protocol; what is above the limit goes when it arrives.
            json.WriteNumber("maxTracesPerSecond"u8, (int)Math.Ceiling(most));
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("strategyType"u8, "PROBABILISTIC");
            json.WriteStartObject("probabilisticSampling"u8);
            json.WriteNumber("samplingRate"u8, keep.IsRemote ? keep.Rate : 1);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        await answer.FinishAsync();
    }
}
