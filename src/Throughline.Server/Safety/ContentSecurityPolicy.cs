namespace Throughline.Server.Safety;

/// <summary>What the page may load: its own files, and the configured Grafana in a frame.</summary>
public static class ContentSecurityPolicy
{
    /// <summary>The header's value; a Grafana that this server passes on is of its own origin.</summary>
    public static string For(Uri? grafana, bool isPassedOn = false)
    {
        var frames = isPassedOn ? "'self'" : grafana is null ? "'none'" : grafana.GetLeftPart(UriPartial.Authority);
        return $"default-src 'self'; img-src 'self' data:; frame-src {frames}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
    }
}
