using Throughline.Engine.Files;

namespace Throughline.Tests.Server;

/// <summary>A file system whose writes fail while a test says so, as a full or broken disk's do.</summary>
internal sealed class FailingFileSystem(IFileSystem inner) : IFileSystem
{
    /// <summary>Whether appending and syncing fail.</summary>
    internal volatile bool Fails;

    /// <summary>Whether the failure is one that no file system should have.</summary>
    internal volatile bool IsUnexpected;

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => inner.ListFiles(directory);

    public bool FileExists(string path) => inner.FileExists(path);

    public IWritableFile CreateFile(string path) => new File(this, inner.CreateFile(path));

    public IReadableFile OpenRead(string path) => inner.OpenRead(path);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path) => inner.Delete(path);

    public void SyncDirectory(string path) => inner.SyncDirectory(path);

    public void SyncFile(string path) => inner.SyncFile(path);

    public IDisposable? TryLockDirectory(string path) => inner.TryLockDirectory(path);

    private void Check()
    {
        if (Fails && IsUnexpected) throw new InvalidOperationException("a mistake (a test says so)");
        if (Fails) throw new IOException("No space left on device (a test says so)");
    }

    private sealed class File(FailingFileSystem owner, IWritableFile inner) : IWritableFile
    {
        public long Length => inner.Length;

        public void Append(IReadOnlyList<ReadOnlyMemory<byte>> buffers)
        {
            owner.Check();
            inner.Append(buffers);
        }

        public void Sync()
        {
            owner.Check();
            inner.Sync();
        }

        public void Dispose() => inner.Dispose();
    }
}
