using Throughline.Engine.Model;
using Throughline.Engine.Wal;

namespace Throughline.Server.Forward;

/// <summary>Where each signal goes. A signal that is stored one day is passed on when it has its line here. Stateless.</summary>
internal static class ForwardSignals
{
    /// <summary>The signal as the queue writes it.</summary>
    internal static WalSignal Of(SignalKind signal) => signal switch
    {
        SignalKind.Traces => WalSignal.Traces,
        SignalKind.Logs => WalSignal.Logs,
        SignalKind.Metrics => WalSignal.Metrics,
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "This signal is not passed on."),
    };

    /// <summary>The path of OTLP over HTTP.</summary>
    internal static string PathOf(WalSignal signal) => signal switch
    {
        WalSignal.Traces => "/v1/traces",
        WalSignal.Logs => "/v1/logs",
        WalSignal.Metrics => "/v1/metrics",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "There is no path for this signal."),
    };

    /// <summary>The path of OTLP over gRPC.</summary>
    internal static string MethodOf(WalSignal signal) => signal switch
    {
        WalSignal.Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        WalSignal.Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        WalSignal.Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "There is no method for this signal."),
    };

    /// <summary>Whether records of a signal can be sent: a newer release may have left others in the queue.</summary>
    internal static bool IsKnown(WalSignal signal) => signal is WalSignal.Traces or WalSignal.Logs or WalSignal.Metrics;
}
