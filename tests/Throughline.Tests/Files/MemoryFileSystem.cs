using System.Runtime.InteropServices;
using Throughline.Engine.Files;

namespace Throughline.Tests.Files;

/// <summary>
/// A file system in memory that knows what would survive a loss of power: the bytes that were synced, under the names that were synced. Everything else is
/// forgotten by <see cref="Crash"/>, or kept in part, as a real disk may. Thread safe.
/// </summary>
/// <remarks>Directories are durable when made, as <see cref="IFileSystem.CreateDirectory"/> promises.</remarks>
public sealed class MemoryFileSystem : IFileSystem
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MemoryDirectory> _directories = [];
    private readonly HashSet<string> _locked = [];
    private long _capacity = long.MaxValue;
    private long _used;
    private int _operations;
    private int _open;
    private int _reads;
    private bool _gone;

    /// <summary>
    /// Called before an operation that changes something, outside of any lock; may throw in its place, a <see cref="TornAppendException"/> to let an append write a part.
    /// </summary>
    public Action<FileOperation, string>? Before { get; set; }

    /// <summary>Changing operations so far.</summary>
    public int Operations => Volatile.Read(ref _operations);

    /// <summary>Files that are open, to be read or to be written.</summary>
    public int OpenFiles => Volatile.Read(ref _open);
    /// <summary>Reads of files so far.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Bytes that files may hold together; appends beyond it write what fits and fail.</summary>
    public long Capacity
    {
        set
        {
            lock (_gate)
                _capacity = value;
        }
    }

    /// <summary>Bytes that files hold together.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_gate)
                return _used;
        }
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            Check();
            for (var directory = Normal(path); directory.Length > 0; directory = DirectoryOf(directory))
                _directories.TryAdd(directory, new MemoryDirectory());
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_gate)
        {
            Check();
            return _directories.TryGetValue(Normal(directory), out var entries) ? [.. entries.Names.Keys.Order(StringComparer.Ordinal)] : [];
        }
    }

    /// <inheritdoc/>
    public bool FileExists(string path)
    {
        lock (_gate)
        {
            Check();
            return _directories.TryGetValue(DirectoryOf(path), out var entries) && entries.Names.ContainsKey(Path.GetFileName(path));
        }
    }

    /// <inheritdoc/>
    public IWritableFile CreateFile(string path)
    {
        Begin(FileOperation.Create, path);
        lock (_gate)
        {
            Check();
            var directory = Directory(path);
            var name = Path.GetFileName(path);
            if (directory.Names.ContainsKey(name))
                throw new IOException($"The file '{path}' already exists.");
            var content = new MemoryContent();
            directory.Names[name] = content;
            directory.Pending.Add(new PendingName(name, null, content));
            return new WritableFile(this, path, content);
        }
    }

    /// <inheritdoc/>
    public IReadableFile OpenRead(string path)
    {
        lock (_gate)
        {
            Check();
            return new ReadableFile(this, path, Content(path));
        }
    }

    /// <inheritdoc/>
    public void SyncFile(string path)
    {
        Begin(FileOperation.Sync, path);
        lock (_gate)
        {
            Check();
            Content(path).Sync();
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        Begin(FileOperation.Rename, to);
        lock (_gate)
        {
            Check();
            if (DirectoryOf(from) != DirectoryOf(to))
                throw new ArgumentException("a file is renamed within its directory", nameof(to));
            var directory = Directory(from);
            var content = Content(from);
            directory.Names.Remove(Path.GetFileName(from));
            if (directory.Names.TryGetValue(Path.GetFileName(to), out var replaced))
                _used -= replaced.Length;
            directory.Names[Path.GetFileName(to)] = content;
            directory.Pending.Add(new PendingName(Path.GetFileName(to), Path.GetFileName(from), content));
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        Begin(FileOperation.Delete, path);
        lock (_gate)
        {
            Check();
            if (!_directories.TryGetValue(DirectoryOf(path), out var directory) || !directory.Names.Remove(Path.GetFileName(path), out var content))
                return;
            _used -= content.Length;
            directory.Pending.Add(new PendingName(Path.GetFileName(path), null, null));
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory(string path)
    {
        Begin(FileOperation.SyncDirectory, path);
        lock (_gate)
        {
            Check();
            if (!_directories.TryGetValue(Normal(path), out var directory))
                throw new IOException($"cannot open directory '{path}': No such file or directory");
            foreach (var pending in directory.Pending)
                pending.Apply(directory.Durable);
            directory.Pending.Clear();
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryLockDirectory(string path)
    {
        lock (_gate)
        {
            Check();
            Directory(Path.Combine(path, "LOCK"));
            return _locked.Add(Normal(path)) ? new DirectoryLock(this, Normal(path)) : null;
        }
    }

    /// <summary>True after <see cref="Stop"/>.</summary>
    public bool IsStopped
    {
        get
        {
            lock (_gate)
                return _gone;
        }
    }

    /// <summary>Every operation throws from now on, as for a process that is gone.</summary>
    public void Stop()
    {
        lock (_gate)
            _gone = true;
    }

    /// <summary>
    /// What a machine finds after it lost its power now: synced bytes and synced names. With <paramref name="luck"/>, some of the unsynced names
    /// and a part of each file's unsynced bytes survived too, possibly with a stretch that was never written (zeros).
    /// </summary>
    public MemoryFileSystem Crash(Random? luck = null)
    {
        var after = new MemoryFileSystem();
        lock (_gate)
        {
            foreach (var (path, directory) in _directories)
            {
                var names = new Dictionary<string, MemoryContent>(directory.Durable);
                foreach (var pending in directory.Pending)
                {
                    if (luck is not null && luck.Next(2) == 0)
                        pending.Apply(names);
                }
                var copy = new MemoryDirectory();
                foreach (var (name, content) in names)
                {
                    var survivor = content.AfterCrash(luck);
                    after._used += survivor.Length;
                    copy.Names[name] = survivor;
                    copy.Durable[name] = survivor;
                }
                after._directories[path] = copy;
            }
        }
        return after;
    }

    /// <summary>The files as programs see them now, all of them durable.</summary>
    public MemoryFileSystem Copy()
    {
        var copy = new MemoryFileSystem();
        lock (_gate)
        {
            foreach (var path in _directories.Keys) copy._directories[path] = new MemoryDirectory();
            foreach (var (path, directory) in _directories)
            {
                foreach (var (name, content) in directory.Names) copy.WriteAll(Path.Combine(path, name), [.. content.Bytes]);
            }
        }
        return copy;
    }

    /// <summary>Turns one bit of a file over, on the disk itself.</summary>
    public void FlipBit(string path, long bit)
    {
        lock (_gate)
            Content(path).Bytes[(int)(bit / 8)] ^= (byte)(1 << (int)(bit % 8));
    }

    /// <summary>Paths of all files, in ordinal order.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_gate)
                return [.. _directories.SelectMany(d => d.Value.Names.Keys.Select(name => Path.Combine(d.Key, name))).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Bytes of a file.</summary>
    public byte[] ReadAll(string path)
    {
        lock (_gate)
            return [.. Content(path).Bytes];
    }

    /// <summary>Puts a durable file there.</summary>
    public void WriteAll(string path, byte[] bytes)
    {
        lock (_gate)
        {
            var content = new MemoryContent();
            content.Bytes.AddRange(bytes);
            content.Sync();
            _directories.TryAdd(DirectoryOf(path), new MemoryDirectory());
            var directory = Directory(path);
            _used += bytes.Length - (directory.Names.TryGetValue(Path.GetFileName(path), out var before) ? before.Length : 0);
            directory.Names[Path.GetFileName(path)] = content;
            directory.Durable[Path.GetFileName(path)] = content;
        }
    }

    private void Append(string path, MemoryContent content, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        TornAppendException? torn = null;
        try
        {
            Begin(FileOperation.Append, path);
        }
        catch (TornAppendException e)
        {
            torn = e;
        }
        lock (_gate)
        {
            Check();
            var left = torn is null ? long.MaxValue : (long)(torn.Share * buffers.Sum(b => (long)b.Length));
            foreach (var buffer in buffers)
            {
                var written = (int)Math.Min(left, buffer.Length);
                left -= written;
                var fits = (int)Math.Clamp(_capacity - _used, 0, written);
                content.Bytes.AddRange(buffer.Span[..fits]);
                _used += fits;
                if (fits < written)
                    throw new IOException($"No space left on device : '{path}'");
            }
        }
        if (torn is not null)
            throw torn;
    }

    private void Begin(FileOperation operation, string path)
    {
        Interlocked.Increment(ref _operations);
        Before?.Invoke(operation, path);
    }

    private void Check()
    {
        if (_gone)
            throw new IOException("the machine has lost its power");
    }

    private MemoryDirectory Directory(string path) => _directories.TryGetValue(DirectoryOf(path), out var directory)
        ? directory
        : throw new DirectoryNotFoundException($"Could not find a part of the path '{path}'.");

    private MemoryContent Content(string path) => Directory(path).Names.TryGetValue(Path.GetFileName(path), out var content)
        ? content
        : throw new FileNotFoundException($"Could not find file '{path}'.");

    private static string Normal(string path) => Path.TrimEndingDirectorySeparator(path);

    private static string DirectoryOf(string path) => Normal(Path.GetDirectoryName(path) ?? "");

    /// <summary>Counts as open until it is disposed of.</summary>
    private abstract class OpenFile : IDisposable
    {
        private int _isClosed;

        protected OpenFile(MemoryFileSystem owner)
        {
            Owner = owner;
            Interlocked.Increment(ref owner._open);
        }

        protected MemoryFileSystem Owner { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isClosed, 1) == 0) Interlocked.Decrement(ref Owner._open);
        }
    }

    private sealed class WritableFile(MemoryFileSystem owner, string path, MemoryContent content) : OpenFile(owner), IWritableFile
    {
        public long Length => content.Length;

        public void Append(IReadOnlyList<ReadOnlyMemory<byte>> buffers) => Owner.Append(path, content, buffers);

        public void Sync()
        {
            Owner.Begin(FileOperation.Sync, path);
            lock (Owner._gate)
            {
                Owner.Check();
                content.Sync();
            }
        }
    }

    private sealed class ReadableFile(MemoryFileSystem owner, string path, MemoryContent content) : OpenFile(owner), IReadableFile
    {
        public long Length { get; } = content.Length;

        public void ReadExactly(long offset, Span<byte> buffer)
        {
            lock (Owner._gate)
            {
                Owner.Check();
                Owner._reads++;
                if (offset < 0 || offset + buffer.Length > content.Length)
                    throw new EndOfStreamException($"{path}: expected {buffer.Length} bytes at offset {offset}, the file has {content.Length}");
                CollectionsMarshal.AsSpan(content.Bytes).Slice((int)offset, buffer.Length).CopyTo(buffer);
            }
        }
    }

    private sealed class DirectoryLock(MemoryFileSystem owner, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._gate)
                owner._locked.Remove(path);
        }
    }
}

/// <summary>The disk fails in the middle of an append: this share of the bytes is in the file.</summary>
public sealed class TornAppendException(double share, string message) : IOException(message)
{
    /// <summary>From 0 to 1.</summary>
    public double Share { get; } = share;
}

/// <summary>What a program does to files that may fail, or be the last thing it did.</summary>
public enum FileOperation
{
    Create,
    Append,
    Sync,
    Rename,
    Delete,
    SyncDirectory,
}
