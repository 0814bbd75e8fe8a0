using Throughline.Engine.Logs.Columns;

namespace Throughline.Engine.Logs.Storage;

/// <summary>
/// Records since the last block: chunks in the order of arrival, each of which becomes a row group. One thread adds; <see cref="View"/> is called between additions, and what it gives is read by many
/// threads meanwhile.
/// </summary>
internal sealed class LogHead(LogChunk.Extent like = default)
{
    /// <summary>Rows of a chunk: a row group is small enough to be decoded in some milliseconds, and large enough that its tables cost next to nothing a row.</summary>
    public const int ChunkRows = 1 << 15;

    /// <summary>Memory of a chunk.</summary>
    public const long ChunkBytes = 24L << 20;

    private readonly ChunkAppender _appender = new();
    private readonly List<LogChunk> _chunks = [];
    private ulong _first = ulong.MaxValue;
    private ulong _last;
    private long _fullRows;
    private long _fullBytes;

    /// <summary>The chunks, the oldest first; for the one who writes a head that nothing is added to any more.</summary>
    public IReadOnlyList<LogChunk> Chunks => _chunks;

    /// <summary>How large the next chunk may become: as the last full one, or the one that there is.</summary>
    public LogChunk.Extent Like => _chunks.Count > 1 && _chunks[^1].RowCount < ChunkRows ? _chunks[^2].Size : _chunks.Count > 0 ? _chunks[^1].Size : like;

    /// <summary>Records, memory, and the times between which the records lie.</summary>
    public (long Items, long Bytes, ulong First, ulong Last) Size =>
        _chunks.Count == 0 ? (0, 0, ulong.MaxValue, 0) : (_fullRows + _chunks[^1].RowCount, _fullBytes + _chunks[^1].UsedBytes, _first, _last);

    /// <summary>Adds a batch; its records get the numbers from <paramref name="firstSequence"/> on.</summary>
    public void Add(LogBatch batch, ulong firstSequence, ulong receivedUnixNano)
    {
        LogChunk? begun = null;
        for (var row = 0; row < batch.RowCount; row++)
        {
            var chunk = Current(row);
            if (!ReferenceEquals(chunk, begun)) _appender.Begin(batch, begun = chunk);
            _appender.Append(row, firstSequence + (ulong)row, receivedUnixNano);
            (_first, _last) = (Math.Min(_first, chunk.At[chunk.RowCount - 1]), Math.Max(_last, chunk.At[chunk.RowCount - 1]));
        }
    }

    private LogChunk Current(int row)
    {
        // Memory is looked at now and then: it is the sum of a dozen things, and a chunk may be somewhat larger.
        if (_chunks.Count > 0 && _chunks[^1].RowCount < ChunkRows && ((row & 63) != 0 || _chunks[^1].UsedBytes < ChunkBytes)) return _chunks[^1];
        if (_chunks.Count > 0)
        {
            _fullRows += _chunks[^1].RowCount;
            _fullBytes += _chunks[^1].UsedBytes;
        }
        _chunks.Add(new LogChunk(Like));
        return _chunks[^1];
    }

    /// <summary>What there is now.</summary>
    public LogView View() => new([.. _chunks.Where(c => c.RowCount > 0).Select(c => new ChunkPart(c.Snapshot()))]);
}

/// <summary>What a snapshot sees of a head. Immutable; thread safe.</summary>
internal sealed record LogView(IReadOnlyList<LogPart> Parts);
