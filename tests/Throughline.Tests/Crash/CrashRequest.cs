using System.Buffers.Binary;
using Google.Protobuf;
using System.IO.Hashing;
using Throughline.Engine.Model;

namespace Throughline.Tests.Crash;

/// <summary>A span of a crash test: everything about it follows from its ids, so that finding it means finding it whole.</summary>
internal readonly record struct CrashSpan(TraceId Trace, ulong Id, ulong Parent)
{
    private static readonly ulong s_start = 1_795_219_200_000_000_000;

    public string Name => $"work {Id % 7}";

    public string Detail => $"detail of {Id:x16} {new string('x', (int)(Id % 97))}";

    public ulong StartUnixNano => s_start + Id % 1_000_000;
}

/// <summary>
/// One export request of a crash test, in OTLP protobuf, written by Google's library and not by the code under test; and what its sender knows about it.
/// </summary>
internal sealed class CrashRequest(int number, IReadOnlyList<CrashSpan> spans)
{
    private byte[]? _body;
    private volatile bool _acknowledged;

    public int Number { get; } = number;

    public IReadOnlyList<CrashSpan> Spans { get; } = spans;

    public byte[] Body => _body ??= Write();

    public UInt128 Digest => XxHash128.HashToUInt128(Body);

    /// <summary>The sender was told that it is stored.</summary>
    public bool IsAcknowledged => _acknowledged;

    public void Acknowledge() => _acknowledged = true;

    private byte[] Write()
    {
        var service = Attribute("service.name", $"service-{Number % 3}");
        var scopeSpans = Message(output =>
        {
            foreach (var span in Spans)
                Field(output, 2, Span(span));
        });
        return Message(output => Field(output, 1, Message(resourceSpans =>
        {
            Field(resourceSpans, 1, Message(resource => Field(resource, 1, service)));
            Field(resourceSpans, 2, scopeSpans);
        })));
    }

    private static byte[] Span(CrashSpan span) => Message(output =>
    {
        var trace = new byte[16];
        span.Trace.CopyTo(trace);
        Field(output, 1, trace);
        Field(output, 2, Id(span.Id));
        if (span.Parent != 0)
            Field(output, 4, Id(span.Parent));
        output.WriteTag(5, WireFormat.WireType.LengthDelimited);
        output.WriteString(span.Name);
        output.WriteTag(7, WireFormat.WireType.Fixed64);
        output.WriteFixed64(span.StartUnixNano);
        output.WriteTag(8, WireFormat.WireType.Fixed64);
        output.WriteFixed64(span.StartUnixNano + 1_000);
        Field(output, 9, Attribute("detail", span.Detail));
    });

    private static byte[] Id(ulong id)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id);
        return bytes;
    }

    private static byte[] Attribute(string key, string value) => Message(output =>
    {
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString(key);
        Field(output, 2, Message(any =>
        {
            any.WriteTag(1, WireFormat.WireType.LengthDelimited);
            any.WriteString(value);
        }));
    });

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream))
            write(output);
        return stream.ToArray();
    }

    private static void Field(CodedOutputStream output, int number, byte[] content)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(content));
    }
}
