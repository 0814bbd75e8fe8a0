using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>Which series a block has and where their chunks lie. Immutable.</summary>
internal sealed class MetricDirectory
{
    private MetricDirectory(PageEntry[] pages, byte[][] keys, int[] firstChunk, ChunkPlace[] chunks) => (Pages, Keys, FirstChunk, Chunks) = (pages, keys, firstChunk, chunks);

    /// <summary>The pages of chunks.</summary>
    public PageEntry[] Pages { get; }

    /// <summary>The keys of the series, ascending.</summary>
    public byte[][] Keys { get; }

    /// <summary>One more than there are series: series i has the chunks [i, i + 1).</summary>
    public int[] FirstChunk { get; }

    /// <summary>The chunks of all series, one series after the other.</summary>
    public ChunkPlace[] Chunks { get; }

    /// <summary>The chunks of a series, at least one, in the order of their times.</summary>
    public ReadOnlySpan<ChunkPlace> ChunksOf(int series) => Chunks.AsSpan(FirstChunk[series]..FirstChunk[series + 1]);

    /// <summary>Memory held, in bytes, near enough for limits.</summary>
    public long MemoryBytes => Keys.Sum(static k => k.LongLength + 40) + (Chunks.LongLength * 40) + (Pages.LongLength * 64);

    /// <summary>What the points of a series are. Identities are not kept: those of a hundred thousand series would be many times what the cache counts.</summary>
    public MetricKind Kind(int series) => MetricIdentity.ReadKind(Keys[series], out _);

    /// <summary>Reads a directory; pages lie one after the other from the start of the file.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static MetricDirectory Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        var pages = new PageEntry[Length(ref reader, 7)];
        var offset = 0L;
        for (var i = 0; i < pages.Length; i++)
        {
            pages[i] = new PageEntry
            {
                Offset = offset,
                StoredLength = (int)reader.ReadVarint(),
                RawLength = (int)reader.ReadVarint(),
                Compression = (PageCompression)reader.ReadVarint(),
                Checksum = reader.ReadFixed32(),
                Encoding = PageEncoding.Bytes,
            };
            offset += pages[i].StoredLength;
        }
        var keys = new byte[Length(ref reader, 8)][];
        var firstChunk = new int[keys.Length + 1];
        var chunks = new List<ChunkPlace>(keys.Length);
        var last = Array.Empty<byte>();
        for (var i = 0; i < keys.Length; i++)
        {
            var shared = reader.ReadVarint();
            if (shared > (ulong)last.Length) WireReader.Throw(reader.Position, $"{shared} bytes of a key of {last.Length}");
            keys[i] = last = [.. last.AsSpan(0, (int)shared), .. reader.ReadBytes()];
            if (i > 0 && keys[i].AsSpan().SequenceCompareTo(keys[i - 1]) <= 0) WireReader.Throw(reader.Position, "a key that is not above the one before");
            var count = Length(ref reader, 5);
            if (count == 0) WireReader.Throw(reader.Position, "a series without chunks");
            for (var chunk = 0; chunk < count; chunk++) chunks.Add(Chunk(ref reader, pages));
            firstChunk[i + 1] = chunks.Count;
        }
        if (reader.HasMore) WireReader.Throw(reader.Position, "bytes behind the directory");
        return new MetricDirectory(pages, keys, firstChunk, [.. chunks]);
    }

    private static ChunkPlace Chunk(ref WireReader reader, PageEntry[] pages)
    {
        var (page, offset, count) = (reader.ReadVarint(), reader.ReadVarint(), reader.ReadVarint());
        var first = reader.ReadVarint();
        var place = new ChunkPlace((int)page, (int)offset, (int)count, first, first + reader.ReadVarint());
        if (page >= (ulong)pages.Length || offset >= (ulong)pages[(int)page].RawLength) WireReader.Throw(reader.Position, $"a chunk at byte {offset} of page {page}");
        if (count is < 1 or > ChunkCodec.MaxPoints || place.LastUnixNano < first) WireReader.Throw(reader.Position, $"a chunk of {count} points from {first} to {place.LastUnixNano}");
        return place;
    }

    private static int Length(ref WireReader reader, int bytesEach)
    {
        var length = reader.ReadVarint();
        if (length > (ulong)(reader.Rest.Length / bytesEach)) WireReader.Throw(reader.Position, $"{length} entries");
        return (int)length;
    }
}

/// <summary>Where a chunk lies and which times it spans.</summary>
internal readonly record struct ChunkPlace(int Page, int Offset, int Count, ulong FirstUnixNano, ulong LastUnixNano);
