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
/// A failed write or sync is never retried: the segment is sealed where its durable bytes end, which the next segment's header tells to
/// recovery, and the group's appends fail. While no next segment can be begun (a full disk), appends fail with a message; every group
/// tries anew.
/// </remarks>
public sealed class WalWriter<TState> : IAsyncDisposable
{
    private readonly IFileSystem _files;
    private readonly WalOptions _options;
    private readonly WalCommitHandler<TState> _committed;
    private readonly WalQueue<TState> _queue;
    private readonly WalSegmentSizes _sizes;
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
        var segment = writer.BeginSegment();
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

    /// <summary>Bytes of all segment files.</summary>
    public long SizeBytes => _sizes.Total;

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
    /// begun; then nothing was cut. May be called from the commit handler.
    /// </summary>
    public Task<WalCut> CutAsync(Action<WalCut> atCut)
    {
        var cut = new WalCutRequest(atCut);
        if (_queue.TryAdd(cut) is { } closed)
            cut.Fail(closed, null);
        return cut.Task;
    }

    /// <summary>Deletes the segments below <paramref name="segment"/>, whose records are durable elsewhere. Durable on return.</summary>
    public void DeleteSegmentsBefore(long segment)
    {
        foreach (var name in _files.ListFiles(_options.Directory))
        {
            if (!WalSegmentName.TryParse(name, out var number) || number >= segment)
                continue;
            _files.Delete(Path.Combine(_options.Directory, name));
            _sizes.Remove(number);
        }
        _files.SyncDirectory(_options.Directory);
    }

    /// <summary>Refuses new appends, commits those that wait, and seals the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Close("the log is closed");
        await _ended.Task.ConfigureAwait(false);
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
            TryRotate();
    }

    /// <summary>Writes the group; the message when that failed.</summary>
    private string? Write()
    {
        try
        {
            var segment = _segment ?? BeginSegment();
            var first = _nextSequence;
            // Numbers of a failed group are not used again: its records may still be found on the disk.
            _nextSequence += (ulong)_group.Count;
            segment.Append(_group, first);
            _sizes.Set(segment.Number, segment.DurableLength);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Seal();
            TryBeginSegment();
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
        if (_segment is not { IsEmpty: true } && TryRotate() is { } failure)
        {
            request.Fail($"the log cannot begin a segment: {failure.Message}", failure);
            return;
        }
        var cut = new WalCut(_nextSegment - 1, _nextSequence);
        request.AtCut(cut);
        request.Complete(cut);
    }

    private Exception? TryRotate()
    {
        Seal();
        return TryBeginSegment();
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

    private Exception? TryBeginSegment()
    {
        try
        {
            BeginSegment();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e;
        }
    }

    private WalSegmentWriter BeginSegment()
    {
        var number = _nextSegment++;
        var salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var header = new WalSegmentHeader(number, _nextSequence, _previousSegment, _previousLength, salt);
        _segment = WalSegmentWriter.Begin(_files, _options.Directory, header);
        _sizes.Set(number, _segment.DurableLength);
        return _segment;
    }

    /// <summary>Begins a last segment, which tells recovery where the log ends, so that damage there is known from a torn tail.</summary>
    private void SealAtClose()
    {
        // When that fails, recovery reads the same records and can only say less about damage.
        if (_segment is { IsEmpty: false })
            TryRotate();
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
