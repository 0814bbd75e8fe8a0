using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;

namespace Throughline.Engine.Lifecycle;

/// <summary>
/// The manifest and the files of the blocks: the one place that changes either. Flushes, compaction, retention and pins come here from their own threads; one change is made at a
/// time. Owned by the store. Thread safe.
/// </summary>
internal sealed class BlockCatalog(IFileSystem files, StorePaths paths, PageCache cache, Manifest manifest)
{
    private readonly Lock _gate = new();
    private readonly Lock _deleting = new();
    private readonly List<long> _givenUp = [];
    private readonly List<long> _toDelete = [];
    private volatile Manifest _manifest = manifest;
    private bool _isUncertain;
    private long _lastBlock = manifest.NextBlock - 1;

    /// <summary>The manifest as it is on disk.</summary>
    public Manifest Current => _manifest;

    /// <summary>
    /// Writes a block file and opens it; durable on return, but no manifest names it yet. A number of its own for every try: a manifest whose directory could not be synced may name the block
    /// of the try before, and be the one that a crash leaves.
    /// </summary>
    public NewBlock Write(Action<IWritableFile> write)
    {
        var number = Interlocked.Increment(ref _lastBlock);
        try
        {
            AtomicFile.Write(files, paths.Block(number), write);
            return new NewBlock(number, BlockReader.Open(files, paths.Block(number), Manifest.BlockFileName(number), cache));
        }
        catch
        {
            GiveUp(number);
            throw;
        }
    }

    /// <summary>A block that was written and is not wanted: its file is deleted once a manifest is durable that cannot name it.</summary>
    public void GiveUp(NewBlock block)
    {
        block.Reader.Dispose();
        GiveUp(block.Number);
    }

    private void GiveUp(long number)
    {
        lock (_deleting)
        {
            _givenUp.Add(number);
        }
    }

    /// <summary>
    /// Replaces the manifest by what <paramref name="change"/> makes of it, durable, and then calls <paramref name="applied"/> before any other change is begun; nothing when it is the same manifest. When the disk refuses, the
    /// manifest in force is unknown until a later change succeeds: neither old nor new files may be deleted meanwhile.
    /// </summary>
    public void Commit(Func<Manifest, Manifest> change, Action<Manifest> applied)
    {
        lock (_gate)
        {
            long[] givenUp;
            lock (_deleting)
            {
                givenUp = [.. _givenUp];
            }
            var changed = change(_manifest);
            if (ReferenceEquals(changed, _manifest) && !_isUncertain) return;
            var next = changed with { NextBlock = Interlocked.Read(ref _lastBlock) + 1 };
            _isUncertain = true;
            next.Write(files, paths.Root);
            _isUncertain = false;
            _manifest = next;
            applied(next);
            lock (_deleting)
            {
                _givenUp.RemoveAll(n => givenUp.Contains(n));
                _toDelete.AddRange(givenUp);
            }
        }
        DeleteFiles();
    }

    /// <summary>Drops blocks that are in the manifest and could not be opened.</summary>
    public void DropUnopened(IReadOnlyCollection<long> numbers)
    {
        Commit(m => m with { Blocks = [.. m.Blocks.Where(b => !numbers.Contains(b.Number))] }, static _ => { });
        lock (_deleting)
        {
            _toDelete.AddRange(numbers);
        }
        DeleteFiles();
    }

    /// <summary>Deletes the file of a block that nobody holds and no manifest names.</summary>
    public void Delete(StoredBlock block)
    {
        lock (_deleting)
        {
            _toDelete.Add(block.Facts.Number);
        }
        DeleteFiles();
    }

    private void DeleteFiles()
    {
        lock (_deleting)
        {
            try
            {
                while (_toDelete.Count > 0)
                {
                    files.Delete(paths.Block(_toDelete[^1]));
                    _toDelete.RemoveAt(_toDelete.Count - 1);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // No manifest names them: the next change or the next opening deletes them.
            }
        }
    }
}

/// <summary>A block file that is whole and durable, and that no manifest names yet.</summary>
internal sealed record NewBlock(long Number, BlockReader Reader);
