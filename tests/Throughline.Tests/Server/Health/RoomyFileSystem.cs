using Throughline.Engine.Files;

namespace Throughline.Tests.Server.Health;

/// <summary>The disk, with as much room as a test says.</summary>
internal sealed class RoomyFileSystem(IFileSystem inner) : IFileSystem
{
    private long _free = long.MaxValue;

    internal long Free
    {
        set => Interlocked.Exchange(ref _free, value);
    }

    public long? FreeBytes(string directory) => Interlocked.Read(ref _free);

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => inner.ListFiles(directory);

    public bool FileExists(string path) => inner.FileExists(path);

    public IWritableFile CreateFile(string path) => inner.CreateFile(path);

    public IReadableFile OpenRead(string path) => inner.OpenRead(path);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path) => inner.Delete(path);

    public void SyncDirectory(string path) => inner.SyncDirectory(path);

    public void SyncFile(string path) => inner.SyncFile(path);

    public IDisposable? TryLockDirectory(string path) => inner.TryLockDirectory(path);
}
