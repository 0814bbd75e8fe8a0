namespace Throughline.Engine.Files;

/// <summary>
/// The one place that makes a file appear whole or not at all: temporary file, sync, rename, sync of the directory. A crash leaves the old
/// file or the new one, and perhaps a temporary file, whose name ends with <see cref="TemporarySuffix"/> and which nobody reads.
/// </summary>
public static class AtomicFile
{
    /// <summary>What the name of an unfinished file ends with. Its owner deletes such files when it opens the directory.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>
    /// Writes a file or replaces the one of that name; durable on return. When <paramref name="write"/> or the disk throws before the
    /// rename, the old file stays as it was; when the sync of the directory throws, either of the two may be there after a crash.
    /// </summary>
    public static void Write(IFileSystem files, string path, Action<IWritableFile> write)
    {
        var directory = Path.GetDirectoryName(path) ?? throw new ArgumentException($"'{path}' names no file in a directory", nameof(path));
        var temporary = path + TemporarySuffix;
        files.Delete(temporary);
        try
        {
            using (var file = files.CreateFile(temporary))
            {
                write(file);
                file.Sync();
            }
            files.Rename(temporary, path);
        }
        catch
        {
            DeleteQuietly(files, temporary);
            throw;
        }
        files.SyncDirectory(directory);
    }

    private static void DeleteQuietly(IFileSystem files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to tell; what is left here is deleted by the next write or the next opening.
        }
    }
}
