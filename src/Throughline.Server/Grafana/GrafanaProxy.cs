using System.Net;
using Throughline.Server.Problems;
using Throughline.Server.Safety;
using Yarp.ReverseProxy.Forwarder;

namespace Throughline.Server.Grafana;

/// <summary>
/// Passes <c>/grafana/</c> and all below it on to one Grafana, so that a page over https may embed a Grafana over http, and a Grafana that forbids frames of others. WebSockets are passed on,
/// redirects are not followed. What is ours stays here: our Authorization, and cookies that are not Grafana's. One per server, which ends it; thread safe.
/// </summary>
public sealed class GrafanaProxy : IDisposable
{
    /// <summary>Where Grafana is on this server, without the slash at its end.</summary>
    public const string Mount = "/grafana";

    /// <summary>A Grafana on the same network answers in milliseconds; one that is down should be told of while the user still looks.</summary>
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(5);

    private readonly Uri _upstream;
    private readonly IHttpForwarder _forwarder;
    private readonly OriginRule _ownOriginOnly = new([]);
    private readonly GrafanaTransformer _transformer;
    private readonly ForwarderRequestConfig _config;

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = s_connectTimeout,
    });

    /// <summary>Makes one; <paramref name="upstream"/> stands for <see cref="Mount"/>, <paramref name="patience"/> is how long Grafana may be silent.</summary>
    public GrafanaProxy(Uri upstream, TimeSpan patience, IHttpForwarder forwarder)
    {
        (_upstream, _forwarder) = (upstream, forwarder);
        _transformer = new GrafanaTransformer(upstream);
        _config = new ForwarderRequestConfig { ActivityTimeout = patience };
    }

    /// <summary>Whether a request for this path is passed on. <see cref="Mount"/> itself is a screen of the page.</summary>
    public static bool Takes(PathString path) => path.Value?.StartsWith(Mount + "/", StringComparison.Ordinal) == true;

    /// <summary>Answers one request that it takes.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        // A WebSocket is opened by GET, from any page of the web, with our cookies: it has to be asked for by a page of this host.
        if (context.Request.Headers.Upgrade.Count > 0 && !_ownOriginOnly.AllowsSocket(context.Request))
        {
            await new Problem(StatusCodes.Status403Forbidden, "WebSockets to Grafana are taken from this server's own pages, not from other web sites.").WriteAsync(context);
            return;
        }
        // The page's policy would forbid what Grafana's own page needs.
        context.Response.Headers.Remove("Content-Security-Policy");
        context.Response.Headers.Remove("Referrer-Policy");
        context.Response.Headers.Remove("X-Content-Type-Options");
        // A socket lasts as long as its page is open: the server would wait for it when it stops.
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = context.Request.Headers.Upgrade.Count > 0 ? stopping.Register(context.Abort) : default;
        var error = await _forwarder.SendAsync(context, _upstream.AbsoluteUri, _client, _config, _transformer);
        if (error == ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
        var late = error is ForwarderError.RequestTimedOut or ForwarderError.ResponseBodyCanceled;
        await new Problem(late ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway,
            $"Grafana at {_upstream.OriginalString} {(late ? $"did not answer in {_config.ActivityTimeout?.TotalSeconds:0} s" : "can't be reached")}. Check that it runs and that --grafana-proxy is right.").WriteAsync(context);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
