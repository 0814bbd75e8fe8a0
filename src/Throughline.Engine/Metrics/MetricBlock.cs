using System.Buffers.Binary;
using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>An open block of metrics (docs/format/metrics.md). Its directory and pages are read when they are asked for and kept in the cache. Thread safe; closed by its owner.</summary>
internal sealed class MetricBlock : IDisposable
{
    private readonly IReadableFile _file;
    private readonly PageCache _cache;
    private readonly PageReader _pages;
    private readonly PageEntry _directory;
    private readonly int _number;

    private MetricBlock(IReadableFile file, string name, PageCache cache, PageEntry directory)
    {
        (_file, Name, _cache, _directory) = (file, name, cache, directory);
        _pages = new PageReader(file, name);
        _number = cache.NextBlock();
    }

    /// <summary>The file as messages name it.</summary>
    public string Name { get; }

    /// <summary>Reads the footer and nothing more; the file is the block's from a successful return on.</summary>
    /// <exception cref="CorruptDataException">It is no such block.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote it.</exception>
    public static MetricBlock Open(IReadableFile file, string name, PageCache cache)
    {
        var footer = new byte[MetricBlockWriter.FooterBytes];
        var at = file.Length - footer.Length;
        if (at < 0) throw new CorruptDataException(name, 0, $"a footer of {footer.Length} bytes", $"{file.Length} bytes");
        file.ReadExactly(at, footer);
        var magic = BinaryPrimitives.ReadUInt64LittleEndian(footer.AsSpan(40));
        if (magic != MetricBlockWriter.Magic) throw new CorruptDataException(name, at + 40, $"{MetricBlockWriter.Magic:x16}", $"{magic:x16}");
        var (stored, found) = (BinaryPrimitives.ReadUInt64LittleEndian(footer.AsSpan(32)), XxHash3.HashToUInt64(footer.AsSpan(0, 32)));
        if (stored != found) throw new CorruptDataException(name, at, $"footer checksum {stored:x16}", $"{found:x16}");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(24));
        if (version != MetricBlockWriter.Version) throw new InvalidDataException($"{name} is of version {version}, and this release reads {MetricBlockWriter.Version}");
        return new MetricBlock(file, name, cache, new PageEntry
        {
            Offset = BinaryPrimitives.ReadInt64LittleEndian(footer),
            StoredLength = BinaryPrimitives.ReadInt32LittleEndian(footer.AsSpan(8)),
            RawLength = BinaryPrimitives.ReadInt32LittleEndian(footer.AsSpan(12)),
            Checksum = BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(16)),
            Compression = (PageCompression)BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(20)),
            Encoding = PageEncoding.Bytes,
        });
    }

    /// <summary>Bytes of the directory before compression; what it takes in memory is a few times that.</summary>
    public int DirectoryBytes => _directory.RawLength;

    /// <summary>Which series there are and where.</summary>
    /// <exception cref="CorruptDataException">It cannot be read.</exception>
    public MetricDirectory Directory()
    {
        var key = new CacheKey(_number, -1, 0, 0, CachedForm.Derived);
        if (_cache.Find<MetricDirectory>(key) is { } known) return known;
        try
        {
            var directory = _pages.Read<object?, MetricDirectory>(_directory, null, static (in PageEntry _, ReadOnlySpan<byte> body, object? _) => MetricDirectory.Read(body));
            _cache.Keep(key, directory, directory.MemoryBytes);
            return directory;
        }
        catch (MalformedInputException e)
        {
            throw new CorruptDataException(Name, _directory.Offset, "a directory of series", $"{e.Message} at its byte {e.Offset}");
        }
    }

    /// <summary>A reader that goes through the block; cheap where series are asked for in their order. One owner; not thread safe.</summary>
    public Cursor Read() => new(this);

    private byte[] Page(MetricDirectory directory, int page)
    {
        var key = new CacheKey(_number, 0, 0, page, CachedForm.Raw);
        if (_cache.Find<byte[]>(key) is { } known) return known;
        var bytes = _pages.Read<object?, byte[]>(directory.Pages[page], null, static (in PageEntry _, ReadOnlySpan<byte> body, object? _) => body.ToArray());
        _cache.Keep(key, bytes, bytes.Length);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Forget(_number);
        _file.Dispose();
    }

    /// <summary>Reads series of a block, and stays in the page of the last.</summary>
    internal sealed class Cursor(MetricBlock block)
    {
        private readonly ChunkCodec _codec = new();
        private byte[] _bytes = [];
        private int _page = -1;
        private int _position;

        /// <summary>Which series there are.</summary>
        public MetricDirectory Directory { get; } = block.Directory();

        /// <summary>Appends the points of a series whose chunks touch [from, to]; a chunk is read whole.</summary>
        /// <exception cref="CorruptDataException">They cannot be read.</exception>
        public void Read(int series, ulong from, ulong to, SeriesPoints into)
        {
            var hasDistributions = MetricIdentity.IsOfDistributions(Directory.Kind(series));
            foreach (var chunk in Directory.ChunksOf(series))
            {
                if (chunk.LastUnixNano < from || chunk.FirstUnixNano > to) continue;
                try
                {
                    Read(chunk, hasDistributions, into);
                }
                catch (MalformedInputException e)
                {
                    throw new CorruptDataException(block.Name, Directory.Pages[chunk.Page].Offset, "a page of chunks", $"{e.Message} at byte {_position + e.Offset} of it");
                }
            }
        }

        private void Read(ChunkPlace chunk, bool hasDistributions, SeriesPoints into)
        {
            if (chunk.Page != _page || chunk.Offset < _position)
            {
                (_bytes, _page, _position) = (block.Page(Directory, chunk.Page), chunk.Page, 0);
                _codec.BeginPage();
            }
            // Times may be told by those of the chunk before, so that none is left out.
            while (_position < chunk.Offset) Next(false, null);
            if (_position != chunk.Offset) WireReader.Throw(0, "a chunk that begins inside another");
            var first = into.Count;
            var count = Next(hasDistributions, into);
            if (count != chunk.Count || into.Time[first] != chunk.FirstUnixNano || into.Time[into.Count - 1] != chunk.LastUnixNano)
                WireReader.Throw(0, "a chunk of other points than the directory says");
        }

        private int Next(bool hasDistributions, SeriesPoints? into)
        {
            var reader = new WireReader(_bytes.AsSpan(_position));
            var count = (int)reader.ReadVarint();
            var chunk = reader.ReadMessage();
            _codec.Read(ref chunk, count, hasDistributions, into);
            _position += reader.Position;
            return count;
        }
    }
}
