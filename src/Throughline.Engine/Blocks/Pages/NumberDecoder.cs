using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>
/// Makes values of a page's body (docs/format/block.md, "Encodings of numbers"). Values are given as their distance from a number of the caller's choice in the
/// width of the caller's choice: 0 and <see cref="long"/> for the values themselves, the page's base and the narrowest type that holds top less base for scanning.
/// Throws <see cref="CorruptDataException"/> when a body, checked by its checksum, still is not what its entry says.
/// </summary>
internal static class NumberDecoder
{
    /// <summary>Fills <paramref name="values"/>, one for each of the entry's count.</summary>
    public static void Decode<T>(in PageEntry entry, ReadOnlySpan<byte> body, long origin, Span<T> values, string file)
        where T : unmanaged, IBinaryInteger<T>
    {
        Require(values.Length == entry.Count, entry, file);
        switch (entry.Encoding)
        {
            case PageEncoding.Constant:
                values.Fill(T.CreateTruncating(entry.Base - origin));
                break;
            case PageEncoding.Planes:
                Require(body.Length == entry.Width * values.Length, entry, file);
                Planes(body, entry.Width, entry.Base - origin, values);
                break;
            case PageEncoding.Packed:
                Require(entry.Width <= 56 && body.Length == (int)(((long)values.Length * entry.Width + 63) / 64 * 8) + 8, entry, file);
                Packed(body, entry.Width, entry.Base - origin, values);
                break;
            case PageEncoding.Steps:
                Require(body.Length == 8 + entry.Width * (values.Length - 1), entry, file);
                Steps(body, entry.Width, origin, values);
                break;
            case PageEncoding.Places:
                Places(entry, body, origin, values, file);
                break;
            case PageEncoding.Sparse:
                Sparse(entry, body, origin, values, file);
                break;
            case PageEncoding.Fresh:
                Require(body.Length >= 9 && body.Length == 9 + body[8] * values.Length, entry, file);
                Fresh(body, origin, values);
                break;
            case PageEncoding.Decimal:
                Decimals(entry, body, origin, values, file);
                break;
            default:
                throw new CorruptDataException(file, entry.Offset, "a page of numbers", entry.Encoding.ToString());
        }
    }

    /// <summary>The integers of a decimal page, in place of the doubles that they stand for.</summary>
    public static void DecodeDecimalIntegers(in PageEntry entry, ReadOnlySpan<byte> body, Span<long> values, string file)
    {
        Require(entry.Encoding == PageEncoding.Decimal && body.Length >= 2, entry, file);
        var inner = entry;
        (inner.Encoding, inner.Width) = ((PageEncoding)body[0], body[1]);
        Require(inner.Encoding is PageEncoding.Planes or PageEncoding.Places, entry, file);
        Decode(inner, body[2..], 0, values, file);
    }

    private static void Require(bool holds, in PageEntry entry, string file)
    {
        if (!holds) throw new CorruptDataException(file, entry.Offset, $"{entry.Count} values, encoding {entry.Encoding}, width {entry.Width}", $"a body of {entry.RawLength} bytes that does not hold them");
    }

    private static void Planes<T>(ReadOnlySpan<byte> body, int planes, long shift, Span<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        var count = values.Length;
        var added = T.CreateTruncating(shift);
        if (planes == 0)
        {
            values.Fill(added);
            return;
        }
        // What does not fit the type is what the caller knows to be 0.
        planes = Math.Min(planes, Unsafe.SizeOf<T>());
        ref var p = ref MemoryMarshal.GetReference(body);
        switch (planes)
        {
            case 1:
                for (var i = 0; i < count; i++) values[i] = T.CreateTruncating(Unsafe.Add(ref p, i)) + added;
                break;
            case 2:
                for (var i = 0; i < count; i++) values[i] = T.CreateTruncating((uint)(Unsafe.Add(ref p, i) | (Unsafe.Add(ref p, i + count) << 8))) + added;
                break;
            case 3:
                for (var i = 0; i < count; i++) values[i] = T.CreateTruncating((uint)(Unsafe.Add(ref p, i) | (Unsafe.Add(ref p, i + count) << 8) | (Unsafe.Add(ref p, i + 2 * count) << 16))) + added;
                break;
            case 4:
                for (var i = 0; i < count; i++) values[i] = T.CreateTruncating(Low(ref p, i, count)) + added;
                break;
            default:
                for (var i = 0; i < count; i++)
                {
                    var value = (ulong)Low(ref p, i, count);
                    for (var plane = 4; plane < planes; plane++) value |= (ulong)Unsafe.Add(ref p, i + plane * count) << (8 * plane);
                    values[i] = T.CreateTruncating(value) + added;
                }
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Low(ref byte p, int i, int count) =>
        Unsafe.Add(ref p, i) | ((uint)Unsafe.Add(ref p, i + count) << 8) | ((uint)Unsafe.Add(ref p, i + 2 * count) << 16) | ((uint)Unsafe.Add(ref p, i + 3 * count) << 24);

    private static void Packed<T>(ReadOnlySpan<byte> body, int width, long shift, Span<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        var added = T.CreateTruncating(shift);
        var mask = (1UL << width) - 1;
        ref var p = ref MemoryMarshal.GetReference(body);
        var bit = 0L;
        for (var i = 0; i < values.Length; i++, bit += width)
        {
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref p, (nint)(bit >> 3)));
            values[i] = T.CreateTruncating((word >> (int)(bit & 7)) & mask) + added;
        }
    }

    private static void Steps<T>(ReadOnlySpan<byte> body, int planes, long origin, Span<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (values.IsEmpty) return;
        var value = BinaryPrimitives.ReadInt64LittleEndian(body) - origin;
        values[0] = T.CreateTruncating(value);
        body = body[8..];
        var count = values.Length - 1;
        for (var i = 0; i < count; i++)
        {
            var zigzag = PlaneValue(body, i, count, planes);
            value += (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
            values[i + 1] = T.CreateTruncating(value);
        }
    }

    private static ulong PlaneValue(ReadOnlySpan<byte> body, int i, int count, int planes)
    {
        var value = 0UL;
        for (var plane = 0; plane < planes; plane++) value |= (ulong)body[i + plane * count] << (8 * plane);
        return value;
    }

    private static void Places<T>(in PageEntry entry, ReadOnlySpan<byte> body, long origin, Span<T> values, string file)
        where T : unmanaged, IBinaryInteger<T>
    {
        Require(body.Length >= 2, entry, file);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(body);
        Require(count is > 0 and <= 256 && body.Length == 2 + 8 * count + values.Length, entry, file);
        Span<T> distinct = stackalloc T[256];
        for (var i = 0; i < count; i++) distinct[i] = T.CreateTruncating((long)PlaneValue(body[2..], i, count, 8) - origin);
        var places = body[(2 + 8 * count)..];
        for (var i = 0; i < values.Length; i++) values[i] = distinct[places[i]];
    }

    private static void Sparse<T>(in PageEntry entry, ReadOnlySpan<byte> body, long origin, Span<T> values, string file)
        where T : unmanaged, IBinaryInteger<T>
    {
        var others = new SparsePage(entry, body, file);
        values.Fill(T.CreateTruncating(others.Common - origin));
        for (var i = 0; i < others.Count; i++) values[others.Row(i)] = T.CreateTruncating(others.Value(i) - origin);
    }

    private static void Fresh<T>(ReadOnlySpan<byte> body, long origin, Span<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        var next = BinaryPrimitives.ReadInt64LittleEndian(body) - origin;
        int planes = body[8];
        body = body[9..];
        for (var i = 0; i < values.Length; i++)
        {
            var code = (long)PlaneValue(body, i, values.Length, planes);
            values[i] = T.CreateTruncating(code == 0 ? next++ : code - 1 - origin);
        }
    }

    private static void Decimals<T>(in PageEntry entry, ReadOnlySpan<byte> body, long origin, Span<T> values, string file)
        where T : unmanaged, IBinaryInteger<T>
    {
        Require(entry.Width <= DecimalScale.MostDigits, entry, file);
        var integers = new long[values.Length];
        DecodeDecimalIntegers(entry, body, integers, file);
        for (var i = 0; i < integers.Length; i++) values[i] = T.CreateTruncating(DecimalScale.ToBits(integers[i], entry.Width) - origin);
    }
}

/// <summary>A sparse page as it lies: the common value, and the rows and values of the others. Valid as long as the body.</summary>
internal readonly ref struct SparsePage
{
    private readonly ReadOnlySpan<byte> _rows;
    private readonly ReadOnlySpan<byte> _values;

    /// <summary>Looks at a body.</summary>
    public SparsePage(in PageEntry entry, ReadOnlySpan<byte> body, string file)
    {
        if (entry.Encoding != PageEncoding.Sparse || body.Length < 12) throw new CorruptDataException(file, entry.Offset, "a sparse page", $"{entry.Encoding} of {body.Length} bytes");
        Count = BinaryPrimitives.ReadInt32LittleEndian(body);
        Common = BinaryPrimitives.ReadInt64LittleEndian(body[4..]);
        if (Count < 0 || body.Length != 12 + 12L * Count) throw new CorruptDataException(file, entry.Offset, $"{Count} exceptions of 12 bytes", $"{body.Length} bytes");
        _rows = body.Slice(12, 4 * Count);
        _values = body[(12 + 4 * Count)..];
        if (Count > 0 && (uint)Row(Count - 1) >= (uint)entry.Count) throw new CorruptDataException(file, entry.Offset, $"rows below {entry.Count}", $"row {Row(Count - 1)}");
    }

    /// <summary>The value of all rows but the others.</summary>
    public long Common { get; }

    /// <summary>Number of the others.</summary>
    public int Count { get; }

    /// <summary>Row of the i-th other; ascending.</summary>
    public int Row(int i) => BinaryPrimitives.ReadInt32LittleEndian(_rows[(4 * i)..]);

    /// <summary>Value of the i-th other.</summary>
    public long Value(int i) => BinaryPrimitives.ReadInt64LittleEndian(_values[(8 * i)..]);
}
