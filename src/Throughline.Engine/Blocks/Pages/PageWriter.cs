using System.IO.Hashing;
using System.Runtime.InteropServices;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;
using ZstdNet;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>
/// Appends the pages of a block to its file and keeps what the directory will say of them. Compresses at zstd level 1, since prototypes gained next to
/// nothing from higher levels. One owner; not thread safe.
/// </summary>
internal sealed class PageWriter : IDisposable
{
    /// <summary>Bodies smaller than this are not worth a codec's own header.</summary>
    private const int CompressFromBytes = 64;

    /// <summary>Bytes that are collected before they go to the file: a page is often a few hundred bytes.</summary>
    private const int BufferBytes = 1 << 20;

    private static readonly CompressionOptions Level1 = new(1);

    private readonly Compressor _compressor = new(Level1);
    private readonly NumberEncoder _numbers = new();
    private readonly List<PageEntry> _entries = [];
    private IWritableFile? _file;
    private bool _compresses;
    private Column<byte> _buffer = new(BufferBytes);
    private byte[] _compressed = [];

    /// <summary>Begins anew with an empty file, which stays the caller's.</summary>
    public void Begin(IWritableFile file, bool compresses)
    {
        (_file, _compresses) = (file, compresses);
        _entries.Clear();
        DictionaryBytes = 0;
        _buffer.Truncate(0);
        if (_buffer.Items.Length > 2 * BufferBytes) _buffer = new Column<byte>(BufferBytes);
    }

    private IWritableFile File => _file ?? throw new InvalidOperationException("No block has been begun.");

    /// <summary>Where the next page will lie.</summary>
    public long Position => File.Length + _buffer.Count;

    /// <summary>Bytes of the entries of dictionaries so far, before compression.</summary>
    public long DictionaryBytes { get; private set; }

    /// <summary>The pages so far.</summary>
    public ReadOnlySpan<PageEntry> Entries => CollectionsMarshal.AsSpan(_entries);

    /// <summary>A page of numbers; none when all are 0.</summary>
    public void Numbers(int column, int rowGroup, ReadOnlySpan<long> values, NumberKind kind = NumberKind.Plain)
    {
        var body = _numbers.Encode(values, kind, out var entry);
        if (entry.Encoding == PageEncoding.Constant && entry.Base == 0) return;
        (entry.Column, entry.RowGroup) = (column, rowGroup);
        Append(entry, body, entry.Encoding is not PageEncoding.Packed);
    }

    /// <summary>A page of ids of which many may be new: <paramref name="firstFresh"/> is the id that no page before this one has.</summary>
    public void Ids(int column, int rowGroup, ReadOnlySpan<long> values, long firstFresh)
    {
        var body = _numbers.EncodeIds(values, firstFresh, out var entry);
        if (entry.Encoding == PageEncoding.Constant && entry.Base == 0) return;
        (entry.Column, entry.RowGroup) = (column, rowGroup);
        Append(entry, body, true);
    }

    /// <summary>A page of values of fixed width as they are, never compressed; none when there are none.</summary>
    public void Raw<T>(int column, int rowGroup, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (values.IsEmpty) return;
        var entry = new PageEntry { Column = column, RowGroup = rowGroup, Encoding = PageEncoding.Raw, Width = (byte)System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), Count = values.Length };
        Append(entry, MemoryMarshal.AsBytes(values), false);
    }

    /// <summary>A page of bytes; none when there are none.</summary>
    public void Bytes(int column, ReadOnlySpan<byte> bytes, bool compress) => Bytes(column, PageEntry.WholeBlock, bytes, compress);

    /// <summary>A page of bytes of a row group; none when there are none.</summary>
    public void Bytes(int column, int rowGroup, ReadOnlySpan<byte> bytes, bool compress)
    {
        if (bytes.IsEmpty) return;
        Append(new PageEntry { Column = column, RowGroup = rowGroup, Encoding = PageEncoding.Bytes, Count = bytes.Length }, bytes, compress);
    }

    /// <summary>A page of entries of a column's dictionary (<see cref="DictionaryPage"/>).</summary>
    public void Dictionary(int column, long firstId, int count, ReadOnlySpan<byte> body) => Dictionary(column, PageEntry.WholeBlock, firstId, count, body);

    /// <summary>A page of entries of a dictionary that a row group has for itself.</summary>
    public void Dictionary(int column, int rowGroup, long firstId, int count, ReadOnlySpan<byte> body)
    {
        DictionaryBytes += body.Length;
        Append(new PageEntry { Column = column, RowGroup = rowGroup, Encoding = PageEncoding.Dictionary, Base = firstId, Top = firstId + count - 1, Count = count }, body, true);
    }

    /// <summary>A page of another block as it was stored there, for another row group.</summary>
    public void Stored(PageEntry entry, int rowGroup, ReadOnlySpan<byte> stored)
    {
        (entry.RowGroup, entry.Offset) = (rowGroup, Position);
        _entries.Add(entry);
        Plain(stored);
    }

    /// <summary>Appends bytes that are no page: the header, the directory, the footer.</summary>
    public void Plain(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Count + bytes.Length > BufferBytes) Flush();
        _buffer.AddRange(bytes);
    }

    /// <summary>Gives everything to the file. The caller syncs it.</summary>
    public void Flush()
    {
        if (_buffer.Count == 0) return;
        File.Append([_buffer.Items.AsMemory(0, _buffer.Count)]);
        _buffer.Truncate(0);
    }

    /// <summary>Compresses bytes that no entry will tell of; valid until the next call.</summary>
    public ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> raw)
    {
        var bound = Compressor.GetCompressBound(raw.Length);
        if (_compressed.Length < bound) _compressed = new byte[bound];
        return _compressed.AsSpan(0, _compressor.Wrap(raw, _compressed));
    }

    private void Append(PageEntry entry, ReadOnlySpan<byte> body, bool compress)
    {
        entry.RawLength = body.Length;
        if (compress && _compresses && body.Length >= CompressFromBytes)
        {
            var packed = Compress(body);
            if (packed.Length < body.Length)
            {
                entry.Compression = PageCompression.Zstd;
                body = packed;
            }
        }
        entry.Offset = Position;
        entry.StoredLength = body.Length;
        entry.Checksum = (uint)XxHash3.HashToUInt64(body);
        _entries.Add(entry);
        Plain(body);
    }

    /// <inheritdoc/>
    public void Dispose() => _compressor.Dispose();
}
