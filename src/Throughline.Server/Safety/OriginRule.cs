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
        if (origin.Count == 1) return IsOwn(origin[0], request) || IsListed(origin[0]);
        // Browsers leave Origin out of some requests of old, but then say where they come from.
        var site = request.Headers["Sec-Fetch-Site"];
        return site.Count == 0 || (site.Count == 1 && site[0] is "same-origin" or "none");
    }

    /// <summary>Whether the origin is on the allow-list.</summary>
    public bool IsListed(string? origin) => origin is not null && _listed.Contains(origin);

    private static bool IsOwn(string? origin, HttpRequest request) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);
}
