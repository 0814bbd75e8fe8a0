using System.Buffers.Binary;
using System.IO.Hashing;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Sampling;

/// <summary>
/// What was decided about the last traces, so that their late spans follow: in memory, and in a file that is durable before the block is. The oldest are forgotten beyond its capacity. Not thread safe.
/// </summary>
/// <remarks>
/// The file: <c>TLTAIL</c>, 13, 10; u32 format (0), u32 number of entries; of each the trace id (16 bytes) and the threshold (u64), oldest first; XXH3-64 of all before it. Numbers are little-endian.
/// </remarks>
internal sealed class TailMemory(int capacity)
{
    private const int HeaderBytes = 16;
    private const int EntryBytes = 24;
    private const int ChecksumBytes = 8;

    private readonly Dictionary<TraceId, ulong> _thresholds = [];
    private readonly Queue<TraceId> _order = new();

    private static ReadOnlySpan<byte> Magic => "TLTAIL\r\n"u8;

    /// <summary>Traces that are remembered.</summary>
    public int Count => _thresholds.Count;

    /// <summary>The threshold that a trace was kept by, <see cref="SamplingThreshold.Range"/> where it was dropped.</summary>
    public bool TryGet(TraceId id, out ulong threshold) => _thresholds.TryGetValue(id, out threshold);

    /// <summary>Remembers a decision; the first one about a trace stays.</summary>
    public void Add(TraceId id, ulong threshold)
    {
        if (!_thresholds.TryAdd(id, threshold)) return;
        _order.Enqueue(id);
        while (_order.Count > capacity) _thresholds.Remove(_order.Dequeue());
    }

    /// <summary>Writes the file; durable on return.</summary>
    public void Write(IFileSystem files, string path)
    {
        var bytes = new byte[HeaderBytes + _order.Count * EntryBytes + ChecksumBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), _order.Count);
        var at = HeaderBytes;
        foreach (var id in _order)
        {
            id.CopyTo(bytes.AsSpan(at));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at + TraceId.SizeBytes), _thresholds[id]);
            at += EntryBytes;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), XxHash3.HashToUInt64(bytes.AsSpan(0, at)));
        AtomicFile.Write(files, path, file => file.Append([bytes]));
    }

    /// <summary>Reads the file, where there is one; answers what is wrong with it, or null.</summary>
    public string? Read(IFileSystem files, string path)
    {
        try
        {
            if (!files.FileExists(path)) return null;
            using var file = files.OpenRead(path);
            var entries = (file.Length - HeaderBytes - ChecksumBytes) / EntryBytes;
            if (entries is < 0 or > 1 << 24 || file.Length != HeaderBytes + entries * EntryBytes + ChecksumBytes) return Problem($"it has {file.Length} bytes");
            var bytes = new byte[file.Length];
            file.ReadExactly(0, bytes);
            var content = bytes.AsSpan(0, bytes.Length - ChecksumBytes);
            if (!content.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(content[8..]) != 0 || BinaryPrimitives.ReadInt32LittleEndian(content[12..]) != entries) return Problem("its header is not one of this version");
            if (XxHash3.HashToUInt64(content) != BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(content.Length))) return Problem("its checksum is wrong");
            for (var at = HeaderBytes; at < content.Length; at += EntryBytes) Add(TraceId.FromBytes(content.Slice(at, TraceId.SizeBytes)), BinaryPrimitives.ReadUInt64LittleEndian(content[(at + TraceId.SizeBytes)..]));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problem(e.Message.TrimEnd('.'));
        }
    }

    private static string Problem(string why) => $"the file of tail decisions cannot be read, so that late spans of traces that were decided before are decided by themselves: {why}";
}
