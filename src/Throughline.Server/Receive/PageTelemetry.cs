namespace Throughline.Server.Receive;

/// <summary>Where the page's own spans are received: on the page's port, so that its security policy, and a proxy in front of it, need to know of one origin only.</summary>
public static class PageTelemetry
{
    /// <summary>On the page's port.</summary>
    public const string Path = "/otlp/v1/traces";

    /// <summary>The same on the port of OTLP over HTTP.</summary>
    public const string PathOfReceiver = "/v1/traces";
}
