using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Throughline.Engine.Files;
using Throughline.Engine.Wal;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>One request that waits. The payload is valid until the next is read.</summary>
/// <param name="Sequence">Its number in the queue.</param>
/// <param name="Items">Its spans, records or points.</param>
internal readonly record struct ForwardRecord(ulong Sequence, WalSignal Signal, long Items, ReadOnlyMemory<byte> Payload);

/// <summary>
/// The requests that wait for the target, on disk: a log of its own, whose segments are deleted when the target has them. What was appended survives the process and the machine; what was delivered is
/// remembered about once a second, so that a killed process sends the last of it again. Many append, one reads; thread safe.
/// </summary>
internal sealed class ForwardQueue : IAsyncDisposable
{
    /// <summary>Number of items before the payload, 4 bytes.</summary>
    private const int PrefixBytes = sizeof(int);

    /// <summary>What a record takes on disk beside its payload.</summary>
    private const int FrameBytes = 64 + PrefixBytes;

    private static readonly TimeSpan s_rememberEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly IFileSystem _files;
    private readonly ForwardOptions _options;
    private readonly ForwardCounters _counters;
    private readonly TimeProvider _time;
    private readonly WalOptions _logOptions;
    private readonly LinkedList<ForwardChunk> _sealed = new();
    private readonly long _chunkBytes;
    private readonly string _positionFile;
    private WalWriter<long>? _log;
    private ForwardChunk _open = new(0);
    private bool _isCutting;
    private long _bytes;
    private long _reserved;
    private ulong _delivered;
    private ulong _remembered;
    private long _rememberedAt;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ForwardQueue(IFileSystem files, string directory, ForwardOptions options, ForwardCounters counters, TimeProvider time)
    {
        (_files, _options, _counters, _time) = (files, options, counters, time);
        // Segments end where chunks end, by cuts.
        // How much waits for the log is bounded by what receivers take in (--max-in-flight-bytes): what was acknowledged must not be lost to a second bound.
        _logOptions = new WalOptions { Directory = directory, SegmentBytes = long.MaxValue, QueueBytes = long.MaxValue };
        // What gives way at once is a small part of the queue.
        _chunkBytes = Math.Clamp(options.QueueBytes / 16, 64 << 10, 16 << 20);
        _positionFile = Path.Combine(directory, "delivered");
        _rememberedAt = time.GetTimestamp();
        Offers = new RecentOffers(time);
    }

    /// <summary>Reads what an earlier process left and goes on behind it. Throws what the disk throws, and an <see cref="InvalidDataException"/> for a queue of a newer release.</summary>
    public static ForwardQueue Open(IFileSystem files, string directory, ForwardOptions options, ForwardCounters counters, TimeProvider time)
    {
        files.CreateDirectory(directory);
        var queue = new ForwardQueue(files, directory, options, counters, time);
        queue.Recover();
        return queue;
    }

    /// <summary>Items and bytes that wait, and when the oldest of them came.</summary>
    public (long Items, long Bytes, ulong? OldestUnixNano) Waiting
    {
        get
        {
            lock (_gate)
            {
                var oldest = _sealed.First?.Value ?? (_open.Bytes > 0 ? _open : null);
                return (_sealed.Sum(static c => c.Items) + _open.Items, _bytes, oldest?.FirstUnixNano);
            }
        }
    }

    /// <summary>Requests that the queue has had when it was opened.</summary>
    public RecentOffers Offers { get; }

    /// <summary>
    /// Appends a request; durable on return, which gives its number. One that finds no place, or no disk, is counted as lost, and has none. <paramref name="digest"/> identifies the request as its sender
    /// made it; 0 for one that nobody can send again.
    /// </summary>
    public ValueTask<ulong?> AppendAsync(WalSignal signal, long items, ReadOnlyMemory<byte> payload, UInt128 digest) => AppendAsync(signal, items, payload, digest, isMove: false);

    /// <summary>
    /// Appends a request of the chunk that is being sent once more, so that others go before it; its number then. Null when that cannot be: no loss, since it still waits where it was. Nothing gives way to it. It
    /// may go beyond the bytes that the queue may hold: by no more than that chunk takes, which goes when all of it was dealt with.
    /// </summary>
    public ValueTask<ulong?> MoveAsync(WalSignal signal, long items, ReadOnlyMemory<byte> payload) => AppendAsync(signal, items, payload, 0, isMove: true);

    private async ValueTask<ulong?> AppendAsync(WalSignal signal, long items, ReadOnlyMemory<byte> payload, UInt128 digest, bool isMove)
    {
        var bytes = payload.Length + FrameBytes;
        if (!(isMove ? ReserveMove(bytes) : Reserve(bytes)))
        {
            if (!isMove) _counters.Lost(ForwardLoss.QueueFull, items, $"The queue holds the {_options.QueueBytes} bytes that it may (--forward-queue-bytes).");
            return null;
        }
        try
        {
            var record = new byte[PrefixBytes + payload.Length];
            BinaryPrimitives.WriteInt32LittleEndian(record, (int)Math.Min(int.MaxValue, items));
            payload.CopyTo(record.AsMemory(PrefixBytes));
            var header = new WalRecordHeader(signal, WalForm.Processed, 0, _counters.UnixNano(), 0, digest);
            var appended = await (_log ?? throw new InvalidOperationException("The queue is not open.")).AppendAsync(header, record, items);
            if (appended.Status == WalAppendStatus.Committed) return appended.Sequence;
            if (!isMove) _counters.Lost(ForwardLoss.NotWritten, items, appended.Message);
            return null;
        }
        finally
        {
            lock (_gate) _reserved -= bytes;
        }
    }

    /// <summary>The oldest chunk, as soon as there is one. Who takes it ends it by <see cref="Complete"/>, unless it was dropped.</summary>
    public async Task<ForwardChunk> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (_sealed.First is { } first) return first.Value;
                news = _news.Task;
            }
            await news.WaitAsync(cancellationToken);
            await Task.Delay(_options.Linger, _time, cancellationToken);
            await CutAsync();
        }
    }

    /// <summary>The records of a chunk that were not delivered. An <see cref="IOException"/> when the disk fails, or the chunk was dropped meanwhile.</summary>
    public IEnumerable<ForwardRecord> Read(ForwardChunk chunk)
    {
        using var reader = new WalReader(_files, _logOptions, chunk.FirstSegment);
        while (reader.TryRead(out var record) && record.Segment < chunk.EndSegment)
        {
            if (record.Sequence > _delivered) yield return RecordOf(record);
        }
        // Segments behind the chunk may be in the making, and look damaged.
        var end = chunk.EndSegment.ToString("D10", CultureInfo.InvariantCulture);
        foreach (var problem in reader.Problems)
        {
            if (string.CompareOrdinal(Path.GetFileNameWithoutExtension(problem.File), end) < 0) _counters.Lost(ForwardLoss.Unreadable, 0, problem.ToString());
        }
    }

    /// <summary>A record of a chunk that nobody can send was counted as lost.</summary>
    public void Skipped(ForwardChunk chunk, long items)
    {
        lock (_gate) chunk.Took(items);
    }

    /// <summary>Everything up to a record needs no sending any more.</summary>
    public void Delivered(ForwardChunk chunk, ulong sequence, long items)
    {
        lock (_gate)
        {
            _delivered = Math.Max(_delivered, sequence);
            chunk.Took(items);
        }
        if (_time.GetElapsedTime(_rememberedAt) >= s_rememberEvery) Remember();
    }

    /// <summary>All of a chunk was dealt with: its segments go.</summary>
    public void Complete(ForwardChunk chunk)
    {
        lock (_gate)
        {
            if (!_sealed.Remove(chunk)) return;
            _bytes -= chunk.Bytes;
            // What could not be read is not there for anyone.
            if (chunk.Items > 0) _counters.Lost(ForwardLoss.Unreadable, chunk.Items, "Some of the queue cannot be read.");
        }
        _log?.DeleteSegmentsBefore(chunk.EndSegment);
    }

    /// <summary>Refuses new requests and remembers what was delivered. What waits stays for the next process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_log is not null) await _log.DisposeAsync();
        Remember();
    }

    private void Recover()
    {
        _delivered = _remembered = ReadPosition();
        using var reader = new WalReader(_files, _logOptions, 1);
        while (reader.TryRead(out var record))
        {
            Offers.Remember(record.Header.Signal, record.Header.Digest, record.Header.ReceiveUnixNano);
            if (record.Sequence <= _delivered) continue;
            if (_sealed.Last?.Value is not { } chunk || chunk.FirstSegment != record.Segment) chunk = _sealed.AddLast(new ForwardChunk(record.Segment) { EndSegment = record.Segment + 1 }).Value;
            var bytes = record.Payload.Length - PrefixBytes + FrameBytes;
            chunk.Add(RecordOf(record).Items, bytes, record.Header.ReceiveUnixNano);
            _bytes += bytes;
        }
        foreach (var problem in reader.Problems) _counters.Lost(ForwardLoss.Unreadable, 0, problem.ToString());
        var end = reader.End;
        // The numbers of a log whose segments were all delivered begin anew: the position must not be ahead of them.
        _log = WalWriter<long>.Open(_files, _logOptions, end with { NextSequence = Math.Max(end.NextSequence, _delivered + 1) }, OnCommitted);
        _open = new ForwardChunk(end.NextSegment);
        _log.DeleteSegmentsBefore(_sealed.First?.Value.FirstSegment ?? end.NextSegment);
    }

    private static ForwardRecord RecordOf(in WalRecord record) =>
        new(record.Sequence, record.Header.Signal, BinaryPrimitives.ReadInt32LittleEndian(record.Payload.Span), record.Payload[PrefixBytes..]);

    /// <summary>Runs on the log's loop.</summary>
    private void OnCommitted(IReadOnlyList<WalEntry<long>> group)
    {
        bool isFull;
        lock (_gate)
        {
            foreach (var entry in group)
            {
                var bytes = entry.Payload.Length - PrefixBytes + FrameBytes;
                _open.Add(entry.State, bytes, entry.Header.ReceiveUnixNano);
                _bytes += bytes;
            }
            isFull = _open.Bytes >= _chunkBytes && !_isCutting;
            _isCutting |= isFull;
            _news.TrySetResult();
        }
        if (isFull) _ = CutAsync();
    }

    /// <summary>Ends the chunk that is being written. When the disk does not allow it, it goes on, and the next who wants it tries again.</summary>
    private async Task CutAsync()
    {
        if (_log is null) return;
        try
        {
            await _log.CutAsync(cut =>
            {
                lock (_gate)
                {
                    _open.EndSegment = cut.Segment;
                    if (_open.Bytes > 0) _sealed.AddLast(_open);
                    _open = new ForwardChunk(cut.Segment);
                    if (_news.Task.IsCompleted) _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    _isCutting = false;
                }
            });
        }
        catch (IOException e)
        {
            lock (_gate) _isCutting = false;
            _counters.Failed($"the queue cannot be read: {e.Message}", _options.Linger);
        }
    }

    /// <summary>Takes room for a request that moves: the chunk that it comes from has it for as much as the chunk takes, once for each of its requests.</summary>
    private bool ReserveMove(long bytes)
    {
        lock (_gate)
        {
            if (_sealed.First?.Value is not { } sent || sent.MovedBytes + bytes > sent.Bytes) return false;
            sent.MovedBytes += bytes;
            _reserved += bytes;
            return true;
        }
    }

    /// <summary>Takes room for so many bytes, which the oldest chunks may have to make; what is on its way to the disk counts. To be given back when they are there.</summary>
    private bool Reserve(long bytes)
    {
        var dropped = new List<ForwardChunk>();
        lock (_gate)
        {
            while (_options.WhenFull == ForwardFull.DropOldest && _bytes + _reserved + bytes > _options.QueueBytes && _sealed.First is { } oldest)
            {
                _sealed.RemoveFirst();
                _bytes -= oldest.Value.Bytes;
                dropped.Add(oldest.Value);
                _counters.Lost(ForwardLoss.QueueFull, oldest.Value.Items, $"What waited longest gave way: the queue holds the {_options.QueueBytes} bytes that it may (--forward-queue-bytes).");
            }
            if (_bytes + _reserved + bytes > _options.QueueBytes) return false;
            _reserved += bytes;
        }
        if (dropped.Count == 0) return true;
        foreach (var chunk in dropped) chunk.Drop();
        try
        {
            _log?.DeleteSegmentsBefore(dropped[^1].EndSegment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They are deleted with the next ones.
            _counters.Lost(ForwardLoss.QueueFull, 0, $"What gave way cannot be deleted: {e.Message}");
        }
        return true;
    }

    private ulong ReadPosition()
    {
        if (!_files.FileExists(_positionFile)) return 0;
        using var file = _files.OpenRead(_positionFile);
        var text = new byte[Math.Min(file.Length, 20)];
        file.ReadExactly(0, text);
        // Without it what was delivered in the last segments is sent again.
        return ulong.TryParse(Encoding.ASCII.GetString(text), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
    }

    private void Remember()
    {
        ulong delivered;
        lock (_gate) delivered = _delivered;
        _rememberedAt = _time.GetTimestamp();
        if (delivered == _remembered) return;
        try
        {
            AtomicFile.Write(_files, _positionFile, file => file.Append([Encoding.ASCII.GetBytes(delivered.ToString(CultureInfo.InvariantCulture))]));
            _remembered = delivered;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Sent twice after a crash is better than not sent: it is tried again a second later, and said.
            _counters.Failed($"what was delivered cannot be remembered: {e.Message}", s_rememberEvery);
        }
    }
}
