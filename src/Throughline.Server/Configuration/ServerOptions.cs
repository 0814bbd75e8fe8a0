using Throughline.Engine;
using Throughline.Engine.Signals;

namespace Throughline.Server.Configuration;

/// <summary>Everything that a server can be told at its start. Immutable; made by <see cref="ServerCommandLine"/> and by tests.</summary>
public sealed record ServerOptions
{
    /// <summary>The page and the query APIs.</summary>
    public ListenAddress Http { get; init; } = new(System.Net.IPAddress.Loopback, 16686);

    /// <summary>OTLP over gRPC.</summary>
    public ListenAddress OtlpGrpc { get; init; } = new(System.Net.IPAddress.Loopback, 4317);

    /// <summary>OTLP over HTTP.</summary>
    public ListenAddress OtlpHttp { get; init; } = new(System.Net.IPAddress.Loopback, 4318);

    /// <summary>A port of their own for profiles, where Pyroscope's libraries expect one; null: they are taken on the port of OTLP over HTTP only.</summary>
    public ListenAddress? Pyroscope { get; init; }

    /// <summary>A port of its own for remote sampling, where Jaeger's SDKs expect one; null: it is told on the port of the page only.</summary>
    public ListenAddress? RemoteSampling { get; init; }

    /// <summary>All ports, in the order in which they are bound.</summary>
    public IEnumerable<ServerPort> Ports
    {
        get
        {
            yield return new ServerPort("--http", Http, ListenerRole.Http);
            yield return new ServerPort("--otlp-grpc", OtlpGrpc, ListenerRole.OtlpGrpc);
            yield return new ServerPort("--otlp-http", OtlpHttp, ListenerRole.OtlpHttp);
            if (Pyroscope is { } profiles) yield return new ServerPort("--pyroscope", profiles, ListenerRole.Profiles);
            if (RemoteSampling is { } sampling) yield return new ServerPort("--remote-sampling", sampling, ListenerRole.Sampling);
        }
    }

    /// <summary>The Grafana that the page links to and may embed; null when there is none.</summary>
    public Uri? GrafanaUrl { get; init; }

    /// <summary>The Grafana that this server passes on under /grafana/; null when it does not.</summary>
    public Uri? GrafanaProxy { get; init; }

    /// <summary>Time that such a Grafana may be silent.</summary>
    public TimeSpan GrafanaTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The events API that the page's Events screen shows, passed on by this server; null when there is none.</summary>
    public Uri? EventsUrl { get; init; }

    /// <summary>Time that such an API may take to answer.</summary>
    public TimeSpan EventsTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Share of the traces of the page itself that are recorded, as service hsi-frontend; 0 when it is not traced.</summary>
    public double PageTraceRate { get; init; }

    /// <summary>The Jaeger UI that the page links to; null when there is none.</summary>
    public Uri? JaegerUrl { get; init; }

    /// <summary>What callers must present; null: nothing.</summary>
    public string? Token { get; init; }

    /// <summary>Listening beyond this machine without a token is wanted.</summary>
    public bool Insecure { get; init; }

    /// <summary>Sensitive attribute values are replaced before they are stored.</summary>
    public bool Redact { get; init; } = true;

    /// <summary>Names of this server, beside the loopback names, that a Host header may have.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins of web pages that may send OTLP from a browser.</summary>
    public IReadOnlyList<string> OtlpCorsOrigins { get; init; } = [];

    /// <summary>Limits of what senders may send.</summary>
    public ReceiveLimits Receive { get; init; } = new();

    /// <summary>Where what was stored is passed on to.</summary>
    public ForwardOptions Forward { get; init; } = new();

    /// <summary>When the page calls a resource saturated or starved.</summary>
    public LaneThresholds Lanes { get; init; } = new();

    /// <summary>How often what was dropped is written down, to be known after a restart.</summary>
    public TimeSpan ProcessCountsInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Series of metrics that may get points within an hour.</summary>
    public int MetricsMaxSeries { get; init; } = 100_000;

    /// <summary>Combinations of service, operation, kind and status that /metrics counts spans by.</summary>
    public int RedMaxOperations { get; init; } = 2000;

    /// <summary>The directory of all stores, and the limits and sizes of the traces.</summary>
    public required TraceStoreOptions Store { get; init; }

    /// <summary>Limits and sizes of the store of logs.</summary>
    public SignalStoreOptions Logs { get; init; } = new();

    /// <summary>Limits and sizes of the store of metrics, whose points come slowly: a small head for a longer time.</summary>
    public SignalStoreOptions Metrics { get; init; } = new() { HeadMaxBytes = 16L << 20, BlockCacheBytes = 16L << 20 };

    /// <summary>Limits and sizes of the store of profiles.</summary>
    public SignalStoreOptions Profiles { get; init; } = new() { HeadMaxBytes = 16L << 20, BlockCacheBytes = 16L << 20 };

    /// <summary>What each option of the command line is, for the page to tell; empty when the server was not started by one.</summary>
    public IReadOnlyList<SettingInForce> Settings { get; init; } = [];

    /// <summary>Time that requests under way have to end when the server stops.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
