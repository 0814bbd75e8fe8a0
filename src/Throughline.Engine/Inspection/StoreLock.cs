using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;

namespace Throughline.Engine.Inspection;

/// <summary>Takes a store that is not open for an inspection, so that no server changes it meanwhile.</summary>
internal static class StoreLock
{
    /// <summary>The lock; released when it is disposed. Nothing is written into a directory that holds no store.</summary>
    /// <exception cref="StoreOpenException">The directory holds no store, or a server has it.</exception>
    public static IDisposable Take(string directory, IFileSystem files)
    {
        var paths = new StorePaths(directory);
        if (!DirectoryOwner.HoldsStore(files, directory)) throw new StoreOpenException($"{directory} holds no store: there is no {Path.Combine(paths.Root, Manifest.FileName)}. Name the directory that the server has as --data.");
        try
        {
            return files.TryLockDirectory(directory)
                ?? throw new StoreOpenException($"{directory} is in use by another process. Stop that one, or name a copy of the directory; a running server tells its figures at /api/v1/status.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreOpenException($"{directory} cannot be locked: {e.Message}", e);
        }
    }
}
