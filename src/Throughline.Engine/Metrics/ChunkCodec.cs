using System.Buffers.Binary;
using System.Numerics;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Writes a run of points of one series as bytes and reads them back (docs/format/metrics.md, "Chunks"): times as steps of steps or by those of the chunk before, starts as runs, values as steps of integers, of
/// decimals, or as the bytes that change. What is regular becomes runs of equal bytes, which the page's codec takes away. Keeps the times of the chunk before; one owner, not thread safe.
/// </summary>
internal sealed class ChunkCodec
{
    /// <summary>Points of one chunk.</summary>
    public const int MaxPoints = 8192;

    private const byte TimesAsSteps = 0, TimesAsBefore = 1, TimesNearThoseBefore = 2;
    private const byte StartsAsRuns = 0, StartsAtPointBefore = 1;
    private const byte ValuesAsBits = 16, ValuesEqual = 17;

    private ulong[] _before = [];
    private int _beforeCount;
    private long[] _integers = [];

    /// <summary>A page begins: there is no chunk before.</summary>
    public void BeginPage() => _beforeCount = 0;

    /// <summary>Writes the points [from, from + count), which are in the order of their times.</summary>
    public void Write(WireWriter writer, SeriesPoints points, int from, int count)
    {
        var times = points.Time.Span.Slice(from, count);
        WriteTimes(writer, times);
        WriteStarts(writer, points.Start.Span.Slice(from, count), times);
        WriteValues(writer, points.Value.Span.Slice(from, count));
        if (points.Distribution.Count > 0)
        {
            foreach (var bytes in points.Distribution.Span.Slice(from, count)) writer.Varint((ulong)bytes.Length);
            foreach (var bytes in points.Distribution.Span.Slice(from, count)) writer.Raw(bytes.Span);
        }
        Remember(times);
    }

    /// <summary>Appends the points of a chunk; null leaves them out and remembers their times for the chunk behind.</summary>
    /// <exception cref="MalformedInputException">It is no chunk of so many points.</exception>
    public void Read(ref WireReader reader, int count, bool hasDistributions, SeriesPoints? into)
    {
        if (count is < 1 or > MaxPoints) WireReader.Throw(reader.Position, $"a chunk of {count} points");
        var times = new ulong[count];
        ReadTimes(ref reader, times);
        Remember(times);
        if (into is null) return;
        var first = into.Count;
        into.Time.AddRange(times);
        ReadStarts(ref reader, times, into.Start.Append(count));
        ReadValues(ref reader, into.Value.Append(count));
        if (!hasDistributions) return;
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
        {
            var length = reader.ReadVarint();
            if (length > (ulong)reader.Rest.Length) WireReader.Throw(reader.Position, $"a distribution of {length} bytes");
            lengths[i] = (int)length;
        }
        var bytes = reader.Rest.ToArray();
        var at = 0;
        foreach (var length in lengths)
        {
            if (length > bytes.Length - at) WireReader.Throw(reader.Position, "distributions behind the end of their chunk");
            into.Distribution.Add(bytes.AsMemory(at, length));
            at += length;
        }
    }

    private void Remember(ReadOnlySpan<ulong> times)
    {
        if (_before.Length < times.Length) _before = new ulong[Math.Max(times.Length, 256)];
        times.CopyTo(_before);
        _beforeCount = times.Length;
    }

    private void WriteTimes(WireWriter writer, ReadOnlySpan<ulong> times)
    {
        var before = _before.AsSpan(0, _beforeCount);
        if (times.SequenceEqual(before))
        {
            writer.Varint(TimesAsBefore);
            return;
        }
        // Instruments of one service are read one after the other: their times differ by a little.
        var isNear = before.Length == times.Length;
        long cost = 0, costNear = 0, step = 0, distance = 0;
        for (var i = 1; i < times.Length; i++)
        {
            var next = (long)(times[i] - times[i - 1]);
            cost += BitOperations.Log2(ZigZag.Encode(next - step) | 1);
            step = next;
            if (!isNear) continue;
            var nextDistance = (long)(times[i] - before[i]);
            costNear += BitOperations.Log2(ZigZag.Encode(nextDistance - distance) | 1);
            distance = nextDistance;
        }
        isNear &= costNear < cost;
        writer.Varint(isNear ? TimesNearThoseBefore : TimesAsSteps);
        var (last, lastStep) = (0UL, 0L);
        for (var i = 0; i < times.Length; i++)
        {
            var next = isNear ? (long)(times[i] - before[i]) : (long)(times[i] - last);
            writer.Varint(ZigZag.Encode(next - lastStep));
            lastStep = isNear || i > 0 ? next : 0;
            last = times[i];
        }
    }

    private void ReadTimes(ref WireReader reader, Span<ulong> times)
    {
        var mode = reader.ReadVarint();
        if (mode > TimesNearThoseBefore) WireReader.Throw(reader.Position, $"times in form {mode}");
        if (mode != TimesAsSteps && _beforeCount != times.Length) WireReader.Throw(reader.Position, $"times by those of a chunk of {_beforeCount} points, for {times.Length}");
        if (mode == TimesAsBefore)
        {
            _before.AsSpan(0, _beforeCount).CopyTo(times);
            return;
        }
        var (last, lastStep) = (0UL, 0L);
        for (var i = 0; i < times.Length; i++)
        {
            var next = ZigZag.Decode(reader.ReadVarint()) + lastStep;
            times[i] = (mode == TimesNearThoseBefore ? _before[i] : last) + (ulong)next;
            lastStep = mode == TimesNearThoseBefore || i > 0 ? next : 0;
            last = times[i];
        }
    }

    private static void WriteStarts(WireWriter writer, ReadOnlySpan<ulong> starts, ReadOnlySpan<ulong> times)
    {
        var follow = starts.Length > 1;
        for (var i = 1; i < starts.Length && follow; i++) follow = starts[i] == times[i - 1];
        writer.Varint(follow ? StartsAtPointBefore : StartsAsRuns);
        if (follow)
        {
            writer.Varint(ZigZag.Encode((long)(times[0] - starts[0])));
            return;
        }
        var last = 0UL;
        for (var i = 0; i < starts.Length;)
        {
            var end = i + 1;
            while (end < starts.Length && starts[end] == starts[i]) end++;
            writer.Varint((ulong)(end - i));
            writer.Varint(ZigZag.Encode((long)(starts[i] - last)));
            last = starts[i];
            i = end;
        }
    }

    private static void ReadStarts(ref WireReader reader, ReadOnlySpan<ulong> times, Span<ulong> starts)
    {
        var mode = reader.ReadVarint();
        if (mode == StartsAtPointBefore)
        {
            starts[0] = times[0] - (ulong)ZigZag.Decode(reader.ReadVarint());
            times[..^1].CopyTo(starts[1..]);
            return;
        }
        if (mode != StartsAsRuns) WireReader.Throw(reader.Position, $"starts in form {mode}");
        var last = 0UL;
        for (var i = 0; i < starts.Length;)
        {
            var run = reader.ReadVarint();
            if (run == 0 || run > (ulong)(starts.Length - i)) WireReader.Throw(reader.Position, $"a run of {run} starts");
            last += (ulong)ZigZag.Decode(reader.ReadVarint());
            starts.Slice(i, (int)run).Fill(last);
            i += (int)run;
        }
    }

    private void WriteValues(WireWriter writer, ReadOnlySpan<double> values)
    {
        var bits = System.Runtime.InteropServices.MemoryMarshal.Cast<double, long>(values);
        if (bits.IndexOfAnyExcept(bits[0]) < 0)
        {
            writer.Varint(ValuesEqual);
            BinaryPrimitives.WriteInt64LittleEndian(writer.Allocate(8), bits[0]);
            return;
        }
        if (_integers.Length < bits.Length) _integers = new long[Math.Max(bits.Length, 256)];
        for (var digits = 0; digits <= DecimalScale.MostDigits; digits++)
        {
            if (!DecimalScale.TryScale(bits, digits, _integers)) continue;
            writer.Varint((ulong)digits);
            var last = 0L;
            foreach (var integer in _integers.AsSpan(0, bits.Length))
            {
                writer.Varint(ZigZag.Encode(integer - last));
                last = integer;
            }
            return;
        }
        writer.Varint(ValuesAsBits);
        var before = 0UL;
        Span<byte> changed = stackalloc byte[8];
        foreach (var value in bits)
        {
            // Neighbours share sign, exponent and the first digits: the bytes from the first that differs on, less the zeros at the end.
            var differs = (ulong)value ^ before;
            before = (ulong)value;
            var high = BitOperations.LeadingZeroCount(differs) / 8;
            var low = Math.Min(BitOperations.TrailingZeroCount(differs) / 8, 8 - Math.Min(high, 8));
            var length = Math.Max(0, 8 - high - low);
            BinaryPrimitives.WriteUInt64BigEndian(changed, differs);
            writer.Raw([(byte)((high << 4) | length)]);
            writer.Raw(changed.Slice(Math.Min(high, 8 - length), length));
        }
    }

    private static void ReadValues(ref WireReader reader, Span<double> values)
    {
        var mode = reader.ReadVarint();
        if (mode == ValuesEqual)
        {
            values.Fill(BitConverter.Int64BitsToDouble((long)reader.ReadFixed64()));
        }
        else if (mode <= DecimalScale.MostDigits)
        {
            var last = 0L;
            for (var i = 0; i < values.Length; i++)
            {
                last += ZigZag.Decode(reader.ReadVarint());
                values[i] = BitConverter.Int64BitsToDouble(DecimalScale.ToBits(last, (int)mode));
            }
        }
        else if (mode == ValuesAsBits)
        {
            ReadBits(ref reader, values);
        }
        else
        {
            WireReader.Throw(reader.Position, $"values in form {mode}");
        }
    }

    private static void ReadBits(ref WireReader reader, Span<double> values)
    {
        var before = 0UL;
        Span<byte> changed = stackalloc byte[8];
        for (var i = 0; i < values.Length; i++)
        {
            var shape = reader.ReadByte();
            var (high, length) = (shape >> 4, shape & 15);
            if (high + length > 8) WireReader.Throw(reader.Position, $"a value of {length} bytes behind {high}");
            changed.Clear();
            for (var b = 0; b < length; b++) changed[high + b] = reader.ReadByte();
            before ^= BinaryPrimitives.ReadUInt64BigEndian(changed);
            values[i] = BitConverter.UInt64BitsToDouble(before);
        }
    }
}
