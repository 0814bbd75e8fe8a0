using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>Reads an upload and checks it: the camera, the image's id, the size, and whether the JPEG is all there. Thread-safe.</summary>
internal sealed partial class UploadReader(CameraDirectory cameras, UploadOptions options, TimeProvider time)
{
    private const string IdHeader = "X-Image-Id";

    /// <exception cref="UploadRefusedException">It is not an image of a known camera as agreed, and why.</exception>
    public async Task<ReceivedImage> ReadAsync(string camera, HttpRequest request, ActivityContext trace, CancellationToken cancellation)
    {
        var from = FindCamera(camera);
        var id = ImageId(request);
        var bytes = await BodyAsync(request, cancellation);
        var jpeg = JpegFile.Read(bytes);
        if (jpeg.State == JpegState.NotJpeg) throw UploadRefusedException.Invalid($"The body of {bytes.Length} bytes is not a JPEG image.");
        if (jpeg.State == JpegState.Truncated)
            throw UploadRefusedException.Invalid($"The JPEG is truncated: it ends after {bytes.Length} bytes, before its end-of-image marker.");
        return new(id, from, bytes, jpeg, Convert.ToHexStringLower(SHA256.HashData(bytes)), time.GetUtcNow(), trace);
    }

    private Camera FindCamera(string id)
    {
        if (!Id().IsMatch(id)) throw UploadRefusedException.Invalid("The camera's id has to be 1 to 64 letters, digits, '-' or '_'.");
        return cameras.TryFind(id, out var camera)
            ? camera
            : throw new UploadRefusedException(StatusCodes.Status404NotFound, "unknown_camera", "Unknown camera",
                $"There is no camera '{id}'. Name it in the configuration (Cameras:{id}) to take its images.");
    }

    private string ImageId(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(IdHeader, out var given)) return $"img_{Guid.CreateVersion7(time.GetUtcNow()):n}";
        var id = given.ToString();
        return Id().IsMatch(id) ? id : throw UploadRefusedException.Invalid($"The header {IdHeader} has to be 1 to 64 letters, digits, '-' or '_'.");
    }

    private async Task<byte[]> BodyAsync(HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream(request.ContentLength is { } length and >= 0 && length <= options.MaximumBytes ? (int)length : 0);
        var buffer = new byte[64 * 1024];
        long total = 0;
        try
        {
            while (await request.Body.ReadAsync(buffer, cancellation) is var read and > 0)
            {
                total += read;
                // A sender that is cut off in the middle of its body gets a reset and never sees the answer.
                if (total <= options.MaximumBytes) body.Write(buffer, 0, read);
            }
        }
        catch (BadHttpRequestException problem) when (problem.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLarge(problem);
        }
        catch (BadHttpRequestException problem)
        {
            throw new UploadRefusedException(problem.StatusCode, "bad_request", "Bad request", $"The body could not be read: {problem.Message}", problem);
        }
        catch (IOException problem)
        {
            throw new UploadRefusedException(
                StatusCodes.Status499ClientClosedRequest, "client_disconnected", "Client disconnected",
                $"The sender went away after {total} bytes: {problem.Message}", problem);
        }
        return total <= options.MaximumBytes ? body.ToArray() : throw TooLarge(null);
    }

    private UploadRefusedException TooLarge(Exception? cause) => new(
        StatusCodes.Status413PayloadTooLarge, "payload_too_large", "Image too large",
        $"The image has more than {options.MaximumBytes} bytes, the limit (Upload:MaximumBytes). Send a smaller one.", cause);

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$")]
    private static partial Regex Id();
}
