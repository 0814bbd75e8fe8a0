namespace Throughline.Pipeline.Backend.Faults;

/// <summary>
/// The faults that the backend can have, named by the configuration key <c>Fault</c>. The key is given to every service of the pipeline,
/// so that one which is none of these is another's; see <see cref="Fault"/>. Immutable.
/// </summary>
internal sealed class FaultSwitch(IConfiguration configuration)
{
    private readonly IReadOnlySet<string> _faults = Fault.Read(configuration);

    /// <summary>Another connection holds the database's write lock most of the time.</summary>
    public bool SlowDatabase => _faults.Contains("slow-database");

    /// <summary>Calls of the detector go out without trace context.</summary>
    public bool LostPropagation => _faults.Contains("lost-propagation");
}
