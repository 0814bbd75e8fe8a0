namespace Throughline.Server.Safety;

/// <summary>
/// Which requests that change state are taken: those of our own page, those of programs that are no browser, and OTLP of listed origins.
/// Immutable.
/// </summary>
public sealed class OriginRule(IEnumerable<string> listedOrigins)
{
    private readonly HashSet<string> _listed = new(listedOrigins, StringComparer.Ordinal);

    /// <summary>Whether the request may change state, by its Origin and Sec-Fetch-Site headers.</summary>
    public bool AllowsChange(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        if (origin.Count > 1) return false;
        var site = request.Headers["Sec-Fetch-Site"];
        // Behind a proxy that speaks https the origin's scheme is not the one that came here; the browser compares them itself, and no page can write this header.
        if (origin.Count == 1) return IsOwn(origin[0], request) || IsListed(origin[0]) || (site.Count == 1 && site[0] == "same-origin");
        // Browsers leave Origin out of some requests of old, but then say where they come from.
        return site.Count == 0 || (site.Count == 1 && site[0] is "same-origin" or "none");
    }

    /// <summary>Whether a WebSocket may be opened: by a page of this host, whatever scheme a proxy before this server speaks, or by a program that is no browser.</summary>
    public bool AllowsSocket(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        if (origin.Count == 0) return true;
        return origin.Count == 1 && (IsListed(origin[0]) || (Uri.TryCreate(origin[0], UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Whether the origin is on the allow-list.</summary>
    public bool IsListed(string? origin) => origin is not null && _listed.Contains(origin);

    private static bool IsOwn(string? origin, HttpRequest request) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);
}
