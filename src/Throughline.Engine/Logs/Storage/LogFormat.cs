using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Blocks;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Logs.Storage;

/// <summary>What the store of log records knows of its data. Thread safe: its only state is the next number in the order of arrival, and how large chunks are.</summary>
internal sealed class LogFormat : ISignalFormat<LogBatch, LogHead, LogView, LogBlock>
{
    // Requests that are read back from the log were within the limits that the receiver had then.
    private const int AnyNesting = 1 << 10;

    // 0 is no record's number. What is in blocks raises it before the log is read again, so that records get the numbers that they had.
    private ulong _nextSequence = 1;
    private LogChunk.Extent _like;
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public string Name => "logs";

    /// <inheritdoc/>
    public string Items => "log entries";

    /// <inheritdoc/>
    public WalSignal Signal => WalSignal.Logs;

    /// <inheritdoc/>
    public LogBatch NewBatch() => new();

    /// <inheritdoc/>
    public bool TryDecode(ReadOnlySpan<byte> payload, WalForm form, LogBatch into, out string problem)
    {
        into.Clear();
        using var decoder = new OtlpLogDecoder(AnyNesting);
        var result = form == WalForm.Processed ? decoder.DecodeProcessed(payload, into) : decoder.Decode(payload, into);
        problem = result.Message;
        return result.Status == DecodeStatus.Decoded;
    }

    /// <inheritdoc/>
    public long Count(LogBatch batch) => batch.RowCount;

    /// <inheritdoc/>
    public LogHead NewHead()
    {
        lock (_gate) return new LogHead(_like);
    }

    /// <inheritdoc/>
    public void Add(LogHead head, LogBatch batch, ulong receivedUnixNano)
    {
        ulong first;
        lock (_gate)
        {
            first = _nextSequence;
            _nextSequence += (ulong)batch.RowCount;
            _like = head.Like;
        }
        head.Add(batch, first, receivedUnixNano);
    }

    /// <inheritdoc/>
    public SignalHeadSize Measure(LogHead head)
    {
        var (items, bytes, first, last) = head.Size;
        return new SignalHeadSize(items, bytes, first, last);
    }

    /// <inheritdoc/>
    public LogView View(LogHead head) => head.View();

    /// <inheritdoc/>
    public SignalBlockFacts Write(LogHead head, IWritableFile file, CancellationToken stop)
    {
        using var writer = new LogBlockWriter(file);
        foreach (var chunk in head.Chunks)
        {
            stop.ThrowIfCancellationRequested();
            writer.Append(chunk);
        }
        return Finish(writer);
    }

    private static SignalBlockFacts Finish(LogBlockWriter writer)
    {
        writer.Finish();
        var groups = writer.RowGroups;
        return groups.Count == 0 ? default : new SignalBlockFacts(groups.Sum(g => (long)g.Rows), groups.Min(g => g.FirstAt), groups.Max(g => g.LastAt));
    }

    /// <inheritdoc/>
    public LogBlock Open(IReadableFile file, string name, PageCache cache)
    {
        var block = LogBlock.Open(file, name, cache);
        lock (_gate)
        {
            foreach (var group in block.RowGroups) _nextSequence = Math.Max(_nextSequence, group.LastSequence + 1);
        }
        return block;
    }

    /// <inheritdoc/>
    public SignalBlockFacts Merge(IReadOnlyList<LogBlock> blocks, IWritableFile file, long maxMemoryBytes, CancellationToken stop)
    {
        using var writer = new LogBlockWriter(file);
        var merger = new LogMerger(writer, stop);
        foreach (var block in blocks) merger.Add(block);
        merger.Finish();
        return Finish(writer);
    }

    /// <inheritdoc/>
    public long Verify(LogBlock block, CancellationToken stop)
    {
        foreach (var part in block.Parts)
        {
            stop.ThrowIfCancellationRequested();
            LogCheck.Verify(part, stop);
        }
        return block.Footer.Records;
    }
}
