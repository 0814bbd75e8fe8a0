using Throughline.Server.Configuration;

namespace Throughline.Server.Hosting;

/// <summary>Where a server really listens, once port 0 has become a port. Immutable.</summary>
public sealed record ServerAddresses(ListenAddress Http, ListenAddress OtlpGrpc, ListenAddress OtlpHttp)
{
    /// <summary>The line that tells whoever started the server that it is ready.</summary>
    public override string ToString() => $"listening: http={Http} otlp-grpc={OtlpGrpc} otlp-http={OtlpHttp}";
}
