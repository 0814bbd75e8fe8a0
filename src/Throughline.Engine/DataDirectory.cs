using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;

namespace Throughline.Engine;

/// <summary>
/// A data directory that this process has: its lock, and which store uses which part of it. The stores of traces and of all other signals share one, which is disposed of after the last of them. Thread safe.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _claimed = [];
    private readonly IDisposable _lock;

    private DataDirectory(string path, IDisposable held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Takes or creates a directory.</summary>
    /// <exception cref="StoreOpenException">It belongs to another program, another process has it, or the disk refuses.</exception>
    public static DataDirectory Take(string path, IFileSystem files)
    {
        try
        {
            if (DirectoryOwner.Stranger(files, path) is { } stranger)
                throw new StoreOpenException($"{path} holds {stranger}, which is no file of a store: the directory may belong to another program. Choose an empty one.");
            files.CreateDirectory(path);
            var held = files.TryLockDirectory(path)
                ?? throw new StoreOpenException($"The data directory {path} is in use by another process. Stop that one, or choose another directory.");
            return new DataDirectory(path, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreOpenException($"The data directory {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Takes a part of the directory, such as <c>traces</c>, for one store, until the answer is disposed of.</summary>
    /// <exception cref="StoreOpenException">Another store of this process has it.</exception>
    public IDisposable Claim(string part)
    {
        lock (_gate)
        {
            if (!_claimed.Add(part)) throw new StoreOpenException($"The {part} of {Path} are open in this process already.");
        }
        return new Claimed(this, part);
    }

    /// <summary>Lets other processes have it.</summary>
    public void Dispose() => _lock.Dispose();

    private void Release(string part)
    {
        lock (_gate)
        {
            _claimed.Remove(part);
        }
    }

    private sealed class Claimed(DataDirectory directory, string part) : IDisposable
    {
        private DataDirectory? _directory = directory;

        public void Dispose() => Interlocked.Exchange(ref _directory, null)?.Release(part);
    }
}
