using System.Buffers.Binary;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>Width and height of a JPEG, from its frame header (ITU-T T.81, B.2.2); the image itself is not decoded here.</summary>
internal readonly record struct JpegSize(int Width, int Height)
{
    /// <summary>False when the bytes are no JPEG or end before its frame header.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out JpegSize size)
    {
        size = default;
        if (bytes is not [0xFF, 0xD8, ..]) return false;
        for (var rest = bytes[2..]; rest.Length >= 4 && rest[0] == 0xFF;)
        {
            var marker = rest[1];
            // Fill bytes before a marker, and markers that stand alone: TEM and the restarts.
            if (marker == 0xFF) { rest = rest[1..]; continue; }
            if (marker is 0x01 or (>= 0xD0 and <= 0xD7)) { rest = rest[2..]; continue; }
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            var segment = rest[2..];
            if (length < 2 || segment.Length < length) return false;
            // Start of frame, any coding process; C4, C8 and CC share the range but are tables and extensions.
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (length < 8) return false;
                size = new(BinaryPrimitives.ReadUInt16BigEndian(segment[5..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]));
                return size is { Width: > 0, Height: > 0 };
            }
            rest = segment[length..];
        }
        return false;
    }
}
