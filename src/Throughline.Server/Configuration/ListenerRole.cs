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
    /// <summary>Profiles, on a port of their own.</summary>
    Profiles,
    /// <summary>Remote sampling, on a port of its own.</summary>
    Sampling,
}

/// <summary>A port that the server listens on. Immutable.</summary>
/// <param name="Option">The option that sets it, with its dashes.</param>
public sealed record ServerPort(string Option, ListenAddress Address, ListenerRole Role);

/// <summary>The feature of a connection that says which port it came to.</summary>
public sealed record ListenerFeature(ListenerRole Role);
