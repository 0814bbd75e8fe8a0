using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;

namespace Throughline.Engine.Signals;

/// <summary>
/// The manifest and the files of the blocks of a signal: the one place that changes either. Flushes, merges and retention come here from their own threads; one change is made at a time. Owned by the
/// store. Thread safe.
/// </summary>
internal sealed class SignalCatalog<TBatch, THead, TView, TBlock>(ISignalFormat<TBatch, THead, TView, TBlock> format, IFileSystem files, SignalPaths paths, PageCache cache, SignalManifest manifest)
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _deleting = new();
    private readonly List<long> _givenUp = [];
    private readonly List<long> _toDelete = [];
    private volatile SignalManifest _manifest = manifest;
    private bool _isUncertain;
    private long _lastBlock = manifest.NextBlock - 1;

    /// <summary>The manifest as it is on disk.</summary>
    public SignalManifest Current => _manifest;

    /// <summary>A block file that is whole and durable, and that no manifest names yet.</summary>
    internal sealed record NewBlock(long Number, SignalBlockFile File, TBlock Reader)
    {
        /// <summary>The block as the manifest will know it.</summary>
        public SignalBlockEntry Entry(ulong firstReceivedUnixNano, ulong lastReceivedUnixNano, int level) =>
            new(Number, File.SizeBytes, File.Facts.Items, File.Facts.FirstUnixNano, File.Facts.LastUnixNano, firstReceivedUnixNano, lastReceivedUnixNano, level);
    }

    /// <summary>
    /// Writes a block file and opens it; durable on return, but no manifest names it yet. A number of its own for every try: a manifest whose directory could not be synced may name the block
    /// of the try before, and be the one that a crash leaves.
    /// </summary>
    public NewBlock Write(Func<IWritableFile, SignalBlockFacts> content, IReadOnlyCollection<RequestDigest> digests)
    {
        var number = Interlocked.Increment(ref _lastBlock);
        try
        {
            AtomicFile.Write(files, paths.Block(number), file => SignalBlockFile.Write(file, format.Signal, content, digests));
            var (file, reader) = Open(format, files, paths, cache, number);
            return new NewBlock(number, file, reader);
        }
        catch
        {
            GiveUp(number);
            throw;
        }
    }

    /// <summary>Opens the file of a block.</summary>
    /// <exception cref="CorruptDataException">It is not what was written.</exception>
    public static (SignalBlockFile File, TBlock Reader) Open(ISignalFormat<TBatch, THead, TView, TBlock> format, IFileSystem files, SignalPaths paths, PageCache cache, long number)
    {
        var file = files.OpenRead(paths.Block(number));
        try
        {
            var block = SignalBlockFile.Read(file, paths.BlockName(number), format.Signal);
            return (block, format.Open(block.Content, block.Name, cache));
        }
        catch
        {
            file.Dispose();
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
    /// Replaces the manifest by what <paramref name="change"/> makes of it, durable, and then calls <paramref name="applied"/> before any other change is begun. When the disk refuses, the manifest in
    /// force is unknown until a later change succeeds: neither old nor new files may be deleted meanwhile.
    /// </summary>
    public void Commit(Func<SignalManifest, SignalManifest> change, Action applied)
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
            next.Write(files, paths);
            _isUncertain = false;
            _manifest = next;
            applied();
            lock (_deleting)
            {
                _givenUp.RemoveAll(n => givenUp.Contains(n));
                _toDelete.AddRange(givenUp);
            }
        }
        DeleteFiles();
    }

    /// <summary>Deletes the file of a block that nobody holds and no durable manifest names.</summary>
    public void Delete(long number)
    {
        lock (_deleting)
        {
            _toDelete.Add(number);
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
