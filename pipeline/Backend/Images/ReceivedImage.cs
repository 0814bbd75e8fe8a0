using System.Diagnostics;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>
/// An image on its way through the pipeline, with the context of the request that brought it: the root of its trace. The id is the
/// sender's (header <c>X-Image-Id</c>), or one of ours where it gave none. Immutable.
/// </summary>
internal sealed record ReceivedImage(
    string Id, Camera Camera, byte[] Bytes, JpegFile Jpeg, string Sha256, DateTimeOffset ReceivedAt, ActivityContext Trace)
{
    /// <summary>Says on a span which image of which camera it is about.</summary>
    public void Describe(Activity? span) => span?
        .SetTag("camera.id", Camera.Id).SetTag("camera.name", Camera.Name).SetTag("priority", Camera.Priority).SetTag("image.id", Id)
        .SetTag("image.size", Bytes.Length).SetTag("image.width", Jpeg.Width).SetTag("image.height", Jpeg.Height)
        .SetTag("image.sha256", Sha256);
}
