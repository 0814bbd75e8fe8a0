using Throughline.Engine.Files;

namespace Throughline.Engine.Wal;

/// <summary>
/// A segment that is being written. Owned by the writer's loop; not thread safe. After a failed append it must not be used again.
/// </summary>
internal sealed class WalSegmentWriter : IDisposable
{
    private readonly IWritableFile _file;
    private readonly WalSegmentHeader _header;
    private readonly WalFrame _frame = new();
    private readonly List<ReadOnlyMemory<byte>> _buffers = [];
    private byte[] _frameHeaders = new byte[64 * WalFrame.HeaderSize];

    private WalSegmentWriter(IWritableFile file, WalSegmentHeader header)
    {
        _file = file;
        _header = header;
        DurableLength = WalSegmentHeader.CopiesSize;
    }

    public long Number => _header.Number;

    /// <summary>Bytes that are known to be on disk.</summary>
    public long DurableLength { get; private set; }

    public bool IsEmpty => DurableLength == WalSegmentHeader.CopiesSize;

    /// <summary>
    /// Begins a segment: its name and header are durable on return. Throws what the disk throws, and leaves at most a file without
    /// records.
    /// </summary>
    public static WalSegmentWriter Begin(IFileSystem files, string directory, in WalSegmentHeader header)
    {
        var path = Path.Combine(directory, WalSegmentName.Of(header.Number));
        var file = files.CreateFile(path);
        try
        {
            var copies = new byte[WalSegmentHeader.CopiesSize];
            header.Write(copies);
            file.Append([copies]);
            file.Sync();
            files.SyncDirectory(directory);
            return new WalSegmentWriter(file, header);
        }
        catch
        {
            file.Dispose();
            DeleteQuietly(files, path);
            throw;
        }
    }

    private static void DeleteQuietly(IFileSystem files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to tell. A file that stays holds no records and says the truth about the segment before.
        }
    }

    /// <summary>
    /// Writes a group and makes it durable. The entries' sequence numbers are set from <paramref name="firstSequence"/> on.
    /// </summary>
    public void Append<TState>(List<WalEntry<TState>> group, ulong firstSequence)
    {
        if (_frameHeaders.Length < group.Count * WalFrame.HeaderSize)
            _frameHeaders = new byte[Math.Max(group.Count * WalFrame.HeaderSize, 2 * _frameHeaders.Length)];
        _buffers.Clear();
        var offset = DurableLength;
        for (var i = 0; i < group.Count; i++)
        {
            var entry = group[i];
            entry.Sequence = firstSequence + (ulong)i;
            var frameHeader = _frameHeaders.AsMemory(i * WalFrame.HeaderSize, WalFrame.HeaderSize);
            var groupBack = (int)(offset - DurableLength);
            _frame.Write(frameHeader.Span, _header.Salt, offset, entry.Sequence, entry.Header, groupBack, entry.Payload.Span);
            _buffers.Add(frameHeader);
            if (!entry.Payload.IsEmpty)
                _buffers.Add(entry.Payload);
            offset += WalFrame.HeaderSize + entry.Payload.Length;
        }
        _file.Append(_buffers);
        _buffers.Clear();
        _file.Sync();
        DurableLength = offset;
    }

    public void Dispose() => _file.Dispose();
}
