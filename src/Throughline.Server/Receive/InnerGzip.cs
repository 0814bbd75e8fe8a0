using System.IO.Compression;

namespace Throughline.Server.Receive;

/// <summary>Profiles are gzip files by habit, whatever the request's own encoding is: they are inflated here, within the limit that bodies have. Stateless.</summary>
internal static class InnerGzip
{
    private const int Step = 64 << 10;

    /// <summary>Whether bytes begin as a gzip file does (RFC 1952).</summary>
    public static bool Is(ReadOnlySpan<byte> bytes) => bytes.Length > 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;

    /// <summary>Inflates into a buffer whose bytes are charged to the request.</summary>
    public static BodyStatus Inflate(ReadOnlyMemory<byte> from, int limit, PooledBuffer to, ReceiveBudget.RequestShare share)
    {
        using var stream = new MemoryStream(from.ToArray(), writable: false);
        using var inflated = new GZipStream(stream, CompressionMode.Decompress);
        var charged = 0L;
        try
        {
            while (true)
            {
                to.Reserve(Step);
                if (to.Capacity > charged)
                {
                    if (!share.TryTake(to.Capacity - charged)) return BodyStatus.Overloaded;
                    charged = to.Capacity;
                }
                var room = to.GetSpan(1);
                var read = inflated.Read(room[..(int)Math.Min(room.Length, limit + 1L - to.Length)]);
                if (read == 0) break;
                to.Advance(read);
                if (to.Length > limit) return BodyStatus.TooLargeExpanded;
            }
        }
        catch (InvalidDataException)
        {
            return BodyStatus.Corrupt;
        }
        var tail = 0UL;
        foreach (var b in from.Span[^Math.Min(sizeof(ulong), from.Length)..]) tail = (tail << 8) | b;
        // .NET takes some files that break off for whole ones.
        return CompressedEnd.Fits(ContentCoding.Gzip, from.Length, tail, to.Written.Span) ? BodyStatus.Read : BodyStatus.Corrupt;
    }
}
