using SkiaSharp;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Tests.Pipeline;

public sealed class JpegSizeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(640, 480)]
    [InlineData(33, 3000)]
    public void SizeIsReadFromTheFrameHeader(int width, int height)
    {
        Assert.True(JpegSize.TryRead(Jpeg(width, height), out var size));
        Assert.Equal((width, height), (size.Width, size.Height));
    }

    [Fact]
    public void NoPrefixOfAnImageIsReadPastItsEndOrMisread()
    {
        var whole = Jpeg(40, 30);
        for (var length = 0; length <= whole.Length; length++)
            if (JpegSize.TryRead(whole.AsSpan(0, length), out var size))
                Assert.Equal((40, 30), (size.Width, size.Height));
    }

    [Fact]
    public void OtherBytesAreNoJpeg()
    {
        Assert.False(JpegSize.TryRead("<html></html>"u8, out _));
        Assert.False(JpegSize.TryRead([0x89, 0x50, 0x4E, 0x47], out _));
        // A segment that claims to be longer than what there is, and one shorter than its own length field.
        Assert.False(JpegSize.TryRead([0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 0], out _));
        Assert.False(JpegSize.TryRead([0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 0, 0], out _));
    }

    internal static byte[] Jpeg(int width, int height, SKColor? color = null)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(color ?? SKColors.SteelBlue);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
