namespace Throughline.Server.Configuration;

/// <summary>What a port is for. Every connection carries its port's role as a feature, so that a request cannot reach what another port serves.</summary>
public enum ListenerRole
{
    /// <summary>The page and the query APIs.</summary>
    Http,
    /// <summary>OTLP over gRPC.</summary>
    OtlpGrpc,
    /// <summary>OTLP over HTTP.</summary>
    OtlpHttp,
}

/// <summary>The feature of a connection that says which port it came to.</summary>
public sealed record ListenerFeature(ListenerRole Role);
