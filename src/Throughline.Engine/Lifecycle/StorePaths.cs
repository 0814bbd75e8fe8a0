using Throughline.Engine.Blocks;

namespace Throughline.Engine.Lifecycle;

/// <summary>Where a store's files lie: <c>DIRECTORY/{tenant}/{signal}/</c>. Immutable.</summary>
internal sealed record StorePaths(string Directory)
{
    /// <summary>The directory of the traces of tenant 0; holds the manifest.</summary>
    public string Root { get; } = Path.Combine(Directory, "0", "traces");

    /// <summary>The log's segments.</summary>
    public string Log { get; } = Path.Combine(Directory, "0", "traces", "log");

    /// <summary>The blocks.</summary>
    public string Blocks { get; } = Path.Combine(Directory, "0", "traces", "blocks");

    /// <summary>What tail sampling decided about the last traces.</summary>
    public string TailDecisions { get; } = Path.Combine(Directory, "0", "traces", TailDecisionsName);

    /// <summary>The name of that file.</summary>
    public const string TailDecisionsName = "tail-decisions";

    /// <summary>The file of a block.</summary>
    public string Block(long number) => Path.Combine(Blocks, Manifest.BlockFileName(number));
}
