using System.Buffers.Binary;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>What a look at a JPEG's structure (ITU-T T.81, annex B) told. The pixels are not decoded here.</summary>
internal enum JpegState
{
    /// <summary>The bytes are no JPEG, or a broken one.</summary>
    NotJpeg,

    /// <summary>A JPEG that ends before its end-of-image marker.</summary>
    Truncated,

    /// <summary>A JPEG from its first to its last marker. What stands behind that is not looked at.</summary>
    Whole,
}

/// <summary>
/// The structure of a JPEG: whether all of it is there, and its size in pixels, which is 0 by 0 where the frame header is missing. Immutable.
/// </summary>
internal readonly record struct JpegFile(JpegState State, int Width, int Height)
{
    private const byte StartOfImage = 0xD8, EndOfImage = 0xD9, StartOfScan = 0xDA;

    /// <summary>Walks from marker to marker, in time linear in the length; allocates nothing.</summary>
    public static JpegFile Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes is not [0xFF, StartOfImage, ..]) return default;
        var file = new JpegFile(JpegState.Truncated, 0, 0);
        for (var rest = bytes[2..]; rest.Length >= 2;)
        {
            if (rest[0] != 0xFF) return file with { State = JpegState.NotJpeg };
            var marker = rest[1];
            // Fill bytes before a marker, and markers that stand alone: TEM and the restarts.
            if (marker == 0xFF) { rest = rest[1..]; continue; }
            if (marker is 0x01 or (>= 0xD0 and <= 0xD7)) { rest = rest[2..]; continue; }
            if (marker == EndOfImage) return file with { State = file.Width > 0 ? JpegState.Whole : JpegState.NotJpeg };
            if (rest.Length < 4) return file;
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length < 2) return file with { State = JpegState.NotJpeg };
            var segment = rest[2..];
            if (segment.Length < length) return file;
            // Start of frame, any coding process; C4, C8 and CC share the range but are tables and extensions.
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (length < 8) return file with { State = JpegState.NotJpeg };
                var (width, height) = (BinaryPrimitives.ReadUInt16BigEndian(segment[5..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]));
                file = new(JpegState.Truncated, width, height);
                if (file is { Width: 0 } or { Height: 0 }) return file with { State = JpegState.NotJpeg };
            }
            rest = segment[length..];
            if (marker == StartOfScan) rest = rest[ScanLength(rest)..];
        }
        return file;
    }

    /// <summary>How many bytes of entropy-coded data stand before the next marker; FF 00 is a coded FF, and restarts belong to the data.</summary>
    private static int ScanLength(ReadOnlySpan<byte> data)
    {
        for (var at = 0; ;)
        {
            var next = data[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= data.Length) return data.Length;
            at += next;
            if (data[at + 1] is not (0x00 or (>= 0xD0 and <= 0xD7))) return at;
            at += 2;
        }
    }
}
