using System.Text;

namespace Throughline.Pipeline.Camera;

/// <summary>An image as a camera sends it. The id stays the same when it is sent again.</summary>
internal sealed record CameraImage(string Id, byte[] Jpeg);

/// <summary>
/// The frames of the footage, over and over. Each image gets a comment (ITU-T T.81, B.2.4.5) with camera, time and id, as cameras write
/// theirs into the EXIF header: no two images of a camera are the same bytes, though the footage comes round again. With the fault
/// invalid-image some are cut off. Thread-safe.
/// </summary>
internal sealed class FrameRoll(IReadOnlyList<string> frames, bool cutOff, CameraOptions options, TimeProvider time)
{
    // Frames are small (80 kB) and few (159 of the footage): kept once they are read, they cost the load generator nothing.
    private readonly byte[]?[] _read = new byte[]?[frames.Count];

    private int _taken;

    public int Count => frames.Count;

    /// <summary>The frame at a position, counted on over the end, as a new image of a camera.</summary>
    public async Task<CameraImage> TakeAsync(string camera, int position, CancellationToken cancellation)
    {
        var index = position % frames.Count;
        var frame = Volatile.Read(ref _read[index]);
        if (frame is null) Volatile.Write(ref _read[index], frame = await File.ReadAllBytesAsync(frames[index], cancellation));
        var now = time.GetUtcNow();
        var id = $"{Guid.CreateVersion7(now):n}";
        var jpeg = WithComment(frame, $"{camera} {now:O} {id}");
        if (cutOff && Interlocked.Increment(ref _taken) % options.InvalidEvery == 0) jpeg = jpeg[..(jpeg.Length / 2)];
        return new(id, jpeg);
    }

    /// <summary>Behind the start-of-image marker: FF FE, a length that counts itself, the text.</summary>
    private static byte[] WithComment(byte[] jpeg, string text)
    {
        if (jpeg is not [0xFF, 0xD8, ..]) return jpeg;
        var comment = Encoding.ASCII.GetBytes(text);
        var length = comment.Length + 2;
        return [.. jpeg.AsSpan(0, 2), 0xFF, 0xFE, (byte)(length >> 8), (byte)length, .. comment, .. jpeg.AsSpan(2)];
    }
}
