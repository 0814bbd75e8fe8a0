using Throughline.Engine.Model;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>What OTLP says of a signal: where its requests come in, and how its replies name what was refused. Immutable.</summary>
/// <param name="Kind">Which signal.</param>
/// <param name="Items">What its requests hold, in words, capitalised.</param>
/// <param name="Path">Where OTLP/HTTP sends them.</param>
/// <param name="Service">The gRPC service behind <see cref="GrpcPackage"/>.</param>
/// <param name="RejectedField">The JSON name of the count in its partial success; in protobuf it is field 1 for all.</param>
/// <param name="RefusedAs">The reason under which single items are refused.</param>
public sealed record OtlpSignal(SignalKind Kind, string Items, string Path, string Service, string RejectedField, RefusalReason RefusedAs)
{
    /// <summary>What the names of the services begin with.</summary>
    public const string GrpcPackage = "opentelemetry.proto.collector.";

    /// <summary>Spans.</summary>
    public static OtlpSignal Traces { get; } = new(SignalKind.Traces, "Spans", "/v1/traces", "trace.v1.TraceService", "rejectedSpans", RefusalReason.InvalidIds);

    /// <summary>Log records.</summary>
    public static OtlpSignal Logs { get; } = new(SignalKind.Logs, "Logs", "/v1/logs", "logs.v1.LogsService", "rejectedLogRecords", RefusalReason.InvalidItems);

    /// <summary>Data points.</summary>
    public static OtlpSignal Metrics { get; } = new(SignalKind.Metrics, "Metrics", "/v1/metrics", "metrics.v1.MetricsService", "rejectedDataPoints", RefusalReason.InvalidItems);

    /// <summary>Profiles.</summary>
    public static OtlpSignal Profiles { get; } =
        new(SignalKind.Profiles, "Profiles", "/v1development/profiles", "profiles.v1development.ProfilesService", "rejectedProfiles", RefusalReason.InvalidItems);

    /// <summary>All of them, stored here or not.</summary>
    public static IReadOnlyList<OtlpSignal> All { get; } = [Traces, Logs, Metrics, Profiles];

    /// <summary>The signal of a kind.</summary>
    public static OtlpSignal Of(SignalKind kind) => All[(int)kind];

    /// <summary>The signal that a request's path names, over HTTP (below <paramref name="mount"/>) or gRPC.</summary>
    internal static OtlpSignal? At(PathString path, string mount = "") => All.FirstOrDefault(s => path == mount + s.Path || path.StartsWithSegments($"/{GrpcPackage}{s.Service}"));

    /// <summary>What a sender is told of a signal that no store is there for, or that is not taken where it was sent.</summary>
    internal string NotStored(IEnumerable<OtlpSignal> stored, string mount = "") =>
        $"{Items} are not stored by this server{(mount.Length == 0 ? "" : " when they are sent here")}, only {string.Join(", ", stored.Select(s => $"{s.Items.ToLowerInvariant()} (POST {mount}{s.Path})"))}. Turn the sender's {Items.ToLowerInvariant()} exporter off.";
}
