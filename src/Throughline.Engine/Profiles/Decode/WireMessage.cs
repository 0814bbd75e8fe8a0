using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Profiles.Decode;

/// <summary>The length-delimited fields of a protobuf message, for those few that carry profiles and are too small to be worth a decoder of their own. Stateless.</summary>
public static class WireMessage
{
    /// <summary>Fields of one message that are read: a hostile one has millions of two bytes each.</summary>
    private const int MaxFields = 10_000;

    /// <summary>Fields with their content, in order; others are passed over.</summary>
    /// <exception cref="InvalidDataException">The bytes are no message, or one of too many fields.</exception>
    public static IReadOnlyList<(int Field, ReadOnlyMemory<byte> Content)> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int, ReadOnlyMemory<byte>)>();
        try
        {
            var reader = new WireReader(message.Span);
            while (reader.HasMore)
            {
                var tag = reader.ReadTag();
                if ((tag & 7) != 2)
                {
                    reader.Skip(tag);
                    continue;
                }
                var length = reader.ReadBytes().Length;
                if (fields.Count == MaxFields) throw new InvalidDataException($"a message in it has more than {MaxFields} fields, which is the limit");
                fields.Add(((int)(tag >> 3), message.Slice(reader.Position - length, length)));
            }
        }
        catch (MalformedInputException problem)
        {
            throw new InvalidDataException($"{problem.Message} (at byte {problem.Offset} of a message of {message.Length})", problem);
        }
        return fields;
    }
}
