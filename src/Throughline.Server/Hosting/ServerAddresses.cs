using Throughline.Server.Configuration;

namespace Throughline.Server.Hosting;

/// <summary>Where a server really listens, once port 0 has become a port. Immutable.</summary>
public sealed record ServerAddresses(ListenAddress Http, ListenAddress OtlpGrpc, ListenAddress OtlpHttp)
{
    /// <summary>The port of profiles; null where they have none of their own.</summary>
    public ListenAddress? Pyroscope { get; init; }

    /// <summary>The port of remote sampling; null where it has none of its own.</summary>
    public ListenAddress? RemoteSampling { get; init; }

    /// <summary>The line that tells whoever started the server that it is ready.</summary>
    public override string ToString() =>
        $"listening: http={Http} otlp-grpc={OtlpGrpc} otlp-http={OtlpHttp}{(Pyroscope is null ? "" : $" pyroscope={Pyroscope}")}{(RemoteSampling is null ? "" : $" remote-sampling={RemoteSampling}")}";
}
