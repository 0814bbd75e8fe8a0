using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>What is known of numbers before they are encoded.</summary>
internal enum NumberKind
{
    /// <summary>Nothing: the smallest of planes, steps, places and sparse is taken.</summary>
    Plain,
    /// <summary>Every search scans them: packed bits without a codec, or sparse.</summary>
    Hot,
    /// <summary>Bits of doubles: as decimals where that is exact.</summary>
    Double,
}

/// <summary>
/// Encodes numbers as the body of a page (docs/format/block.md, "Encodings of numbers"). Which encoding is taken follows from cheap facts of the values, not from trying all.
/// The body is valid until the next call. One owner; not thread safe.
/// </summary>
internal sealed class NumberEncoder
{
    private const int MostPlaces = 256;

    /// <summary>Others than the commonest value at most one in this many: the twelve bytes of an exception then cost less than a bit a row.</summary>
    private const int SparseShare = 96;

    private readonly long[] _placeKeys = new long[1024];
    private readonly short[] _placeSlots = new short[1024];
    private readonly long[] _distinct = new long[MostPlaces];
    private byte[] _body = [];
    private long[] _scratch = [];

    /// <summary>Encodes values; the entry says how.</summary>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<long> values, NumberKind kind, scoped out PageEntry entry)
    {
        if (kind == NumberKind.Double && TryDecimal(values, out entry, out var length)) return _body.AsSpan(0, length);
        return EncodeIntegers(values, kind == NumberKind.Hot, 0, out entry);
    }

    /// <summary>Encodes ids; new ones in order, from <paramref name="firstFresh"/>, cost next to nothing.</summary>
    public ReadOnlySpan<byte> EncodeIds(ReadOnlySpan<long> values, long firstFresh, scoped out PageEntry entry)
    {
        var fresh = firstFresh;
        foreach (var value in values)
        {
            if (value == fresh) fresh++;
        }
        if ((fresh - firstFresh) * 16 < values.Length) return Encode(values, NumberKind.Plain, out entry);
        var codes = Scratch(values.Length);
        var (min, max) = Bounds(values);
        var next = firstFresh;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] == next)
            {
                codes[i] = 0;
                next++;
            }
            else
            {
                codes[i] = values[i] + 1;
            }
        }
        var planes = PlanesOf((ulong)Bounds(codes).Max);
        var body = Body(9 + planes * values.Length);
        BinaryPrimitives.WriteInt64LittleEndian(body, firstFresh);
        body[8] = (byte)planes;
        WritePlanes(codes, 0, planes, body[9..]);
        entry = new PageEntry { Encoding = PageEncoding.Fresh, Width = (byte)planes, Count = values.Length, Base = min, Top = max };
        return body;
    }

    private ReadOnlySpan<byte> EncodeIntegers(ReadOnlySpan<long> values, bool hot, int prefix, scoped out PageEntry entry)
    {
        var (min, max) = Bounds(values);
        entry = new PageEntry { Count = values.Length, Base = min, Top = max };
        if (min == max) return Body(prefix);
        var range = (ulong)max - (ulong)min;
        if (prefix == 0 && TrySparse(values, ref entry, out var sparse)) return sparse;
        if (hot) return Packed(values, range, ref entry);
        var planes = PlanesOf(range);
        if (planes > 1 && TryPlaces(values, planes, prefix, ref entry, out var places)) return places;
        if (prefix == 0 && planes > 1 && PlanesOf(LargestStep(values)) < planes) return Steps(values, ref entry);
        (entry.Encoding, entry.Width) = (PageEncoding.Planes, (byte)planes);
        var body = Body(prefix + planes * values.Length);
        WritePlanes(values, min, planes, body[prefix..]);
        return body;
    }

    private ReadOnlySpan<byte> Packed(ReadOnlySpan<long> values, ulong range, scoped ref PageEntry entry)
    {
        var width = 64 - BitOperations.LeadingZeroCount(range);
        if (width > 56)
        {
            // More than fits beside a shift of up to seven bits in one word: such ranges are not scanned often.
            (entry.Encoding, entry.Width) = (PageEncoding.Planes, 8);
            var planes = Body(8 * values.Length);
            WritePlanes(values, entry.Base, 8, planes);
            return planes;
        }
        (entry.Encoding, entry.Width) = (PageEncoding.Packed, (byte)width);
        var body = Body((int)(((long)values.Length * width + 63) / 64 * 8) + 8);
        body.Clear();
        var bit = 0L;
        foreach (var value in values)
        {
            var at = body[(int)(bit >> 3)..];
            var word = BinaryPrimitives.ReadUInt64LittleEndian(at) | (((ulong)value - (ulong)entry.Base) << (int)(bit & 7));
            BinaryPrimitives.WriteUInt64LittleEndian(at, word);
            bit += width;
        }
        return body;
    }

    private bool TrySparse(ReadOnlySpan<long> values, scoped ref PageEntry entry, out ReadOnlySpan<byte> body)
    {
        // The value in the middle is the commonest one, if any is that common.
        var common = values[values.Length / 2];
        var others = 0;
        foreach (var value in values) others += value != common ? 1 : 0;
        body = default;
        if (others > values.Length / SparseShare || values.Length < SparseShare) return false;
        var bytes = Body(4 + 12 * others + 8);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, others);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[4..], common);
        var (rowAt, valueAt) = (12, 12 + 4 * others);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] == common) continue;
            BinaryPrimitives.WriteInt32LittleEndian(bytes[rowAt..], i);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[valueAt..], values[i]);
            rowAt += 4;
            valueAt += 8;
        }
        entry.Encoding = PageEncoding.Sparse;
        body = bytes;
        return true;
    }

    private bool TryPlaces(ReadOnlySpan<long> values, int planes, int prefix, scoped ref PageEntry entry, out ReadOnlySpan<byte> body)
    {
        body = default;
        _placeSlots.AsSpan().Fill(-1);
        var count = 0;
        var most = Math.Min(MostPlaces, values.Length / 4);
        foreach (var value in values)
        {
            var slot = SlotOf(value);
            if (_placeSlots[slot] >= 0) continue;
            if (count == most) return false;
            _placeSlots[slot] = 0;
            _placeKeys[slot] = value;
            _distinct[count++] = value;
        }
        if (2 + 8 * count + values.Length >= planes * values.Length) return false;
        Array.Sort(_distinct, 0, count);
        for (var i = 0; i < count; i++) _placeSlots[SlotOf(_distinct[i])] = (short)i;
        var bytes = Body(prefix + 2 + 8 * count + values.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[prefix..], (ushort)count);
        WritePlanes(_distinct.AsSpan(0, count), 0, 8, bytes[(prefix + 2)..]);
        var places = bytes[(prefix + 2 + 8 * count)..];
        for (var i = 0; i < values.Length; i++) places[i] = (byte)_placeSlots[SlotOf(values[i])];
        entry.Encoding = PageEncoding.Places;
        body = bytes;
        return true;
    }

    private int SlotOf(long value)
    {
        var i = (int)(((ulong)value * 0x9E3779B97F4A7C15) >> 54);
        while (_placeSlots[i] >= 0 && _placeKeys[i] != value) i = (i + 1) & 1023;
        return i;
    }

    private ReadOnlySpan<byte> Steps(ReadOnlySpan<long> values, scoped ref PageEntry entry)
    {
        var steps = Scratch(values.Length - 1);
        var most = 0UL;
        for (var i = 1; i < values.Length; i++)
        {
            steps[i - 1] = ZigZag(values[i] - values[i - 1]);
            most = Math.Max(most, (ulong)steps[i - 1]);
        }
        var planes = PlanesOf(most);
        (entry.Encoding, entry.Width) = (PageEncoding.Steps, (byte)planes);
        var body = Body(8 + planes * steps.Length);
        BinaryPrimitives.WriteInt64LittleEndian(body, values[0]);
        WritePlanes(steps, 0, planes, body[8..]);
        return body;
    }

    private bool TryDecimal(ReadOnlySpan<long> bits, scoped out PageEntry entry, out int length)
    {
        (entry, length) = (default, 0);
        var integers = Scratch(bits.Length);
        for (var digits = 0; digits <= DecimalScale.MostDigits; digits++)
        {
            if (!DecimalScale.TryScale(bits, digits, integers)) continue;
            var body = EncodeIntegers(integers, false, 2, out entry);
            // Constant integers have no encoding of their own within a decimal: one plane of zeroes compresses to nothing.
            if (entry.Encoding == PageEncoding.Constant)
            {
                entry.Width = 0;
                entry.Encoding = PageEncoding.Planes;
            }
            _body[0] = (byte)entry.Encoding;
            _body[1] = entry.Width;
            (entry.Encoding, entry.Width) = (PageEncoding.Decimal, (byte)digits);
            length = body.Length;
            return true;
        }
        return false;
    }

    internal static long ZigZag(long value) => (value << 1) ^ (value >> 63);

    private static ulong LargestStep(ReadOnlySpan<long> values)
    {
        var most = 0UL;
        for (var i = 1; i < values.Length; i++) most = Math.Max(most, (ulong)ZigZag(values[i] - values[i - 1]));
        return most;
    }

    private static int PlanesOf(ulong range) => (64 - BitOperations.LeadingZeroCount(range) + 7) / 8;

    private static (long Min, long Max) Bounds(ReadOnlySpan<long> values)
    {
        if (values.IsEmpty) return (0, 0);
        var (min, max) = (values[0], values[0]);
        var i = 0;
        if (values.Length >= 2 * Vector<long>.Count)
        {
            var (mins, maxs) = (new Vector<long>(values), new Vector<long>(values));
            for (i = Vector<long>.Count; i <= values.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var some = new Vector<long>(values[i..]);
                mins = Vector.Min(mins, some);
                maxs = Vector.Max(maxs, some);
            }
            for (var lane = 0; lane < Vector<long>.Count; lane++) (min, max) = (Math.Min(min, mins[lane]), Math.Max(max, maxs[lane]));
        }
        for (; i < values.Length; i++) (min, max) = (Math.Min(min, values[i]), Math.Max(max, values[i]));
        return (min, max);
    }

    private static void WritePlanes(ReadOnlySpan<long> values, long baseValue, int planes, Span<byte> body)
    {
        for (var plane = 0; plane < planes; plane++)
        {
            var shift = plane * 8;
            var bytes = body.Slice(plane * values.Length, values.Length);
            ref var source = ref MemoryMarshal.GetReference(values);
            for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)((ulong)(System.Runtime.CompilerServices.Unsafe.Add(ref source, i) - baseValue) >> shift);
        }
    }

    private Span<byte> Body(int length)
    {
        if (_body.Length < length) _body = new byte[Math.Max(length, _body.Length * 2)];
        return _body.AsSpan(0, length);
    }

    private Span<long> Scratch(int length)
    {
        if (_scratch.Length < length) _scratch = new long[Math.Max(length, _scratch.Length * 2)];
        return _scratch.AsSpan(0, length);
    }
}
