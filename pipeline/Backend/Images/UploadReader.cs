using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>Reads an upload and checks it: the camera, the image's id, the size, and whether the JPEG is all there. Thread-safe.</summary>
internal sealed partial class UploadReader(CameraDirectory cameras, UploadBody body, TimeProvider time)
{
    private const string IdHeader = "X-Image-Id";

    /// <exception cref="UploadRefusedException">It is not an image of a known camera as agreed, and why.</exception>
    public async Task<ReceivedImage> ReadAsync(string camera, HttpRequest request, UploadRoom.Place place, ActivityContext trace, CancellationToken cancellation)
    {
        var from = FindCamera(camera);
        var id = ImageId(request);
        var bytes = await body.ReadAsync(request, place, cancellation);
        var jpeg = JpegFile.Read(bytes);
        if (jpeg.State == JpegState.NotJpeg) throw UploadRefusedException.Invalid($"The body of {bytes.Length} bytes is not a JPEG image.");
        if (jpeg.State == JpegState.Truncated)
            throw UploadRefusedException.Invalid($"The JPEG is truncated: it ends after {bytes.Length} bytes, before its end-of-image marker.");
        return new(id, from, bytes, jpeg, Convert.ToHexStringLower(SHA256.HashData(bytes)), time.GetUtcNow(), trace);
    }

    private Camera FindCamera(string id)
    {
        if (!IsId(id)) throw UploadRefusedException.Invalid("The camera's id has to be 1 to 64 letters, digits, '-' or '_'.");
        return cameras.TryFind(id, out var camera)
            ? camera
            : throw new UploadRefusedException(StatusCodes.Status404NotFound, "unknown_camera", "Unknown camera",
                $"There is no camera '{id}'. Name it in the configuration (Cameras:{id}) to take its images.");
    }

    private string ImageId(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(IdHeader, out var given)) return $"img_{Guid.CreateVersion7(time.GetUtcNow()):n}";
        var id = given.ToString();
        return IsId(id) ? id : throw UploadRefusedException.Invalid($"The header {IdHeader} has to be 1 to 64 letters, digits, '-' or '_'.");
    }

    /// <summary>The id of a camera or an image: 1 to 64 letters, digits, '-' or '_'.</summary>
    public static bool IsId(string id) => Id().IsMatch(id);

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Id();
}
