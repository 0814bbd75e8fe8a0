using System.Threading.Channels;
using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;

namespace Throughline.Engine;

/// <summary>
/// Turns frozen heads into blocks, one at a time, in the background: writes the block, then the manifest, then tells the store, which drops the head and the log
/// segments. Owned by the store. When the disk refuses, the head stays where it is and the flush is tried again.
/// </summary>
internal sealed class BlockFlusher : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly IFileSystem _files;
    private readonly StorePaths _paths;
    private readonly TimeProvider _time;
    private readonly PageCache _cache;
    private readonly Predicate<Model.TraceId> _isInBlocks;
    private readonly Action<FrozenHead, BlockReader> _flushed;
    private readonly Channel<FrozenHead> _queue = Channel.CreateUnbounded<FrozenHead>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private readonly List<long> _givenUp = [];
    private Manifest _manifest;
    private long _nextBlock;
    private volatile string? _problem;

    /// <summary>Begins the loop. <paramref name="flushed"/> is called on it when a block and its manifest are durable.</summary>
    public BlockFlusher(IFileSystem files, StorePaths paths, TimeProvider time, PageCache cache, Manifest manifest, Predicate<Model.TraceId> isInBlocks, Action<FrozenHead, BlockReader> flushed)
    {
        _files = files;
        _paths = paths;
        _time = time;
        _cache = cache;
        _manifest = manifest;
        _nextBlock = manifest.NextBlock;
        _isInBlocks = isInBlocks;
        _flushed = flushed;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Why the last flush failed; null when all is well.</summary>
    public string? Problem => _problem;

    /// <summary>Takes a frozen head; heads are flushed in the order they come.</summary>
    public void Enqueue(FrozenHead head) => _queue.Writer.TryWrite(head);

    /// <summary>Stops between two steps; a block that is not in the manifest yet is given up, its spans are in the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.Complete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var head in _queue.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false)) await FlushAsync(head).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The store is being closed: what is not flushed is in the log.
        }
    }

    private async Task FlushAsync(FrozenHead head)
    {
        while (true)
        {
            BlockReader block;
            try
            {
                block = Flush(head);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The host boundary of this loop: whatever it was, the spans are in the log and in memory, and the operator is told.
                _problem = $"a block cannot be written, its spans stay in the log and in memory: {(e is IOException or UnauthorizedAccessException ? "" : e.GetType().Name + ": ")}{e.Message}";
                await Task.Delay(RetryAfter, _time, _stop.Token).ConfigureAwait(false);
                continue;
            }
            _problem = null;
            _flushed(head, block);
            return;
        }
    }

    private BlockReader Flush(FrozenHead head)
    {
        // A number of its own for every try: a manifest whose directory could not be synced may name the block of the try before, and be the one that a crash leaves.
        var number = _nextBlock++;
        var name = Manifest.BlockFileName(number);
        var path = PathOf(number);
        _givenUp.Add(number);
        AtomicFile.Write(_files, path, file => head.Head.WriteBlock(file, _isInBlocks, _stop.Token));
        var block = BlockReader.Open(_files, path, name, _cache);
        try
        {
            var manifest = new Manifest(head.EndSegment, _nextBlock, [.. _manifest.Blocks, number]);
            manifest.Write(_files, _paths.Root);
            _manifest = manifest;
        }
        catch
        {
            block.Dispose();
            throw;
        }
        _givenUp.Remove(number);
        DeleteGivenUp();
        return block;
    }

    private void DeleteGivenUp()
    {
        try
        {
            foreach (var number in _givenUp) _files.Delete(PathOf(number));
            _givenUp.Clear();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No manifest names them: the next flush or the next opening deletes them.
        }
    }

    private string PathOf(long number) => Path.Combine(_paths.Blocks, Manifest.BlockFileName(number));
}
