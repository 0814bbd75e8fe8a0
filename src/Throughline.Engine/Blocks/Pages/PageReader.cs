using System.Buffers;
using System.IO.Hashing;
using Throughline.Engine.Files;
using ZstdNet;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>Reads bodies of pages from a block's file: length against the file, then checksum, then codec. Thread safe.</summary>
internal sealed class PageReader(IReadableFile file, string name)
{
    // One a thread: its native context is far larger than most pages.
    [ThreadStatic]
    private static Decompressor? _decompressor;

    /// <summary>The file's name, for messages.</summary>
    public string Name => name;

    /// <summary>What is done with a body; it is valid during the call only.</summary>
    public delegate TResult Use<in TState, out TResult>(in PageEntry entry, ReadOnlySpan<byte> body, TState state);

    /// <summary>Reads a page's body and hands it over.</summary>
    /// <exception cref="CorruptDataException">The stored bytes are not what the directory says.</exception>
    public TResult Read<TState, TResult>(in PageEntry entry, TState state, Use<TState, TResult> use)
    {
        if (entry.StoredLength == 0) return use(entry, [], state);
        return ReadStored(entry, (Reader: this, state, use), static (in PageEntry e, ReadOnlySpan<byte> body, (PageReader Reader, TState State, Use<TState, TResult> Use) s) => e.Compression switch
        {
            PageCompression.None => s.Use(e, body, s.State),
            PageCompression.Zstd => s.Reader.Decompressed(e, body, s.State, s.Use),
            _ => throw new CorruptDataException(s.Reader.Name, e.Offset, "compression 0 or 1", e.Compression.ToString()),
        });
    }

    /// <summary>Reads a page's body as it is stored and hands it over.</summary>
    /// <exception cref="CorruptDataException">The stored bytes are not what the directory says.</exception>
    public TResult ReadStored<TState, TResult>(in PageEntry entry, TState state, Use<TState, TResult> use)
    {
        if (entry.Offset < 0 || entry.StoredLength < 0 || entry.RawLength < 0 || entry.Offset > file.Length - entry.StoredLength)
            throw new CorruptDataException(name, entry.Offset, $"a page of {entry.StoredLength} bytes in a file of {file.Length}", "a place outside of it");
        var stored = ArrayPool<byte>.Shared.Rent(entry.StoredLength);
        try
        {
            var body = stored.AsSpan(0, entry.StoredLength);
            file.ReadExactly(entry.Offset, body);
            var checksum = (uint)XxHash3.HashToUInt64(body);
            if (checksum != entry.Checksum) throw new CorruptDataException(name, entry.Offset, $"page checksum {entry.Checksum:x8}", $"{checksum:x8}");
            return use(entry, body, state);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private TResult Decompressed<TState, TResult>(in PageEntry entry, ReadOnlySpan<byte> stored, TState state, Use<TState, TResult> use)
    {
        var raw = ArrayPool<byte>.Shared.Rent(entry.RawLength);
        try
        {
            Unwrap(stored, raw.AsSpan(0, entry.RawLength), entry.Offset);
            return use(entry, raw.AsSpan(0, entry.RawLength), state);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
        }
    }

    /// <summary>Decompresses bytes whose checksum has been checked into a buffer of exactly their raw length.</summary>
    /// <exception cref="CorruptDataException">They are no zstd frame of that length.</exception>
    public void Unwrap(ReadOnlySpan<byte> stored, Span<byte> raw, long offset)
    {
        var length = (_decompressor ??= new Decompressor()).Unwrap(stored, raw, false);
        if (length != raw.Length) throw new CorruptDataException(name, offset, $"{raw.Length} bytes after decompression", $"{length}");
    }
}
