namespace Throughline.Engine.Model;

/// <summary>The kinds of telemetry that are received, each with its own requests, its own store and its own counts.</summary>
public enum SignalKind
{
    /// <summary>Spans.</summary>
    Traces,
    /// <summary>Log records.</summary>
    Logs,
    /// <summary>Data points of gauges, sums and histograms.</summary>
    Metrics,
    /// <summary>Windows of profiles.</summary>
    Profiles,
}
