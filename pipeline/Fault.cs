namespace Throughline.Pipeline;

/// <summary>
/// The failures that can be switched on with <c>--Fault NAME</c>, several with commas between them, each by a real cause
/// (pipeline/README.md). Every service is told the names and does what is its part, if any; a name that is none is refused, rather than be
/// taken for no fault.
/// </summary>
internal static class Fault
{
    public const string DetectorOverload = "detector-overload", AnalystOutOfMemory = "analyst-out-of-memory", InvalidImage = "invalid-image";

    // The others are of the backend or the launcher alone.
    private static readonly string[] s_names =
    [
        DetectorOverload, "detector-down", AnalystOutOfMemory, InvalidImage, "slow-database", "lost-propagation", "clock-skew", "uninstrumented-hop",
    ];

    /// <summary>The faults that are on.</summary>
    /// <exception cref="InvalidOperationException">There is no fault of that name; the message lists those that there are.</exception>
    public static IReadOnlySet<string> Read(IConfiguration configuration)
    {
        var on = (configuration["Fault"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet();
        return on.FirstOrDefault(name => !s_names.Contains(name)) is { } unknown
            ? throw new InvalidOperationException($"There is no fault '{unknown}'; there are {string.Join(", ", s_names)}.")
            : on;
    }
}
