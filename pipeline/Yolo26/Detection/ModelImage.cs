using SkiaSharp;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>An image in the form that the model takes, and how to get from its pixels back to those of the camera. Immutable.</summary>
internal sealed record ModelImage(float[] Values, int SourceWidth, int SourceHeight, float ScaleX, float ScaleY, float PadX, float PadY)
{
    private static readonly SKColor s_letterbox = new(114, 114, 114);

    /// <summary>Decodes and scales an image; null when the bytes are no image that can be decoded whole.</summary>
    /// <exception cref="ImageTooLargeException">It has more pixels than may be.</exception>
    public static ModelImage? Prepare(byte[] encoded, ModelLayout layout, int maximumPixels)
    {
        using var data = SKData.CreateCopy(encoded);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.Info.Width == 0 || codec.Info.Height == 0) return null;
        if ((long)codec.Info.Width * codec.Info.Height > maximumPixels) throw new ImageTooLargeException(codec.Info.Width, codec.Info.Height, maximumPixels);
        using var source = new SKBitmap(codec.Info);
        // A file that was cut off is decoded as far as it goes and the rest left grey; an image with a part missing is not looked at.
        if (codec.GetPixels(source.Info, source.GetPixels()) != SKCodecResult.Success) return null;
        var (width, height) = (layout.Width, layout.Height);
        float scaleX = (float)width / source.Width, scaleY = (float)height / source.Height, padX = 0, padY = 0;
        if (!layout.ChannelsLast)
        {
            scaleX = scaleY = Math.Min(scaleX, scaleY);
            padX = MathF.Floor((width - MathF.Round(source.Width * scaleX)) / 2);
            padY = MathF.Floor((height - MathF.Round(source.Height * scaleY)) / 2);
        }
        using var scaled = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using (var canvas = new SKCanvas(scaled))
        using (var image = SKImage.FromBitmap(source))
        {
            canvas.Clear(s_letterbox);
            var target = SKRect.Create(padX, padY, MathF.Round(source.Width * scaleX), MathF.Round(source.Height * scaleY));
            canvas.DrawImage(image, target, new SKSamplingOptions(SKFilterMode.Linear));
        }
        var values = layout.ChannelsLast ? Interleaved(scaled.GetPixelSpan()) : Planes(scaled.GetPixelSpan());
        return new(values, source.Width, source.Height, scaleX, scaleY, padX, padY);
    }

    private static float[] Interleaved(ReadOnlySpan<byte> rgba)
    {
        var values = new float[rgba.Length / 4 * 3];
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += 3)
            (values[to], values[to + 1], values[to + 2]) = (rgba[from], rgba[from + 1], rgba[from + 2]);
        return values;
    }

    private static float[] Planes(ReadOnlySpan<byte> rgba)
    {
        var size = rgba.Length / 4;
        var values = new float[size * 3];
        for (var i = 0; i < size; i++)
        {
            values[i] = rgba[i * 4] / 255f;
            values[size + i] = rgba[i * 4 + 1] / 255f;
            values[2 * size + i] = rgba[i * 4 + 2] / 255f;
        }
        return values;
    }
}
