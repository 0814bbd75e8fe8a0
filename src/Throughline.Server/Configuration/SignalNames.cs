using Throughline.Engine.Model;

namespace Throughline.Server.Configuration;

/// <summary>The signals as options, the API and messages name them. Stateless.</summary>
internal static class SignalNames
{
    /// <summary>The name of a signal.</summary>
    internal static string Of(SignalKind signal) => signal switch
    {
        SignalKind.Traces => "traces",
        SignalKind.Logs => "logs",
        SignalKind.Metrics => "metrics",
        SignalKind.Profiles => "profiles",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "A signal without a name."),
    };
}
