namespace Throughline.Engine.Files;

/// <summary>The file system of the machine. Thread safe; has no state of its own.</summary>
public sealed class DiskFileSystem : IFileSystem
{
    /// <summary>Name of the file that stands for the lock of a directory.</summary>
    public const string LockFileName = "LOCK";

    private const UnixFileMode PrivateDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        path = Path.GetFullPath(path);
        if (Directory.Exists(path))
            return;
        var parent = Path.GetDirectoryName(path);
        if (parent is not null)
            CreateDirectory(parent);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, PrivateDirectory);
        if (parent is not null)
            SyncDirectory(parent);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        if (!Directory.Exists(directory))
            return [];
        var names = new List<string>();
        foreach (var path in Directory.EnumerateFiles(directory))
            names.Add(Path.GetFileName(path));
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public long? FreeBytes(string directory) => new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public IWritableFile CreateFile(string path) =>
        new DiskWritableFile(File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete));

    /// <inheritdoc/>
    public IReadableFile OpenRead(string path) =>
        new DiskReadableFile(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    /// <inheritdoc/>
    public void SyncFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(handle);
    }

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void Delete(string path)
    {
        if (File.Exists(path))
            File.Delete(path);
    }

    /// <inheritdoc/>
    public void SyncDirectory(string path)
    {
        // Windows has no such call for a directory; NTFS journals names itself.
        if (!OperatingSystem.IsWindows())
            PosixFiles.SyncDirectory(path);
    }

    /// <inheritdoc/>
    public IDisposable? TryLockDirectory(string path)
    {
        var file = Path.Combine(path, LockFileName);
        if (OperatingSystem.IsWindows())
            return TryOpenExclusively(file);
        EnsureExists(file);
        return PosixFiles.TryLock(file);
    }

    private static void EnsureExists(string file)
    {
        if (File.Exists(file))
            return;
        try
        {
            File.OpenHandle(file, FileMode.CreateNew, FileAccess.Write).Dispose();
        }
        catch (IOException) when (File.Exists(file))
        {
            // Another process was quicker; the lock decides.
        }
    }

    private static IDisposable? TryOpenExclusively(string file)
    {
        const int sharingViolation = unchecked((int)0x80070020);
        try
        {
            return File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == sharingViolation)
        {
            return null;
        }
    }
}
