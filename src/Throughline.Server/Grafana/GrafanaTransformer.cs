using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Throughline.Server.Grafana;

/// <summary>What changes in requests and answers that are passed on to Grafana. The Host header stays, since Grafana compares it with the browser's origin. Stateless but for the address; thread safe.</summary>
internal sealed class GrafanaTransformer(Uri upstream) : HttpTransformer
{
    /// <summary>Beginnings of the names of Grafana's cookies. Cookies know no ports: others are of whatever else runs on this host.</summary>
    private static readonly string[] Cookies = ["grafana_", "oauth_", "redirect_to"];

    private readonly string _base = upstream.AbsoluteUri.TrimEnd('/');

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);
        var path = new PathString(context.Request.Path.Value?[GrafanaProxy.Mount.Length..]);
        request.RequestUri = RequestUtilities.MakeDestinationAddress(_base, path, context.Request.QueryString);
        request.Headers.Authorization = null;
        foreach (var name in request.Headers.Select(static header => header.Key).Where(SaysWhoAsks).ToList()) request.Headers.Remove(name);
        request.Headers.Remove(HeaderNames.Cookie);
        var kept = context.Request.Cookies.Count == 0 ? "" : string.Join("; ", Pairs(context.Request).Where(IsGrafanas));
        if (kept.Length > 0) request.Headers.TryAddWithoutValidation(HeaderNames.Cookie, kept);
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> TransformResponseAsync(HttpContext context, HttpResponseMessage? response, CancellationToken cancellationToken)
    {
        var copied = await base.TransformResponseAsync(context, response, cancellationToken);
        if (response is null) return copied;
        var headers = context.Response.Headers;
        // It is embedded by this server's own page: that much is allowed, and no more, whatever Grafana says of frames.
        headers.XFrameOptions = default;
        var policies = headers.ContentSecurityPolicy.Select(WithoutAncestors).Where(static policy => policy.Length > 0).Append("frame-ancestors 'self'");
        headers.ContentSecurityPolicy = policies.ToArray();
        if (headers.Location is [{ } location]) headers.Location = Here(location);
        return copied;
    }

    /// <summary>The pairs as they came: names and values are not ours to read or to encode anew.</summary>
    private static IEnumerable<string> Pairs(HttpRequest request) =>
        request.Headers.Cookie.SelectMany(static header => (header ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    /// <summary>What a Grafana may believe of a proxy in front of it: who is logged in, and who asks. Here anybody could write it.</summary>
    private static bool SaysWhoAsks(string header) =>
        header.StartsWith("X-WEBAUTH-", StringComparison.OrdinalIgnoreCase) || header.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || header.Equals("X-JWT-Assertion", StringComparison.OrdinalIgnoreCase) || header.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase) || header.Equals("Forwarded", StringComparison.OrdinalIgnoreCase);

    private static bool IsGrafanas(string pair) => Cookies.Any(name => pair.StartsWith(name, StringComparison.Ordinal));

    private static string WithoutAncestors(string? policy) =>
        string.Join("; ", (policy ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(static directive => !directive.StartsWith("frame-ancestors", StringComparison.OrdinalIgnoreCase)));

    /// <summary>
    /// Where a redirect leads on this server. Grafana's own knows the mount when its <c>root_url</c> says so; else the mount takes the place of the sub path that Grafana lives below, which may be none.
    /// </summary>
    private string Here(string location)
    {
        if (Below(_base, location) is { } rest) return GrafanaProxy.Mount + rest;
        var isPath = location.StartsWith('/') && !location.StartsWith("//", StringComparison.Ordinal);
        if (!isPath || Below(GrafanaProxy.Mount, location) is not null) return location;
        return Below(upstream.AbsolutePath.TrimEnd('/'), location) is { } path ? GrafanaProxy.Mount + path : location;
    }

    /// <summary>What follows on a prefix of whole segments; null when the location is not below it.</summary>
    private static string? Below(string prefix, string location) =>
        location.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && (location.Length == prefix.Length || location[prefix.Length] is '/' or '?' or '#') ? location[prefix.Length..] : null;
}
