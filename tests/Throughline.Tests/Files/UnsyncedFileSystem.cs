using Throughline.Engine.Files;

namespace Throughline.Tests.Files;

/// <summary>A file system on which every sync does nothing: with it, proofs of durability must fail.</summary>
public sealed class UnsyncedFileSystem(IFileSystem inner) : IFileSystem
{
    /// <inheritdoc/>
    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => inner.ListFiles(directory);

    /// <inheritdoc/>
    public bool FileExists(string path) => inner.FileExists(path);

    /// <inheritdoc/>
    public IWritableFile CreateFile(string path) => new UnsyncedFile(inner.CreateFile(path));

    /// <inheritdoc/>
    public IReadableFile OpenRead(string path) => inner.OpenRead(path);

    /// <inheritdoc/>
    public void SyncFile(string path)
    {
    }

    /// <inheritdoc/>
    public void Rename(string from, string to) => inner.Rename(from, to);

    /// <inheritdoc/>
    public void Delete(string path) => inner.Delete(path);

    /// <inheritdoc/>
    public void SyncDirectory(string path)
    {
    }

    /// <inheritdoc/>
    public IDisposable? TryLockDirectory(string path) => inner.TryLockDirectory(path);

    private sealed class UnsyncedFile(IWritableFile inner) : IWritableFile
    {
        public long Length => inner.Length;

        public void Append(IReadOnlyList<ReadOnlyMemory<byte>> buffers) => inner.Append(buffers);

        public void Sync()
        {
        }

        public void Dispose() => inner.Dispose();
    }
}
