using System.Buffers;
using System.Text;

namespace Throughline.Telemetry.Profiling.Pprof;

/// <summary>
/// Writes the few forms of protobuf's wire format that a profile has. Zeros and empty texts are left out, as the format wants it. Used by one thread.
/// </summary>
internal sealed class ProtoWriter
{
    private const int Varint = 0, LengthDelimited = 2;

    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Clear() => _bytes.ResetWrittenCount();

    public void Number(int field, long value)
    {
        if (value == 0) return;
        Tag(field, Varint);
        Raw((ulong)value);
    }

    public void Flag(int field, bool value) => Number(field, value ? 1 : 0);

    /// <summary>A text as an entry of a repeated field: the empty one is an entry too.</summary>
    public void Text(int field, string value)
    {
        Tag(field, LengthDelimited);
        Raw((ulong)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _bytes);
    }

    public void Message(int field, ProtoWriter message)
    {
        Tag(field, LengthDelimited);
        Raw((ulong)message.Written.Length);
        _bytes.Write(message.Written);
    }

    /// <summary>A packed repeated field; <paramref name="scratch"/> is overwritten.</summary>
    public void Numbers(int field, ReadOnlySpan<long> values, ProtoWriter scratch)
    {
        if (values.IsEmpty) return;
        scratch.Clear();
        foreach (var value in values) scratch.Raw((ulong)value);
        Message(field, scratch);
    }

    private void Tag(int field, int wireType) => Raw((ulong)(field << 3 | wireType));

    private void Raw(ulong value)
    {
        var bytes = _bytes.GetSpan(10);
        var count = 0;
        for (; value >= 0x80; value >>= 7) bytes[count++] = (byte)(value | 0x80);
        bytes[count++] = (byte)value;
        _bytes.Advance(count);
    }
}
