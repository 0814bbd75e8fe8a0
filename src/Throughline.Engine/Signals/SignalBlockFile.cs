using System.Buffers.Binary;
using System.IO.Hashing;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Files;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Signals;

/// <summary>
/// The file of a block: the content as its format wrote it, the digests of the requests that it came with, and a trailer (docs/format/signals.md). Immutable; thread safe. Its file is closed by the block
/// that reads the content.
/// </summary>
internal sealed class SignalBlockFile
{
    /// <summary>Bytes of the trailer.</summary>
    public const int TrailerBytes = 72;

    /// <summary>Bytes of a digest with the time of its request.</summary>
    public const int DigestBytes = 24;

    private const ulong Magic = 0x1A0A0D47_49534C54; // "TLSIG", 13, 10, 26
    private const int FormatVersion = 1;

    private readonly IReadableFile _file;
    private readonly int _digests;
    private readonly ulong _contentChecksum;
    private readonly ulong _digestChecksum;

    private SignalBlockFile(IReadableFile file, string name, ReadOnlySpan<byte> trailer)
    {
        _file = file;
        Name = name;
        _digests = BinaryPrimitives.ReadInt32LittleEndian(trailer[12..]);
        ContentBytes = BinaryPrimitives.ReadInt64LittleEndian(trailer[16..]);
        Facts = new SignalBlockFacts(BinaryPrimitives.ReadInt64LittleEndian(trailer[24..]), BinaryPrimitives.ReadUInt64LittleEndian(trailer[32..]), BinaryPrimitives.ReadUInt64LittleEndian(trailer[40..]));
        _contentChecksum = BinaryPrimitives.ReadUInt64LittleEndian(trailer[48..]);
        _digestChecksum = BinaryPrimitives.ReadUInt64LittleEndian(trailer[56..]);
    }

    /// <summary>The file as messages name it.</summary>
    public string Name { get; }

    /// <summary>The file's length.</summary>
    public long SizeBytes => _file.Length;

    /// <summary>Bytes of the content, which begins the file.</summary>
    public long ContentBytes { get; }

    /// <summary>What the format told of the content.</summary>
    public SignalBlockFacts Facts { get; }

    /// <summary>Requests whose digests it has.</summary>
    public int Digests => _digests;

    /// <summary>The content as a file of its own; closing it closes the block's file.</summary>
    public IReadableFile Content => new ContentFile(_file, Name, ContentBytes);

    /// <summary>Writes a block: its content by <paramref name="write"/>, the digests, the trailer. The file is empty, and is synced by the caller.</summary>
    public static SignalBlockFacts Write(IWritableFile file, WalSignal signal, Func<IWritableFile, SignalBlockFacts> write, IReadOnlyCollection<RequestDigest> digests)
    {
        using var content = new HashedFile(file);
        var facts = write(content);
        var contentBytes = content.Length;
        var tail = new byte[digests.Count * DigestBytes + TrailerBytes];
        var at = 0;
        foreach (var (digest, received) in digests)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(tail.AsSpan(at), digest);
            BinaryPrimitives.WriteUInt64LittleEndian(tail.AsSpan(at + 16), received);
            at += DigestBytes;
        }
        var trailer = tail.AsSpan(at);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(trailer[8..], FormatVersion);
        trailer[10] = (byte)signal;
        BinaryPrimitives.WriteInt32LittleEndian(trailer[12..], digests.Count);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[16..], contentBytes);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[24..], facts.Items);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[32..], facts.FirstUnixNano);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[40..], facts.LastUnixNano);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[48..], content.Checksum);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[56..], XxHash3.HashToUInt64(tail.AsSpan(0, at)));
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[64..], XxHash3.HashToUInt64(trailer[..64]));
        file.Append([tail]);
        return facts;
    }

    /// <summary>Reads and checks the trailer of a file, which belongs to the caller until a block has the content. Null for <paramref name="signal"/> takes any.</summary>
    /// <exception cref="CorruptDataException">It is no whole block of this signal.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote it.</exception>
    public static SignalBlockFile Read(IReadableFile file, string name, WalSignal? signal)
    {
        if (file.Length < TrailerBytes) throw new CorruptDataException(name, file.Length, $"a block of at least {TrailerBytes} bytes", $"{file.Length} bytes");
        var at = file.Length - TrailerBytes;
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        file.ReadExactly(at, trailer);
        if (BinaryPrimitives.ReadUInt64LittleEndian(trailer) != Magic) throw new CorruptDataException(name, at, "the trailer of a block", "other bytes");
        var checksum = XxHash3.HashToUInt64(trailer[..64]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(trailer[64..]) != checksum) throw new CorruptDataException(name, at, "a trailer with the right checksum", $"checksum {checksum:x16}");
        if (BinaryPrimitives.ReadUInt16LittleEndian(trailer[8..]) is var version && version != FormatVersion)
            throw new InvalidDataException($"{name} has block format version {version}, written by a newer release; this one knows {FormatVersion}. Start the newer release.");
        if (signal is { } expected && trailer[10] != (byte)expected) throw new CorruptDataException(name, at + 10, $"a block of signal {(byte)expected}", $"one of {trailer[10]}");
        var read = new SignalBlockFile(file, name, trailer);
        if (read._digests < 0 || read.ContentBytes < 0 || read.ContentBytes != at - (long)read._digests * DigestBytes)
            throw new CorruptDataException(name, at, $"{read.ContentBytes} bytes of content and {read._digests} digests", $"{at} bytes before the trailer");
        return read;
    }

    /// <summary>The requests that the block came with.</summary>
    /// <exception cref="CorruptDataException">They are not what was written.</exception>
    public RequestDigest[] ReadDigests()
    {
        var bytes = new byte[_digests * DigestBytes];
        _file.ReadExactly(ContentBytes, bytes);
        if (XxHash3.HashToUInt64(bytes) is var checksum && checksum != _digestChecksum) throw new CorruptDataException(Name, ContentBytes, $"digests with checksum {_digestChecksum:x16}", $"{checksum:x16}");
        var digests = new RequestDigest[_digests];
        for (var i = 0; i < digests.Length; i++)
        {
            var entry = bytes.AsSpan(i * DigestBytes);
            digests[i] = new RequestDigest(BinaryPrimitives.ReadUInt128LittleEndian(entry), BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]));
        }
        return digests;
    }

    /// <summary>Reads the whole content and compares its checksum.</summary>
    /// <exception cref="CorruptDataException">It is not what was written.</exception>
    public void VerifyContent(CancellationToken cancellationToken)
    {
        var hash = new XxHash3();
        var buffer = new byte[1 << 20];
        for (long at = 0; at < ContentBytes; at += buffer.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, ContentBytes - at));
            _file.ReadExactly(at, part);
            hash.Append(part);
        }
        if (hash.GetCurrentHashAsUInt64() is var checksum && checksum != _contentChecksum) throw new CorruptDataException(Name, 0, $"content with checksum {_contentChecksum:x16}", $"{checksum:x16}");
    }

    /// <summary>Counts and hashes what a format writes.</summary>
    private sealed class HashedFile(IWritableFile file) : IWritableFile
    {
        private readonly XxHash3 _hash = new();

        public long Length { get; private set; }

        public ulong Checksum => _hash.GetCurrentHashAsUInt64();

        public void Append(IReadOnlyList<ReadOnlyMemory<byte>> buffers)
        {
            file.Append(buffers);
            foreach (var buffer in buffers)
            {
                _hash.Append(buffer.Span);
                Length += buffer.Length;
            }
        }

        public void Sync() => file.Sync();

        /// <summary>The file belongs to who opened it.</summary>
        public void Dispose()
        {
        }
    }

    /// <summary>The content: the first part of the file.</summary>
    private sealed class ContentFile(IReadableFile file, string name, long length) : IReadableFile
    {
        public long Length => length;

        public void ReadExactly(long offset, Span<byte> buffer)
        {
            if (offset < 0 || buffer.Length > length - offset) throw new EndOfStreamException($"{name}: expected {buffer.Length} bytes at offset {offset}, found content of {length} bytes");
            file.ReadExactly(offset, buffer);
        }

        public void Dispose() => file.Dispose();
    }
}
