using Microsoft.Win32.SafeHandles;

namespace Throughline.Engine.Files;

/// <summary>A file of <see cref="DiskFileSystem"/> that is written. Not thread safe.</summary>
internal sealed class DiskWritableFile(string path, SafeFileHandle handle) : IWritableFile
{
    public long Length { get; private set; }

    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        long count = 0;
        for (var i = 0; i < buffers.Count; i++)
            count += buffers[i].Length;
        RandomAccess.Write(handle, buffers, Length);
        Length += count;
    }

    /// <summary>
    /// fdatasync on Linux, F_FULLFSYNC on macOS, FlushFileBuffers on Windows. fdatasync writes the file's length when that has changed, and leaves out
    /// only the times of its last change: where bytes are written over, it does without a commit of the file system's journal.
    /// </summary>
    public void Sync()
    {
        if (OperatingSystem.IsLinux())
            PosixFiles.SyncData(handle, path);
        else
            RandomAccess.FlushToDisk(handle);
    }

    public void Dispose() => handle.Dispose();
}
