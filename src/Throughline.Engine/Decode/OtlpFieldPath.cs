using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Says which field of an export request an offset lies in, for error messages. Walks the message again from its beginning, so that the decoder
/// itself need not know where it is.
/// </summary>
internal static class OtlpFieldPath
{
    /// <summary>The decoder stops hostile nesting earlier, but not always before the offset that it names.</summary>
    private const int MaxDepth = 4 * OtlpTraceDecoder.DefaultMaxNesting;

    /// <summary>A field and its index among those of its name, or the number of a field that <paramref name="Owner"/> doesn't know.</summary>
    private readonly record struct Step(OtlpField? Field, OtlpMessage Owner, uint Number)
    {
        public override string ToString() => Field is null ? $"field {Number} of {Owner.Name}" : Field.IsRepeated ? $"{Field.Name}[{Number}]" : Field.Name;
    }

    /// <summary>The path of the innermost field that begins at or before the offset, like <c>resource_spans[0].scope_spans[1].spans[7].attributes[2].value</c>.</summary>
    public static string Locate(ReadOnlySpan<byte> request, OtlpMessage type, int offset)
    {
        var path = new List<Step>();
        try
        {
            Walk(new WireReader(request), type, offset, path);
        }
        catch (MalformedInputException)
        {
            // The walk ends where the decoder did: the path so far is the answer.
        }
        return path.Count == 0 ? type.Name : string.Join('.', path);
    }

    private static void Walk(WireReader reader, OtlpMessage message, int offset, List<Step> path)
    {
        var seen = new Dictionary<uint, uint>();
        var depth = path.Count;
        while (reader.HasMore && reader.Position <= offset)
        {
            path.RemoveRange(depth, path.Count - depth);
            var tag = reader.ReadTag();
            if (message.Find(tag >> 3) is not { } field)
            {
                path.Add(new Step(null, message, tag >> 3));
                reader.Skip(tag);
                continue;
            }
            var index = seen.GetValueOrDefault(tag);
            seen[tag] = index + 1;
            path.Add(new Step(field, message, index));
            if (field.Message is null || (tag & 7) != 2 || path.Count == MaxDepth)
            {
                reader.Skip(tag);
                continue;
            }
            var inner = reader.ReadMessage();
            // What ends at the offset may be what ended too soon; when it isn't, the next field's name takes its place.
            if (offset >= inner.Position && offset <= reader.Position) Walk(inner, field.Message, offset, path);
        }
    }
}
