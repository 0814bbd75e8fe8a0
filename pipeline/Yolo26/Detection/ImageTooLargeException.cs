using System.Globalization;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>An image says that it has more pixels than the detector decodes; none of them has been.</summary>
internal sealed class ImageTooLargeException(int width, int height, int maximum) : Exception(string.Create(CultureInfo.InvariantCulture,
    $"The image has {width} x {height} pixels; at most {maximum} are decoded (Model:MaximumPixels). Send a smaller one."));
