using System.Buffers.Binary;
using System.Text;
using Throughline.Telemetry.Profiling.NetTrace;

namespace Throughline.Tests.Telemetry.Profiling;

/// <summary>The reader on traces written by hand, as the format's specification says, and on what is no trace.</summary>
public sealed class NetTraceReaderTests
{
    private const int StackId = 1, MetadataId = 1;

    [Fact]
    public void EventsComeWithTheirKindThreadTimeStackAndPayload()
    {
        var trace = Trace(Events((Sequence: 1, Thread: 11, Time: 1000), (2, 12, 1001), (3, 11, 1500)));
        var found = new List<string>();
        var reader = new NetTraceReader(new MemoryStream(trace));
        reader.Read((in NetTraceEvent e) => found.Add($"{e.Kind.Provider}/{e.Kind.Id} {e.ThreadId} {e.Time} {string.Join(',', e.Stack)} {e.Payload.Length}"));

        Assert.Equal(["Sampler/9 11 1000 500,600 4", "Sampler/9 12 1001 500,600 4", "Sampler/9 11 1500 500,600 4"], found);
        Assert.Equal((1_000_000_000, 0), (reader.Frequency, reader.LostEvents));
    }

    [Fact]
    public void EqualStacksAreOneArrayHoweverOftenTheyAreSent()
    {
        var again = Object("StackBlock", [.. I32(StackId), .. I32(2), .. I32(16), .. I64(500), .. I64(600), .. I32(8), .. I64(500)]);
        var trace = Trace(Events((1, 11, 1000)), SequencePoint(thread: 99, sequence: 1), again, Events((2, 12, 1001)));
        var stacks = new List<ulong[]>();
        new NetTraceReader(new MemoryStream(trace)).Read((in NetTraceEvent e) => stacks.Add(e.Stack));
        Assert.Equal(2, stacks.Count);
        Assert.Same(stacks[0], stacks[1]);
    }

    [Fact]
    public void EventsThatTheRuntimeCouldNotKeepAreCounted()
    {
        // 1 and 2 are missing before, 4 to 6 within, 8 and 9 at the end.
        var trace = Trace(Events((3, 11, 1000), (7, 11, 1001)), SequencePoint(thread: 99, sequence: 9));
        var reader = new NetTraceReader(new MemoryStream(trace));
        reader.Read((in NetTraceEvent _) => { });
        Assert.Equal(7, reader.LostEvents);
    }

    [Fact]
    public void TraceThatEndsInTheMiddleIsAnErrorWhereverItEnds()
    {
        var trace = Trace(Events((1, 11, 1000)), SequencePoint(99, 1));
        for (var length = 0; length < trace.Length; length++)
            Assert.Throws<InvalidDataException>(() => new NetTraceReader(new MemoryStream(trace, 0, length)).Read((in NetTraceEvent _) => { }));
    }

    [Fact]
    public void DamageIsAnErrorOfTheTraceOrGoesUnnoticedButNothingElse()
    {
        var trace = Trace(Events((1, 11, 1000), (2, 12, 1001)), SequencePoint(99, 2));
        var errors = 0;
        for (var at = 0; at < trace.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var damaged = trace.ToArray();
                damaged[at] ^= (byte)(1 << bit);
                try
                {
                    new NetTraceReader(new MemoryStream(damaged)).Read((in NetTraceEvent _) => { });
                }
                catch (InvalidDataException)
                {
                    errors++;
                }
            }
        }
        Assert.InRange(errors, trace.Length, 8 * trace.Length);
    }

    [Theory]
    [InlineData("NewBlock", 2, "NewBlock")]
    [InlineData("EventBlock", 6, "reader of version 6")]
    public void WhatThisReaderDoesNotKnowIsNamed(string name, int leastReader, string message)
    {
        var trace = Trace(Object(name, new byte[8], leastReader));
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => new NetTraceReader(new MemoryStream(trace)).Read((in NetTraceEvent _) => { })).Message);
    }

    private static Action<List<byte>> Events(params (int Sequence, int Thread, int Time)[] events)
    {
        var block = new List<byte>(EventBlockHeader());
        var (sequence, time) = (0, 0);
        foreach (var e in events)
        {
            // Everything named: kind, capturing thread, thread, stack, size of the payload.
            block.Add(1 | 2 | 4 | 8 | 128);
            block.AddRange([.. Var(MetadataId), .. Var(e.Sequence - sequence - 1), .. Var(99), .. Var(0), .. Var(e.Thread), .. Var(StackId), .. Var(e.Time - time), .. Var(4)]);
            block.AddRange([1, 2, 3, 4]);
            (sequence, time) = (e.Sequence, e.Time);
        }
        return Object("EventBlock", [.. block]);
    }

    private static Action<List<byte>> SequencePoint(long thread, int sequence) => Object("SPBlock", [.. I64(2000), .. I32(1), .. I64(thread), .. I32(sequence)]);

    private static byte[] Trace(params Action<List<byte>>[] objects)
    {
        byte[] kind = [.. I32(MetadataId), .. Encoding.Unicode.GetBytes("Sampler\0"), .. I32(9), .. Encoding.Unicode.GetBytes("\0"), .. I64(0), .. I32(1), .. I32(4), .. I32(0)];
        Action<List<byte>>[] head =
        [
            Object("Trace", [.. new byte[16], .. I64(5), .. I64(1_000_000_000), .. I32(8), .. I32(1), .. I32(2), .. I32(0)], leastReader: 4, sized: false),
            Object("MetadataBlock", [.. EventBlockHeader(), 128, .. Var(0), .. Var(kind.Length), .. kind]),
            Object("StackBlock", [.. I32(StackId), .. I32(1), .. I32(16), .. I64(500), .. I64(600)]),
        ];
        var trace = new List<byte>([.. "Nettrace"u8, .. I32(20), .. "!FastSerialization.1"u8]);
        foreach (var write in head.Concat(objects)) write(trace);
        trace.Add(1);
        return [.. trace];
    }

    private static byte[] EventBlockHeader() => [20, 0, 1, 0, .. I64(0), .. I64(0)];

    private static Action<List<byte>> Object(string name, byte[] content, int leastReader = 2, bool sized = true) => trace =>
    {
        trace.AddRange([5, 5, 1, .. I32(leastReader), .. I32(leastReader), .. I32(name.Length), .. Encoding.ASCII.GetBytes(name), 6]);
        if (sized)
        {
            trace.AddRange(I32(content.Length));
            while (trace.Count % 4 != 0) trace.Add(0);
        }
        trace.AddRange([.. content, 6]);
    };

    private static byte[] I32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] I64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Var(int value)
    {
        var bytes = new List<byte>();
        for (var left = (uint)value; ; left >>= 7)
        {
            if (left < 0x80) return [.. bytes, (byte)left];
            bytes.Add((byte)(left | 0x80));
        }
    }
}
