using System.Numerics;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// The numbers of one slot of a template, one after another in a page of all slots (docs/format/logs.md, "Numbers of bodies"): a head of what they share, then byte planes of their distances from
/// the smallest number, or of the distances between neighbours where those are shorter, as in counters.
/// </summary>
internal static class SlotNumbers
{
    private const byte Steps = 0x80;

    /// <summary>Appends the numbers.</summary>
    public static void Write(ReadOnlySpan<long> values, ref Column<byte> to)
    {
        var (min, max) = Bounds(values, 0);
        var (minStep, maxStep) = values.Length < 2 ? (0L, 0L) : Bounds(values, 1);
        var planes = Planes((ulong)max - (ulong)min);
        var stepPlanes = Planes((ulong)maxStep - (ulong)minStep);
        var isSteps = values.Length > 4 && stepPlanes < planes;
        to.Add((byte)(isSteps ? Steps | stepPlanes : planes));
        Number(isSteps ? values[0] : min, ref to);
        if (isSteps) Number(minStep, ref to);
        var count = isSteps ? values.Length - 1 : values.Length;
        for (var plane = 0; plane < (isSteps ? stepPlanes : planes); plane++)
        {
            var target = to.Append(count);
            for (var i = 0; i < count; i++)
            {
                var distance = isSteps ? values[i + 1] - values[i] - minStep : values[i] - min;
                target[i] = (byte)((ulong)distance >> (8 * plane));
            }
        }
    }

    private static (long Min, long Max) Bounds(ReadOnlySpan<long> values, int step)
    {
        var (min, max) = (long.MaxValue, long.MinValue);
        for (var i = step; i < values.Length; i++)
        {
            var value = step == 0 ? values[i] : values[i] - values[i - 1];
            (min, max) = (Math.Min(min, value), Math.Max(max, value));
        }
        return (min, max);
    }

    private static int Planes(ulong range) => (64 - BitOperations.LeadingZeroCount(range) + 7) / 8;

    private static void Number(long value, ref Column<byte> to)
    {
        var left = (ulong)(value << 1 ^ value >> 63);
        for (; left >= 0x80; left >>= 7) to.Add((byte)(left | 0x80));
        to.Add((byte)left);
    }

    /// <summary>Reads what <see cref="Write"/> wrote of so many numbers from a place in the page, which moves behind it.</summary>
    /// <exception cref="CorruptDataException">The page ends before them.</exception>
    public static SlotColumn Read(byte[] page, ref int at, int count, string file, long offset)
    {
        var mode = Byte(page, ref at, file, offset);
        var (isSteps, planes) = ((mode & Steps) != 0, mode & 0x7F);
        var first = Number(page, ref at, file, offset);
        var minStep = isSteps ? Number(page, ref at, file, offset) : 0;
        var stored = isSteps ? count - 1 : count;
        if (planes > 8 || count < 1 || (long)planes * stored > page.Length - at) throw new CorruptDataException(file, offset, $"{planes} planes of {stored} numbers", $"{page.Length - at} bytes left");
        var column = new SlotColumn(page, at, stored, planes, isSteps ? minStep : first);
        at += planes * stored;
        if (!isSteps) return column;
        var values = new long[count];
        values[0] = first;
        for (var i = 1; i < count; i++) values[i] = values[i - 1] + column[i - 1];
        return new SlotColumn(values);
    }

    private static byte Byte(byte[] page, ref int at, string file, long offset) =>
        at < page.Length ? page[at++] : throw new CorruptDataException(file, offset, "the numbers of all slots", $"{page.Length} bytes");

    private static long Number(byte[] page, ref int at, string file, long offset)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte(page, ref at, file, offset);
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) break;
        }
        return (long)(value >> 1) ^ -(long)(value & 1);
    }
}

/// <summary>The numbers of one slot, read where they lie in the page. Immutable; thread safe.</summary>
internal readonly struct SlotColumn
{
    private readonly byte[] _page;
    private readonly long[]? _values;
    private readonly int _at;
    private readonly int _count;
    private readonly int _planes;
    private readonly long _base;

    /// <summary>Planes in a page.</summary>
    public SlotColumn(byte[] page, int at, int count, int planes, long @base) => (_page, _at, _count, _planes, _base, _values) = (page, at, count, planes, @base, null);

    /// <summary>Numbers as they are.</summary>
    public SlotColumn(long[] values) => (_page, _at, _count, _planes, _base, _values) = ([], 0, values.Length, 0, 0, values);

    /// <summary>Memory beside the page.</summary>
    public long MemoryBytes => (_values?.LongLength ?? 0) * 8;

    /// <summary>A number.</summary>
    public long this[int index]
    {
        get
        {
            if (_values is not null) return _values[index];
            var value = 0UL;
            for (var plane = 0; plane < _planes; plane++) value |= (ulong)_page[_at + plane * _count + index] << (8 * plane);
            return _base + (long)value;
        }
    }
}
