namespace Throughline.Pipeline;

/// <summary>
/// The failures that can be switched on with <c>--Fault NAME</c>, each by a real cause (pipeline/README.md). Every service is told the
/// name and does what is its part, if any; a name that is none is refused, rather than be taken for no fault.
/// </summary>
internal static class Fault
{
    public const string DetectorOverload = "detector-overload", AnalystOutOfMemory = "analyst-out-of-memory", InvalidImage = "invalid-image";

    // The others are of the backend or the launcher alone.
    private static readonly string[] s_names =
    [
        DetectorOverload, "detector-down", AnalystOutOfMemory, InvalidImage, "slow-database", "lost-propagation", "clock-skew", "uninstrumented-hop",
    ];

    /// <summary>The fault that is on; null when none is.</summary>
    /// <exception cref="InvalidOperationException">There is no fault of that name; the message lists those that there are.</exception>
    public static string? Read(IConfiguration configuration) => configuration["Fault"] switch
    {
        null or "" => null,
        var name when s_names.Contains(name) => name,
        var name => throw new InvalidOperationException($"There is no fault '{name}'; there are {string.Join(", ", s_names)}."),
    };
}
