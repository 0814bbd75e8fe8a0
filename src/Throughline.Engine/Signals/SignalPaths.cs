using System.Globalization;

namespace Throughline.Engine.Signals;

/// <summary>Where the files of a signal's store lie: <c>DIRECTORY/0/{name}/</c>, beside the traces. Immutable.</summary>
internal sealed record SignalPaths(string Directory, string Name)
{
    /// <summary>What the name of a block's file ends with.</summary>
    public const string BlockSuffix = ".block";

    /// <summary>The store's directory; holds the manifest.</summary>
    public string Root { get; } = Path.Combine(Directory, "0", Name);

    /// <summary>The manifest.</summary>
    public string Manifest { get; } = Path.Combine(Directory, "0", Name, SignalManifest.FileName);

    /// <summary>The log's segments.</summary>
    public string Log { get; } = Path.Combine(Directory, "0", Name, "log");

    /// <summary>The blocks.</summary>
    public string Blocks { get; } = Path.Combine(Directory, "0", Name, "blocks");

    /// <summary>The file name of a block.</summary>
    public static string BlockFileName(long number) => number.ToString("d10", CultureInfo.InvariantCulture) + BlockSuffix;

    /// <summary>The number of a block by its file's name; null for another file.</summary>
    public static long? BlockNumber(string name) =>
        name.EndsWith(BlockSuffix, StringComparison.Ordinal) && long.TryParse(name.AsSpan(0, name.Length - BlockSuffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The file of a block.</summary>
    public string Block(long number) => Path.Combine(Blocks, BlockFileName(number));

    /// <summary>A block as messages name it: its file from the data directory on.</summary>
    public string BlockName(long number) => $"0/{Name}/blocks/{BlockFileName(number)}";
}
