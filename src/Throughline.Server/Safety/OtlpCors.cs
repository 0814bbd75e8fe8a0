using Microsoft.Net.Http.Headers;

namespace Throughline.Server.Safety;

/// <summary>Cross-origin requests to the OTLP port, for the origins that the operator listed; without a list there are none. Immutable.</summary>
public sealed class OtlpCors(OriginRule origins)
{
    /// <summary>Whether the request asks what it may send before it sends it.</summary>
    public static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.Origin.Count > 0 && request.Headers.AccessControlRequestMethod.Count > 0;

    /// <summary>Answers a preflight; null when its origin may send, else why not.</summary>
    public RequestRefusal? AnswerPreflight(HttpContext context)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (!origins.IsListed(origin))
            return new RequestRefusal(StatusCodes.Status403Forbidden, $"Web pages of '{origin}' may not send OTLP here. Allow them with --otlp-cors-origin {origin}.");
        AllowReading(context, origin);
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "POST";
        headers.AccessControlAllowHeaders = "authorization, content-encoding, content-type";
        headers.AccessControlMaxAge = "7200";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    /// <summary>Lets a page of a listed origin read the answer.</summary>
    public void AllowReading(HttpContext context)
    {
        var origin = context.Request.Headers.Origin;
        if (origin.Count == 1 && origins.IsListed(origin[0])) AllowReading(context, origin.ToString());
    }

    private static void AllowReading(HttpContext context, string origin)
    {
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.AccessControlExposeHeaders = HeaderNames.RetryAfter;
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
    }
}
