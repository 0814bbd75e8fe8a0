using Throughline.Engine.Model;

namespace Throughline.Server.Configuration;

/// <summary>How the target of forwarding is spoken to.</summary>
public enum ForwardProtocol
{
    /// <summary>OTLP over gRPC.</summary>
    Grpc,
    /// <summary>OTLP over HTTP, protobuf.</summary>
    Http,
}

/// <summary>What gives way when the queue is full.</summary>
public enum ForwardFull
{
    /// <summary>What waits longest.</summary>
    DropOldest,
    /// <summary>What has just come.</summary>
    RefuseNewest,
}

/// <summary>Where what was stored is passed on to, and how. Every limit has an option and a default. Immutable.</summary>
public sealed record ForwardOptions
{
    /// <summary>The target; null: nothing is passed on.</summary>
    public Uri? Target { get; init; }

    /// <summary>The protocol of the target.</summary>
    public ForwardProtocol Protocol { get; init; } = ForwardProtocol.Grpc;

    /// <summary>The signals that are passed on. Traces only, unless told otherwise: most targets besides collectors take nothing else.</summary>
    public IReadOnlyList<SignalKind> Signals { get; init; } = [SignalKind.Traces];

    /// <summary>Headers of every request, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Whether requests are compressed by gzip.</summary>
    public bool Compress { get; init; } = true;

    /// <summary>PEM file of the authorities that the target's certificate may come from; null: those of the system.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>PEM file of the certificate that is shown to the target; null: none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM file of that certificate's key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The share of traces that is passed on, whole, by their id: above 0, at most 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>Bytes that may wait on disk.</summary>
    public long QueueBytes { get; init; } = 1L << 30;

    /// <summary>What gives way when they do.</summary>
    public ForwardFull WhenFull { get; init; } = ForwardFull.DropOldest;

    /// <summary>Bytes of requests that are sent as one; below the 4 MiB that gRPC receivers take by default.</summary>
    public int BatchBytes { get; init; } = 3 << 20;

    /// <summary>How long what has come waits for more.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Time for a request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait between two attempts, unless the target asks for more.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(60);
}
