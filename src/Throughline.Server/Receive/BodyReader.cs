using System.IO.Compression;
using Throughline.Server.Configuration;

namespace Throughline.Server.Receive;

/// <summary>The content encodings that are taken.</summary>
public enum ContentCoding
{
    /// <summary>As it is.</summary>
    Identity,
    /// <summary>RFC 1952.</summary>
    Gzip,
    /// <summary>HTTP's "deflate": zlib, RFC 1950.</summary>
    Deflate,
}

/// <summary>How reading a body went.</summary>
public enum BodyStatus
{
    /// <summary>The buffer holds the uncompressed body.</summary>
    Read,
    /// <summary>Over the limit on the wire.</summary>
    TooLarge,
    /// <summary>Over the limit after decompression; the inflating stopped there.</summary>
    TooLargeExpanded,
    /// <summary>Not what the content encoding says.</summary>
    Corrupt,
    /// <summary>Too many bytes are in memory already.</summary>
    Overloaded,
}

/// <summary>Reads a body into a pooled buffer, decompressing as it comes and stopping at the limits. Stateless but for its limits; thread safe.</summary>
public sealed class BodyReader(ReceiveLimits limits)
{
    /// <summary>What a first read makes room for when the length is not known; most export requests of SDKs fit.</summary>
    private const int FirstRead = 64 << 10;

    /// <summary>
    /// Reads all of <paramref name="body"/> into <paramref name="buffer"/>, whose bytes are charged to <paramref name="share"/>.
    /// <paramref name="length"/> is what the sender announced, if anything.
    /// </summary>
    public async ValueTask<BodyStatus> ReadAsync(Stream body, long? length, ContentCoding coding, PooledBuffer buffer, ReceiveBudget.RequestShare share, CancellationToken cancellationToken)
    {
        if (length > limits.MaxBodyBytes) return BodyStatus.TooLarge;
        if (coding == ContentCoding.Identity) return await FillAsync(body, length, limits.MaxBodyBytes, BodyStatus.TooLarge, buffer, share, cancellationToken);

        var limited = new LimitedStream(body, limits.MaxBodyBytes);
        try
        {
            await using Stream inflated = coding == ContentCoding.Gzip
                ? new GZipStream(limited, CompressionMode.Decompress, leaveOpen: true)
                : new ZLibStream(limited, CompressionMode.Decompress, leaveOpen: true);
            var status = await FillAsync(inflated, null, limits.MaxExpandedBodyBytes, BodyStatus.TooLargeExpanded, buffer, share, cancellationToken);
            // .NET's decompressors take some bodies that break off for whole ones.
            return status == BodyStatus.Read && !CompressedEnd.Fits(coding, limited.Count, limited.Tail, buffer.Written.Span) ? BodyStatus.Corrupt : status;
        }
        catch (LimitedStream.LimitException)
        {
            return BodyStatus.TooLarge;
        }
        catch (InvalidDataException)
        {
            return BodyStatus.Corrupt;
        }
    }

    private static async ValueTask<BodyStatus> FillAsync(Stream from, long? length, int limit, BodyStatus over, PooledBuffer buffer, ReceiveBudget.RequestShare share, CancellationToken cancellationToken)
    {
        var charged = 0L;
        // One byte more than announced, so that the read which finds the end has room.
        var room = length is { } known ? (int)known + 1 : FirstRead;
        while (true)
        {
            buffer.Reserve(room);
            if (buffer.Capacity > charged)
            {
                if (!share.TryTake(buffer.Capacity - charged)) return BodyStatus.Overloaded;
                charged = buffer.Capacity;
            }
            // A byte over the limit is enough to know.
            var memory = buffer.GetMemory();
            var read = await from.ReadAsync(memory[..(int)Math.Min(memory.Length, limit + 1L - buffer.Length)], cancellationToken);
            if (read == 0) return BodyStatus.Read;
            buffer.Advance(read);
            if (buffer.Length > limit) return over;
            room = 1;
        }
    }

    /// <summary>Ends the reading of a compressed body at its limit.</summary>
    private sealed class LimitedStream(Stream inner, long limit) : Stream
    {
        /// <summary>Bytes read so far.</summary>
        internal long Count { get; private set; }

        /// <summary>The last eight of them, the last one in the lowest byte.</summary>
        internal ulong Tail { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            return Note(buffer.Span, read);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => Note(buffer.AsSpan(offset, count), inner.Read(buffer, offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Note(ReadOnlySpan<byte> buffer, int read)
        {
            foreach (var b in buffer[Math.Max(0, read - sizeof(ulong))..read]) Tail = (Tail << 8) | b;
            Count += read;
            return Count <= limit ? read : throw new LimitException();
        }

        /// <summary>Crosses the decompressor, which has no other way to be stopped by its source.</summary>
        internal sealed class LimitException : Exception;
    }
}
