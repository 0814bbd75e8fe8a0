using Throughline.Server.Configuration;
using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.Process;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;

namespace Throughline.Server.Hosting;

/// <summary>What the ports of one server share. Made once, before the ports are bound; owned by the host.</summary>
internal sealed record ServerParts(ServerOptions Options, StoreGate Gate, ForwardGate Forward, ProcessSettings Process, HealthWatch Health, LateAddresses Addresses, TimeProvider Time)
{
    /// <summary>What was received and refused.</summary>
    public IngestCounters Counters { get; } = new(Time);

    /// <summary>Rates, errors and durations of what was stored since the start.</summary>
    public RedCounters Red { get; } = new(Options.RedMaxOperations);
}
