using Throughline.Engine.Files;

namespace Throughline.Engine.Wal;

/// <summary>A segment's file that may be written over: its path, the number of the segment that it was, its bytes.</summary>
internal readonly record struct WalSpare(string Path, long Number, long FileBytes);

/// <summary>
/// Segment files whose records are not needed any more, kept for the next segments: a file that has its blocks and its pages takes bytes at less cost than one that grows. They have a name that recovery
/// ignores. Thread safe; owned by the log's writer.
/// </summary>
internal sealed class WalSpares(IFileSystem files, string directory, int most)
{
    private readonly Lock _gate = new();
    private readonly Queue<WalSpare> _ready = new();
    private readonly HashSet<string> _known = [];
    private int _old;

    /// <summary>Bytes of the files that wait.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate) return _ready.Sum(static s => s.FileBytes);
        }
    }

    /// <summary>Gives a segment's file the name of a spare one when there is room for it; null when there is none. It is used after <see cref="Add"/> only.</summary>
    public WalSpare? TryRename(long number, long fileBytes)
    {
        var name = WalSegmentName.OfSpare(number);
        lock (_gate)
        {
            if (_known.Count >= most) return null;
            _known.Add(name);
        }
        var spare = new WalSpare(Path.Combine(directory, name), number, fileBytes);
        try
        {
            files.Rename(Path.Combine(directory, WalSegmentName.Of(number)), spare.Path);
            return spare;
        }
        catch
        {
            Forget(spare);
            throw;
        }
    }

    /// <summary>The file may be used. Its new name has to be durable, or a crash could bring it back as the segment that it was, with other bytes.</summary>
    public void Add(in WalSpare spare)
    {
        lock (_gate) _ready.Enqueue(spare);
    }

    /// <summary>The file is none of these any more, or was never usable.</summary>
    public void Forget(in WalSpare spare)
    {
        lock (_gate) _known.Remove(Path.GetFileName(spare.Path));
    }

    /// <summary>Whether a file of that name is in use here; others of such a name were left by a crash.</summary>
    public bool IsKnown(string name)
    {
        lock (_gate) return _known.Contains(name);
    }

    /// <summary>A file for the next segment, to be forgotten when it has its new name; null when there is none.</summary>
    public WalSpare? Take()
    {
        lock (_gate)
        {
            if (!_ready.TryDequeue(out var spare)) return null;
            _old = Math.Max(0, _old - 1);
            return spare;
        }
    }

    /// <summary>Deletes the files that were there at the call before already, or all; what the disk refuses to delete is thrown, and deleted at the next opening.</summary>
    public void Trim(bool all)
    {
        while (true)
        {
            WalSpare spare;
            lock (_gate)
            {
                if ((!all && _old == 0) || !_ready.TryDequeue(out spare))
                {
                    _old = _ready.Count;
                    return;
                }
                _old = Math.Max(0, _old - 1);
            }
            Forget(spare);
            files.Delete(spare.Path);
        }
    }
}
