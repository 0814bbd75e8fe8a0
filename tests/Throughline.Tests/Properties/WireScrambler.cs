using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Throughline.Tests.Properties;

/// <summary>
/// Writes a message as no encoder would but any may: fields in any order, some twice, messages in parts, unknown fields and groups between them, varints longer than they need
/// to be. The result is valid; what it says is for the oracle to tell.
/// </summary>
public sealed class WireScrambler(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>The scrambled bytes of a message.</summary>
    public byte[] Scramble(IMessage message) => Scramble(message.ToByteArray(), message.Descriptor);

    private byte[] Scramble(byte[] bytes, MessageDescriptor descriptor)
    {
        var fields = new List<byte[]>();
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() is var tag and not 0)
        {
            fields.AddRange(Field(input, tag, descriptor.FindFieldByNumber((int)(tag >> 3))));
            if (Chance(25)) fields.Add(Unknown());
            if (Chance(25)) fields.Add(fields[_random.Next(fields.Count)]);
        }
        if (Chance(2)) _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields));
        return [.. fields.SelectMany(field => field)];
    }

    private IEnumerable<byte[]> Field(CodedInputStream input, uint tag, FieldDescriptor field)
    {
        switch (tag & 7)
        {
            case 0: return [[.. Varint(tag), .. Varint(input.ReadUInt64())]];
            case 1: return [[.. Varint(tag), .. BitConverter.GetBytes(input.ReadFixed64())]];
            case 5: return [[.. Varint(tag), .. BitConverter.GetBytes(input.ReadFixed32())]];
        }
        var bytes = input.ReadBytes().ToByteArray();
        if (field.FieldType != FieldType.Message) return [Delimited(tag, bytes)];
        var scrambled = Scramble(bytes, field.MessageType);
        if (field.IsRepeated || !Chance(4)) return [Delimited(tag, scrambled)];
        // A singular message in two parts: its own fields and some of them again.
        return [Delimited(tag, scrambled), Delimited(tag, Scramble(bytes, field.MessageType))];
    }

    private byte[] Delimited(uint tag, byte[] bytes) => [.. Varint(tag), .. Varint((ulong)bytes.Length), .. bytes];

    private byte[] Unknown()
    {
        var number = (uint)_random.Next(100, 2000) << 3;
        return _random.Next(5) switch
        {
            0 => [.. Varint(number), .. Varint((ulong)_random.NextInt64())],
            1 => [.. Varint(number | 1), .. BitConverter.GetBytes(_random.NextInt64())],
            2 => [.. Varint(number | 5), .. BitConverter.GetBytes(_random.Next())],
            3 => [.. Varint(number | 3), .. Varint(8), .. Varint(7), .. Varint(number | 4)],
            _ => Delimited(number | 2, new byte[_random.Next(200)]),
        };
    }

    private byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        if (bytes.Count < 4 && Chance(40))
        {
            bytes[^1] |= 0x80;
            bytes.Add(0);
        }
        return [.. bytes];
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
