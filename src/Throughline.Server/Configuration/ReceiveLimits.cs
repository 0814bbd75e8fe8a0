using Throughline.Engine.Decode;
using Throughline.Engine.Profiles.Decode;

namespace Throughline.Server.Configuration;

/// <summary>Limits of what senders may send. Every limit has an option, a default and, where it is hit, a message.</summary>
public sealed record ReceiveLimits
{
    /// <summary>Bytes of a request's body as it comes over the wire.</summary>
    public int MaxBodyBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of a request's body after decompression.</summary>
    public int MaxExpandedBodyBytes { get; init; } = 64 << 20;

    /// <summary>How deep attribute values may nest.</summary>
    public int MaxNesting { get; init; } = OtlpTraceDecoder.DefaultMaxNesting;

    /// <summary>What a profile may hold.</summary>
    public ProfileLimits Profiles { get; init; } = new();

    /// <summary>Export requests that are worked on at once, over both protocols.</summary>
    public int MaxConcurrentRequests { get; init; } = 64;

    /// <summary>Bytes of the bodies that are in memory at once, over both protocols.</summary>
    public long MaxBytesInFlight { get; init; } = 256L << 20;

    /// <summary>Memory of the process above which senders are told to come again; 0 for no limit. Four fifths of what the machine, or the container, has.</summary>
    public long MaxMemoryBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5 * 4;

    /// <summary>Bytes that are to stay free on the disk; below them nothing is taken in.</summary>
    public long MinFreeBytes { get; init; } = 256L << 20;

    /// <summary>Connections of all ports together.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Streams of one HTTP/2 connection.</summary>
    public int MaxStreamsPerConnection { get; init; } = 100;

    /// <summary>Bytes of a request's headers together.</summary>
    public int MaxHeaderBytes { get; init; } = 32 << 10;

    /// <summary>Time for a request's headers to arrive.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time for a request's body to arrive.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
