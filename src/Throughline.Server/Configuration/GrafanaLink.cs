namespace Throughline.Server.Configuration;

/// <summary>Where the page finds Grafana: at its own address, or below this server's mount when the server passes it on. Stateless.</summary>
internal static class GrafanaLink
{
    /// <summary>What the page links to and embeds: an address as it was configured, or a path of this server; null when there is no Grafana.</summary>
    /// <param name="url">The dashboard, or null.</param>
    /// <param name="proxy">The Grafana that the mount stands for, or null.</param>
    internal static string? For(Uri? url, Uri? proxy, string mount)
    {
        if (proxy is null) return url?.OriginalString;
        return url is null ? mount + "/" : mount + "/" + url.AbsoluteUri[Base(proxy).Length..].TrimStart('/');
    }

    /// <summary>Whether a dashboard lies on a Grafana.</summary>
    internal static bool LiesBelow(Uri url, Uri proxy) => url.AbsoluteUri.StartsWith(Base(proxy) + "/", StringComparison.OrdinalIgnoreCase);

    private static string Base(Uri proxy) => proxy.AbsoluteUri.TrimEnd('/');
}
