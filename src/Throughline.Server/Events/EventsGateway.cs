using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Throughline.Server.Problems;
using HeaderNames = Microsoft.Net.Http.Headers.HeaderNames;

namespace Throughline.Server.Events;

/// <summary>
/// Reads one events API (the pipeline backend's <c>/api/events</c>) for the page under <see cref="Mount"/>, so that it comes from the page's own origin: lists, single events, their images. Nothing of the
/// caller but the path, the query and the trace that it is part of is passed on, and nothing comes back but JSON and pictures. One per server, which ends it; thread safe.
/// </summary>
public sealed class EventsGateway : IDisposable
{
    /// <summary>Where the API is on this server, without the slash at its end.</summary>
    public const string Mount = "/events-api";

    /// <summary>Characters that a trace state has to be passed on with, by its specification; a longer one is left out, which it allows.</summary>
    private const int MaxTraceState = 512;

    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What a browser may take for a document that runs is not passed on: it would run as a page of this server.</summary>
    private static readonly string[] s_types = ["application/json", "application/problem+json", "image/jpeg", "image/png", "image/webp", "image/gif"];

    private readonly Uri _upstream;
    private readonly TimeSpan _patience;

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.All,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = s_connectTimeout,
    });

    /// <summary>Makes one; <paramref name="upstream"/> stands for <see cref="Mount"/>, <paramref name="patience"/> is how long it may take to answer.</summary>
    public EventsGateway(Uri upstream, TimeSpan patience) => (_upstream, _patience) = (upstream, patience);

    /// <summary>Whether a request for this path is for the events API.</summary>
    public static bool Takes(PathString path) => path.StartsWithSegments(Mount, StringComparison.Ordinal);

    /// <summary>Answers a request where no events API is known.</summary>
    public static Task RefuseAsync(HttpContext context) =>
        new Problem(StatusCodes.Status404NotFound, "This server knows no events API; --events-url URL names one.").WriteAsync(context);

    /// <summary>Answers one request that it takes.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET";
            await new Problem(StatusCodes.Status405MethodNotAllowed, "Events are only read here.").WriteAsync(context);
            return;
        }
        var rest = context.Request.Path.Value![Mount.Length..];
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_upstream.AbsoluteUri.TrimEnd('/') + new PathString(rest).ToUriComponent() + context.Request.QueryString.ToUriComponent()));
        PassTraceOn(context.Request.Headers, request.Headers);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        stop.CancelAfter(_patience);
        try
        {
            using var answer = await _client.SendAsync(request, stop.Token);
            await PassOnAsync(answer, context, stop.Token);
        }
        catch (HttpRequestException) when (!context.Response.HasStarted)
        {
            await FailAsync(context, StatusCodes.Status502BadGateway, "can't be reached");
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            await FailAsync(context, StatusCodes.Status504GatewayTimeout, $"did not answer in {_patience.TotalSeconds:0} s");
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            // What has been sent can't be taken back; the caller sees that it breaks off.
            context.Abort();
        }
    }

    private async Task PassOnAsync(HttpResponseMessage answer, HttpContext context, CancellationToken stop)
    {
        if (answer.Content.Headers.ContentType is not { MediaType: { } type } || !s_types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            await FailAsync(context, StatusCodes.Status502BadGateway, $"answered {(int)answer.StatusCode} with {answer.Content.Headers.ContentType?.MediaType ?? "no type"}, which is neither JSON nor a picture");
            return;
        }
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = new MediaTypeHeaderValue(type) { CharSet = answer.Content.Headers.ContentType.CharSet }.ToString();
        // A picture of an event never changes.
        context.Response.Headers.CacheControl = type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) && answer.IsSuccessStatusCode ? "private, max-age=3600" : "no-store";
        await answer.Content.CopyToAsync(context.Response.Body, stop);
    }

    /// <summary>W3C Trace Context (level 1): a page that is traced goes on in the pipeline's own spans. What is no trace context stays here.</summary>
    private static void PassTraceOn(IHeaderDictionary from, HttpRequestHeaders to)
    {
        if (from.TraceParent is not [{ } parent] || !ActivityContext.TryParse(parent, null, out _)) return;
        to.TryAddWithoutValidation(HeaderNames.TraceParent, parent);
        if (from.TraceState is [{ Length: > 0 and <= MaxTraceState } state]) to.TryAddWithoutValidation(HeaderNames.TraceState, state);
    }

    private Task FailAsync(HttpContext context, int status, string why) =>
        new Problem(status, $"The events API at {_upstream.OriginalString} {why}. Check that it runs and that --events-url is right.").WriteAsync(context);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
