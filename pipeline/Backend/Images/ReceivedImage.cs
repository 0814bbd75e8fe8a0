using System.Diagnostics;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>A camera as the configuration knows it.</summary>
internal sealed record Camera(string Id, string Name);

/// <summary>An image on its way through the pipeline, with the context of the request that brought it: the root of its trace. Immutable.</summary>
internal sealed record ReceivedImage(Camera Camera, byte[] Bytes, JpegSize Size, string Sha256, DateTimeOffset ReceivedAt, ActivityContext Trace)
{
    /// <summary>Says on a span which image of which camera it is about.</summary>
    public void Describe(Activity? span) => span?
        .SetTag("camera.id", Camera.Id).SetTag("camera.name", Camera.Name)
        .SetTag("image.size", Bytes.Length).SetTag("image.width", Size.Width).SetTag("image.height", Size.Height)
        .SetTag("image.sha256", Sha256);
}
