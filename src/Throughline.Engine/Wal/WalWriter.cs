using System.Security.Cryptography;
using Throughline.Engine.Files;

namespace Throughline.Engine.Wal;

/// <summary>
/// Sees the records of a group when they are durable, in order, on the log's loop; the senders are answered when it returns. The list is
/// valid during the call. Must not block for long; when it throws, the log stops and every append fails.
/// </summary>
public delegate void WalCommitHandler<TState>(IReadOnlyList<WalEntry<TState>> group);

/// <summary>
/// The log: append-only segments, written by one loop that owns the files. Commits are grouped naturally: a sync begins as soon as the
/// one before has ended, and takes all that arrived meanwhile. Thread safe. Bytes are described in docs/format/wal.md.
/// </summary>
/// <remarks>
/// The files of segments that are deleted are used again for new ones, up to <see cref="WalOptions.SpareSegments"/>: checksums hold at one place in one segment only, so that what an earlier segment left is never taken for a record.
/// A failed write or sync is never retried: the segment is sealed where its durable bytes end, which the next segment's header tells to
/// recovery, and the group's appends fail. While no next segment can be begun (a full disk), appends fail with a message; every group
/// tries anew.
/// </remarks>
public sealed class WalWriter<TState> : IAsyncDisposable
{
    /// <summary>A segment's file is used again when it has so many bytes of records, or half a segment: a smaller one is not worth the care.</summary>
    private const long ReusableBytes = 4L << 20;

    private readonly IFileSystem _files;
    private readonly WalOptions _options;
    private readonly WalCommitHandler<TState> _committed;
    private readonly WalQueue<TState> _queue;
    private readonly WalSegmentSizes _sizes;
    private readonly WalSpares _spares;
    private readonly Lock _deleting = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<WalEntry<TState>> _group = [];
    private readonly List<WalCutRequest> _cuts = [];
    private WalSegmentWriter? _segment;
    private long _nextSegment;
    private long _previousSegment;
    private long _previousLength;
    private ulong _nextSequence;

    private WalWriter(IFileSystem files, WalOptions options, WalEnd end, WalCommitHandler<TState> committed)
    {
        _files = files;
        _options = options;
        _committed = committed;
        _queue = new WalQueue<TState>(options.QueueBytes);
        _sizes = new WalSegmentSizes(end.SegmentSizes);
        _spares = new WalSpares(files, options.Directory, options.SpareSegments);
        _nextSegment = end.NextSegment;
        _previousSegment = end.PreviousSegment;
        _previousLength = end.PreviousLength;
        _nextSequence = end.NextSequence;
    }

    /// <summary>
    /// Goes on where reading ended, in a new segment, and makes what was read durable: it may have come from the page cache of a machine
    /// that lost a process but not its power. Throws what the disk throws.
    /// </summary>
    public static WalWriter<TState> Open(IFileSystem files, WalOptions options, WalEnd end, WalCommitHandler<TState> committed)
    {
        files.CreateDirectory(options.Directory);
        if (end.PreviousSegment > 0)
            files.SyncFile(Path.Combine(options.Directory, WalSegmentName.Of(end.PreviousSegment)));
        var writer = new WalWriter<TState>(files, options, end, committed);
        var segment = writer.BeginSegment(isNewFile: true);
        try
        {
            new Thread(writer.Run) { IsBackground = true, Name = "throughline-log" }.Start();
        }
        catch
        {
            // The system gives no more threads: nobody else will close the file.
            segment.Dispose();
            throw;
        }
        return writer;
    }

    /// <summary>Bytes of all files: segments, what an earlier use left in them included, and those that wait to be used again.</summary>
    public long SizeBytes => _sizes.Total + _spares.Bytes;

    /// <summary>
    /// Appends a record. Ends when it is durable and the commit handler has seen it, or at once when it is refused. The payload must stay
    /// as it is until then; an append cannot be cancelled.
    /// </summary>
    public ValueTask<WalAppend> AppendAsync(in WalRecordHeader header, ReadOnlyMemory<byte> payload, TState state)
    {
        if (payload.Length > _options.MaxPayloadBytes)
        {
            var message = $"a record of {payload.Length} bytes is larger than the log takes ({_options.MaxPayloadBytes})";
            return new(new WalAppend(WalAppendStatus.Failed, 0, message));
        }
        var entry = new WalEntry<TState>(header, payload, state);
        return _queue.TryAdd(entry) is { } refused ? new(refused) : entry.Task;
    }

    /// <summary>
    /// Cuts the log before any append that is still waiting: <paramref name="atCut"/> runs on the loop, after the commit handler has seen
    /// all records before the cut and before it sees any behind it. Fails with an <see cref="IOException"/> when no new segment can be
    /// begun; then nothing was cut. May be called from the commit handler. With <paramref name="freesDisk"/> the next segment's file is a new one, which takes no more room than its records.
    /// </summary>
    public Task<WalCut> CutAsync(Action<WalCut> atCut, bool freesDisk = false)
    {
        var cut = new WalCutRequest(atCut, freesDisk);
        if (_queue.TryAdd(cut) is { } closed)
            cut.Fail(closed, null);
        return cut.Task;
    }

    /// <summary>Deletes the segments below <paramref name="segment"/>, whose records are durable elsewhere, or keeps their files for the next ones. Durable on return.</summary>
    public void DeleteSegmentsBefore(long segment)
    {
        lock (_deleting)
        {
            var spared = new List<WalSpare>();
            try
            {
                foreach (var name in _files.ListFiles(_options.Directory))
                {
                    var isLeft = WalSegmentName.IsSpare(name) && !_spares.IsKnown(name);
                    var isOver = WalSegmentName.TryParse(name, out var number) && number < segment;
                    if (isOver && IsReusable(number) && _spares.TryRename(number, _sizes.Of(number).FileBytes) is { } spare) spared.Add(spare);
                    else if (isOver || isLeft) _files.Delete(Path.Combine(_options.Directory, name));
                    if (isOver) _sizes.Remove(number);
                }
                _files.SyncDirectory(_options.Directory);
            }
            catch
            {
                // Their names may not be durable: they are not used, and the next call deletes them.
                foreach (var spare in spared) _spares.Forget(spare);
                throw;
            }
            foreach (var spare in spared) _spares.Add(spare);
        }
    }

    /// <summary>
    /// Deletes the files that have waited to be used again since the call before, or all of them: called now and then, it leaves none behind when less is written. What the disk refuses is thrown.
    /// </summary>
    public void DeleteSpares(bool all)
    {
        lock (_deleting) _spares.Trim(all);
    }

    private bool IsReusable(long number) => _sizes.Of(number).WrittenBytes >= Math.Min(ReusableBytes, _options.SegmentBytes / 2);

    /// <summary>Refuses new appends, commits those that wait, and seals the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Close("the log is closed");
        await _ended.Task.ConfigureAwait(false);
        try
        {
            DeleteSpares(all: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They hold nothing that is needed; the next opening deletes them.
        }
    }

    private void Run()
    {
        try
        {
            while (_queue.Take(_cuts, _group, _options.GroupBytes))
            {
                foreach (var cut in _cuts)
                    Cut(cut);
                _cuts.Clear();
                if (_group.Count > 0)
                    CommitGroup();
            }
            SealAtClose();
        }
        catch (Exception e)
        {
            // The host boundary of this thread: only the commit handler or a cut's action can throw here. The records are safe, but
            // nobody has seen them: stop, and say so.
            Stop($"the log stopped after an internal error: {e.GetType().Name}: {e.Message}");
        }
        _segment?.Dispose();
        _ended.SetResult();
    }

    private void CommitGroup()
    {
        if (Write() is { } failure)
        {
            CompleteGroup(failure);
            return;
        }
        _committed(_group);
        CompleteGroup(null);
        if (_segment is { } segment && segment.DurableLength >= _options.SegmentBytes)
            TryRotate(isNewFile: false);
    }

    /// <summary>Writes the group; the message when that failed.</summary>
    private string? Write()
    {
        try
        {
            var segment = _segment ?? BeginSegment(isNewFile: false);
            var first = _nextSequence;
            // Numbers of a failed group are not used again: its records may still be found on the disk.
            _nextSequence += (ulong)_group.Count;
            segment.Append(_group, first);
            _sizes.Write(segment.Number, segment.DurableLength);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Seal();
            TryBeginSegment(isNewFile: false);
            return $"the log cannot be written: {e.Message}";
        }
    }

    private void CompleteGroup(string? failure)
    {
        foreach (var entry in _group)
        {
            _queue.Release(entry.Payload.Length);
            entry.Complete(failure is null
                ? new WalAppend(WalAppendStatus.Committed, entry.Sequence, "")
                : new WalAppend(WalAppendStatus.Failed, 0, failure));
        }
        _group.Clear();
    }

    private void Cut(WalCutRequest request)
    {
        var isFit = _segment is { IsEmpty: true } segment && !(request.FreesDisk && segment.IsReused);
        if (!isFit && TryRotate(request.FreesDisk) is { } failure)
        {
            request.Fail($"the log cannot begin a segment: {failure.Message}", failure);
            return;
        }
        var cut = new WalCut(_nextSegment - 1, _nextSequence);
        request.AtCut(cut);
        request.Complete(cut);
    }

    private Exception? TryRotate(bool isNewFile)
    {
        Seal();
        return TryBeginSegment(isNewFile);
    }

    /// <summary>
    /// Ends the segment under way. It is not gone back to even when no other can be begun: a half-made next segment may already tell
    /// recovery where this one ends.
    /// </summary>
    private void Seal()
    {
        if (_segment is not { } segment)
            return;
        _previousSegment = segment.Number;
        _previousLength = segment.DurableLength;
        _segment = null;
        segment.Dispose();
    }

    private Exception? TryBeginSegment(bool isNewFile)
    {
        try
        {
            BeginSegment(isNewFile);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e;
        }
    }

    private WalSegmentWriter BeginSegment(bool isNewFile)
    {
        var number = _nextSegment++;
        var salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var spare = isNewFile ? null : _spares.Take();
        var header = new WalSegmentHeader(number, _nextSequence, _previousSegment, _previousLength, salt, IsReused: spare is not null);
        try
        {
            _segment = spare is { } file
                ? WalSegmentWriter.Reuse(_files, _options.Directory, file, header)
                : WalSegmentWriter.Begin(_files, _options.Directory, header);
        }
        finally
        {
            // It has another name now, or could not be used and is deleted, here or with the segments.
            if (spare is { } taken) _spares.Forget(taken);
        }
        _sizes.Begin(number, spare?.FileBytes ?? _segment.DurableLength);
        return _segment;
    }

    /// <summary>Begins a last segment, which tells recovery where the log ends, so that damage there is known from a torn tail.</summary>
    private void SealAtClose()
    {
        // When that fails, recovery reads the same records and can only say less about damage.
        if (_segment is { IsEmpty: false } or { IsReused: true })
            TryRotate(isNewFile: true);
    }

    private void Stop(string message)
    {
        _queue.Close(message);
        do
        {
            foreach (var cut in _cuts)
                cut.Fail(message, null);
            _cuts.Clear();
            CompleteGroup(message);
        }
        while (_queue.Take(_cuts, _group, long.MaxValue));
    }
}
