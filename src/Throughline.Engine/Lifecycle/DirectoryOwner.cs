using Throughline.Engine.Blocks;
using Throughline.Engine.Files;

namespace Throughline.Engine.Lifecycle;

/// <summary>Tells a directory that may become a store from one that another program uses.</summary>
internal static class DirectoryOwner
{
    private const string LockName = "LOCK";

    /// <summary>What a data directory holds stores of, as their folders below <c>DIRECTORY/0/</c> are called.</summary>
    public static IReadOnlyList<string> Signals { get; } = ["traces", "logs", "metrics", "profiles"];

    /// <summary>True when there is a store of any signal in the directory.</summary>
    public static bool HoldsStore(IFileSystem files, string directory) => Signals.Any(signal => HoldsStore(files, directory, signal));

    /// <summary>True when there is a store of a signal in the directory.</summary>
    public static bool HoldsStore(IFileSystem files, string directory, string signal)
    {
        var root = Path.Combine(directory, "0", signal);
        return files.FileExists(Path.Combine(root, Manifest.FileName)) || files.ListFiles(Path.Combine(root, "blocks")).Count > 0 || files.ListFiles(Path.Combine(root, "log")).Count > 0;
    }

    /// <summary>A file of another program in a directory that holds no store yet; null when the directory is free or a store. Hidden files are nobody's.</summary>
    public static string? Stranger(IFileSystem files, string directory) =>
        HoldsStore(files, directory) ? null : files.ListFiles(directory).FirstOrDefault(name => name != LockName && !name.StartsWith('.'));
}
