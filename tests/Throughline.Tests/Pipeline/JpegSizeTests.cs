using SkiaSharp;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Tests.Pipeline;

public sealed class JpegSizeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(640, 480)]
    [InlineData(33, 3000)]
    public void SizeIsReadFromTheFrameHeader(int width, int height) =>
        Assert.Equal(new(JpegState.Whole, width, height), JpegFile.Read(Jpeg(width, height)));

    [Fact]
    public void EveryPrefixOfAnImageIsTruncatedAndNoneIsReadPastItsEnd()
    {
        var whole = Jpeg(40, 30);
        for (var length = 2; length < whole.Length; length++)
        {
            var file = JpegFile.Read(whole.AsSpan(0, length));
            Assert.True(file.State == JpegState.Truncated, $"The first {length} of {whole.Length} bytes are {file.State}.");
            if (file.Width != 0) Assert.Equal((40, 30), (file.Width, file.Height));
        }
    }

    [Fact]
    public void FramesOfTheFootageAreWhole() =>
        Assert.All(Directory.EnumerateFiles(PipelineFiles.Frames, "*.jpg").Take(20), frame =>
            Assert.Equal(new(JpegState.Whole, 768, 576), JpegFile.Read(File.ReadAllBytes(frame))));

    [Fact]
    public void BytesBehindTheEndAreNobodysBusiness() =>
        Assert.Equal(new(JpegState.Whole, 8, 8), JpegFile.Read([.. Jpeg(8, 8), 0, 0, 0]));

    [Fact]
    public void OtherBytesAreNoJpeg()
    {
        Assert.Equal(JpegState.NotJpeg, JpegFile.Read([]).State);
        Assert.Equal(JpegState.NotJpeg, JpegFile.Read("<html></html>"u8).State);
        Assert.Equal(JpegState.NotJpeg, JpegFile.Read([0x89, 0x50, 0x4E, 0x47]).State);
        // No marker after the first; a segment that is shorter than its own length field; an end without a frame.
        Assert.Equal(JpegState.NotJpeg, JpegFile.Read([0xFF, 0xD8, 1, 2, 3]).State);
        Assert.Equal(JpegState.NotJpeg, JpegFile.Read([0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 0, 0]).State);
        Assert.Equal(JpegState.NotJpeg, JpegFile.Read([0xFF, 0xD8, 0xFF, 0xD9]).State);
        // A segment that claims to be longer than what there is.
        Assert.Equal(JpegState.Truncated, JpegFile.Read([0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 0]).State);
    }

    internal static byte[] Jpeg(int width, int height, SKColor? color = null)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(color ?? SKColors.SteelBlue);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
