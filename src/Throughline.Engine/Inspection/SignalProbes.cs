using Throughline.Engine.Logs.Storage;
using Throughline.Engine.Metrics;
using Throughline.Engine.Profiles.Store;
using Throughline.Engine.Signals;

namespace Throughline.Engine.Inspection;

/// <summary>The formats of the signals beside the traces, for inspections: one line each. Immutable.</summary>
internal static class SignalProbes
{
    /// <summary>All of them. A store of a signal without a probe is checked as far as its manifest, its log's frames and the checksums of its blocks go.</summary>
    public static IReadOnlyList<ISignalProbe> All { get; } = [SignalProbe.Of(new LogFormat()), SignalProbe.Of(new MetricFormat()), SignalProbe.Of(new ProfileFormat())];
}
