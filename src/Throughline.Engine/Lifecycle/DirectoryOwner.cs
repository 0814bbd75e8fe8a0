using Throughline.Engine.Blocks;
using Throughline.Engine.Files;

namespace Throughline.Engine.Lifecycle;

/// <summary>Tells a directory that may become a store from one that another program uses.</summary>
internal static class DirectoryOwner
{
    private const string LockName = "LOCK";

    /// <summary>A file of another program in a directory that holds no store yet; null when the directory is free or a store. Hidden files are nobody's.</summary>
    public static string? Stranger(IFileSystem files, StorePaths paths)
    {
        if (files.FileExists(Path.Combine(paths.Root, Manifest.FileName)) || files.ListFiles(paths.Blocks).Count > 0 || files.ListFiles(paths.Log).Count > 0) return null;
        return files.ListFiles(paths.Directory).FirstOrDefault(name => name != LockName && !name.StartsWith('.'));
    }
}
