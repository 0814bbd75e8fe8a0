using Throughline.Engine.Wal;

namespace Throughline.Server.Forward;

/// <summary>Where each signal goes. A signal that is stored one day is passed on when it has its line here. Stateless.</summary>
internal static class ForwardSignals
{
    /// <summary>The path of OTLP over HTTP.</summary>
    internal static string PathOf(WalSignal signal) => signal switch
    {
        WalSignal.Traces => "/v1/traces",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "There is no path for this signal."),
    };

    /// <summary>The path of OTLP over gRPC.</summary>
    internal static string MethodOf(WalSignal signal) => signal switch
    {
        WalSignal.Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "There is no method for this signal."),
    };
}
