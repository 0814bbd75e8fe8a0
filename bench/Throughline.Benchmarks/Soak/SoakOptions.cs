namespace Throughline.Benchmarks;

/// <summary>How long and how hard a <see cref="SoakRun"/> works a server. Immutable.</summary>
public sealed record SoakOptions
{
    /// <summary>The server's program (throughline.dll).</summary>
    public required string ServerProgram { get; init; }

    /// <summary>An empty or new directory for the server; its owner deletes it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Further options of the server.</summary>
    public IReadOnlyList<string> ServerOptions { get; init; } = [];

    /// <summary>How long spans are sent.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Spans sent a second, as long as the server takes them.</summary>
    public int SpansPerSecond { get; init; } = 20_000;

    /// <summary>Makes ids and shapes of the traces; the same seed makes the same.</summary>
    public int Seed { get; init; } = 42;

    /// <summary>Connections that send.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>Time between two looks at memory, files and latencies.</summary>
    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two checks of a stored trace while spans are sent.</summary>
    public TimeSpan ReadInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>At the end so many traces are read and compared whole, all when there are no more; the others are only counted.</summary>
    public int TracesReadAtEnd { get; init; } = 20_000;

    /// <summary>Shorter runs are not judged by drift: their first quarter is warm-up.</summary>
    public TimeSpan DriftFrom { get; init; } = TimeSpan.FromMinutes(5);
}
