namespace Throughline.Pipeline.Backend.Faults;

/// <summary>
/// The faults that the backend can have, named by the configuration key <c>Fault</c>. The key is given to every service of the pipeline,
/// so that a name which is none of these is another's. Immutable.
/// </summary>
internal sealed class FaultSwitch(IConfiguration configuration)
{
    private readonly string _fault = configuration["Fault"] ?? "";

    /// <summary>Another connection holds the database's write lock most of the time.</summary>
    public bool SlowDatabase => _fault == "slow-database";

    /// <summary>Calls of the detector go out without trace context.</summary>
    public bool LostPropagation => _fault == "lost-propagation";
}
