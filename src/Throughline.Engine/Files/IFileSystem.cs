namespace Throughline.Engine.Files;

/// <summary>
/// The store's whole access to files. What it promises is what durable storage needs and no more: bytes are durable after
/// <see cref="IWritableFile.Sync"/>; a name (created, renamed, deleted) is durable after <see cref="SyncDirectory"/> of its directory.
/// Thread safe; failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
public interface IFileSystem
{
    /// <summary>
    /// Creates the directory and its parents, private to the user (0700), and makes their names durable. No error when it is there.
    /// </summary>
    void CreateDirectory(string path);

    /// <summary>Names (not paths) of the files in a directory, in ordinal order; empty when the directory is not there.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>True when the file is there.</summary>
    bool FileExists(string path);

    /// <summary>Creates a new file for appending; fails when it is there.</summary>
    IWritableFile CreateFile(string path);

    /// <summary>Opens a file for reading at any place.</summary>
    IReadableFile OpenRead(string path);

    /// <summary>
    /// Makes the bytes of a file durable that nobody writes any more: what an earlier process left in the page cache is on disk afterwards.
    /// </summary>
    void SyncFile(string path);

    /// <summary>Renames a file, replacing one of the new name; both names in one directory.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes a file; no error when it is not there. Its readers keep what they opened.</summary>
    void Delete(string path);

    /// <summary>Makes the names in the directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>
    /// Takes the directory for this process: an exclusive lock that ends with the handle or the process. Null when another holds it.
    /// </summary>
    IDisposable? TryLockDirectory(string path);

    /// <summary>Bytes that may still be written to the disk of a directory; null when that cannot be known.</summary>
    long? FreeBytes(string directory) => null;
}

/// <summary>A file that one owner appends to. Not thread safe.</summary>
public interface IWritableFile : IDisposable
{
    /// <summary>Bytes written so far.</summary>
    long Length { get; }

    /// <summary>Appends the buffers in order. After an exception the file's tail is unknown.</summary>
    void Append(IReadOnlyList<ReadOnlyMemory<byte>> buffers);

    /// <summary>
    /// Returns when every byte appended so far is durable. After an exception nothing is known of the unsynced bytes, and syncing again
    /// proves nothing.
    /// </summary>
    void Sync();
}

/// <summary>A file open for reading. Thread safe.</summary>
public interface IReadableFile : IDisposable
{
    /// <summary>The file's length in bytes when it was opened.</summary>
    long Length { get; }

    /// <summary>
    /// Fills the whole buffer from <paramref name="offset"/>; an <see cref="EndOfStreamException"/> when the file is shorter.
    /// </summary>
    void ReadExactly(long offset, Span<byte> buffer);
}
