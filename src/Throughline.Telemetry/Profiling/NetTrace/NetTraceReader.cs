using System.Runtime.InteropServices;

namespace Throughline.Telemetry.Profiling.NetTrace;

/// <summary>
/// Reads what the runtime's EventPipe sends, as it comes: blocks of events in the "Nettrace" format, version 4. Specification:
/// microsoft/perfview, src/TraceEvent/EventPipe/NetTraceFormat_v5.md, which tells versions 3 to 5. One trace, one thread.
/// </summary>
internal sealed class NetTraceReader(Stream stream)
{
    /// <summary>The runtime's blocks hold 100 KB; one that says it is larger than this is no block.</summary>
    private const int LargestBlock = 64 * 1024 * 1024;

    private const byte NullReference = 1, BeginObject = 5, EndObject = 6;

    private readonly Dictionary<int, EventKind> _kinds = [];
    private readonly Dictionary<int, ulong[]> _stacks = [];
    private readonly StackPool _pool = new();
    private readonly Dictionary<long, int> _lastSequence = [];
    private (int Id, EventKind? Kind) _lastKind;
    private (long Thread, int Sequence, bool IsKnown) _last;
    private byte[] _block = [];
    private long _position;

    /// <summary>Ticks of the trace's clock in a second; 0 until the trace's head was read.</summary>
    public long Frequency { get; private set; }

    /// <summary>Events that the runtime made and couldn't keep, as far as their numbers tell.</summary>
    public long LostEvents { get; private set; }

    /// <summary>Reads to the end of the trace and hands every event on.</summary>
    /// <exception cref="InvalidDataException">It isn't such a trace, or it ended in the middle.</exception>
    public void Read(NetTraceHandler handler)
    {
        Expect("Nettrace"u8);
        if (Int32() != 20) throw new InvalidDataException("The trace has no serialization header.");
        Expect("!FastSerialization.1"u8);
        for (var tag = Byte(); tag != NullReference; tag = Byte())
        {
            Expect(tag, BeginObject);
            var name = ObjectName();
            if (name == "Trace") Head(Bytes(48));
            else Block(name, SizedBlock(), handler);
            Expect(Byte(), EndObject);
        }
    }

    private string ObjectName()
    {
        Expect(Byte(), BeginObject);
        Expect(Byte(), NullReference);
        var (version, leastReader) = (Int32(), Int32());
        var length = Int32();
        if (length is < 1 or > 64) throw new InvalidDataException($"An object of the trace has a name of {length} bytes.");
        var name = System.Text.Encoding.ASCII.GetString(Bytes(length));
        if (leastReader > 4)
            throw new InvalidDataException($"The trace's {name} has version {version} and asks for a reader of version {leastReader}; this one reads 4.");
        Expect(Byte(), EndObject);
        return name;
    }

    private void Head(ReadOnlySpan<byte> bytes)
    {
        var head = new BlockReader(bytes);
        head.Take(16 + sizeof(long));
        Frequency = head.Int64();
        if (head.Int32() != sizeof(ulong)) throw new InvalidDataException("The trace is not of a 64-bit process.");
    }

    private void Block(string name, ReadOnlySpan<byte> bytes, NetTraceHandler handler)
    {
        switch (name)
        {
            case "EventBlock": Events(bytes, handler); break;
            case "MetadataBlock": Events(bytes, handler: null); break;
            case "StackBlock": Stacks(bytes); break;
            case "SPBlock": SequencePoint(bytes); break;
            default: throw new InvalidDataException($"The trace has an object of a kind that this reader doesn't know: {name}.");
        }
    }

    private void Stacks(ReadOnlySpan<byte> bytes)
    {
        var block = new BlockReader(bytes);
        var (first, count) = (block.Int32(), block.Int32());
        for (var i = 0; i < count; i++) _stacks[first + i] = _pool.Get(MemoryMarshal.Cast<byte, ulong>(block.Take(block.Int32())));
    }

    /// <summary>Events, or the metadata that say which kinds of events there are when nobody handles them.</summary>
    private void Events(ReadOnlySpan<byte> bytes, NetTraceHandler? handler)
    {
        var block = new BlockReader(bytes);
        var headerSize = block.Int16();
        var compressed = (block.Int16() & 1) != 0;
        if (!compressed) throw new InvalidDataException("The trace's events have uncompressed headers.");
        block.Take(headerSize - 4);
        var header = new EventHeader();
        while (!block.AtEnd)
        {
            header.Read(ref block);
            var payload = block.Take(header.PayloadSize);
            if (handler is null)
            {
                Metadata(payload);
                continue;
            }
            CountLost(header.CaptureThreadId, header.Sequence);
            var kind = KindOf(header.MetadataId);
            var stack = header.StackId == 0 ? [] : _stacks.GetValueOrDefault(header.StackId, []);
            handler(new() { Kind = kind, ThreadId = header.ThreadId, Time = header.Time, Stack = stack, Payload = payload });
        }
    }

    /// <summary>Nearly all events are of the kind that the one before was.</summary>
    private EventKind KindOf(int id)
    {
        if (_lastKind.Kind is { } last && _lastKind.Id == id) return last;
        if (!_kinds.TryGetValue(id, out var kind)) throw new InvalidDataException($"The trace has an event of kind {id}, which it didn't describe.");
        _lastKind = (id, kind);
        return kind;
    }

    private void Metadata(ReadOnlySpan<byte> payload)
    {
        var block = new BlockReader(payload);
        var id = block.Int32();
        var provider = block.Text();
        _kinds[id] = new(provider, block.Int32());
        _lastKind = default;
    }

    private void CountLost(long thread, int sequence)
    {
        // Samples of all threads are written by one.
        if (!_last.IsKnown || _last.Thread != thread)
        {
            KeepLast();
            _last = (thread, _lastSequence.GetValueOrDefault(thread), true);
        }
        // The first is 1. A number that goes back is of a new thread with the id of a dead one.
        if (sequence > _last.Sequence) LostEvents += sequence - _last.Sequence - 1;
        _last.Sequence = sequence;
    }

    private void KeepLast()
    {
        if (_last.IsKnown) _lastSequence[_last.Thread] = _last.Sequence;
        _last = default;
    }

    /// <summary>Says up to which number each thread has made events so far; numbers of stacks begin anew.</summary>
    private void SequencePoint(ReadOnlySpan<byte> bytes)
    {
        _stacks.Clear();
        KeepLast();
        var block = new BlockReader(bytes);
        block.Int64(); // its time
        for (var left = block.Int32(); left > 0; left--)
        {
            var (thread, sequence) = (block.Int64(), block.Int32());
            var last = _lastSequence.GetValueOrDefault(thread);
            if (sequence <= last) continue;
            LostEvents += sequence - last;
            _lastSequence[thread] = sequence;
        }
    }

    private ReadOnlySpan<byte> SizedBlock()
    {
        var size = Int32();
        if (size is < 0 or > LargestBlock) throw new InvalidDataException($"The trace has a block of {size} bytes; the limit is {LargestBlock}.");
        Bytes((int)(-_position & 3));
        return Bytes(size);
    }

    private byte Byte() => Bytes(1)[0];

    private int Int32() => System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));

    private ReadOnlySpan<byte> Bytes(int count)
    {
        if (_block.Length < count) _block = new byte[Math.Max(count, 128 * 1024)];
        try
        {
            stream.ReadExactly(_block.AsSpan(0, count));
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException($"The trace ended after {_position} bytes, in the middle of a block.");
        }
        _position += count;
        return _block.AsSpan(0, count);
    }

    private void Expect(ReadOnlySpan<byte> text)
    {
        if (!Bytes(text.Length).SequenceEqual(text)) throw new InvalidDataException("This is not a trace in the Nettrace format.");
    }

    private void Expect(byte found, byte expected)
    {
        if (found != expected) throw new InvalidDataException($"The trace has tag {found} at byte {_position - 1} where {expected} was expected.");
    }
}
