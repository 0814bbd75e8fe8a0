namespace Throughline.Pipeline.Backend.Images;

/// <summary>
/// Reads the body of an upload into memory that grows as the bytes come, whatever length the sender claims, within the room that all uploads
/// share. A body that is refused is read to its end all the same, and thrown away: a sender that is cut off in the middle gets a reset and never
/// sees the answer. Thread-safe.
/// </summary>
internal sealed class UploadBody(UploadOptions options)
{
    /// <summary>What is taken before the first byte; it doubles whenever it is full.</summary>
    public const int FirstBytes = 64 * 1024;

    /// <exception cref="UploadRefusedException">It is too large, there is no room for it, or it did not come whole.</exception>
    public async Task<byte[]> ReadAsync(HttpRequest request, UploadRoom.Place place, CancellationToken cancellation)
    {
        // A body of the length that was claimed ends up in an array of just that length, without a copy.
        var most = (int)Math.Min(request.ContentLength ?? options.MaximumBytes, options.MaximumBytes);
        var refusal = request.ContentLength > options.MaximumBytes ? TooLarge(null) : null;
        var (bytes, kept, scrap, total) = (Array.Empty<byte>(), 0, Array.Empty<byte>(), 0L);
        try
        {
            while (true)
            {
                if (refusal is null && kept == bytes.Length && kept < most) refusal = Grow(ref bytes, most, place);
                var keep = refusal is null && kept < bytes.Length;
                if (!keep && scrap.Length == 0) scrap = new byte[FirstBytes];
                var read = await request.Body.ReadAsync(keep ? bytes.AsMemory(kept) : scrap, cancellation);
                if (read == 0) break;
                total += read;
                if (keep) kept += read;
                else refusal ??= TooLarge(null);
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
        if (refusal is not null) throw refusal;
        if (kept < bytes.Length) Array.Resize(ref bytes, kept);
        return bytes;
    }

    /// <summary>Twice the room, at most for as many bytes as may come; the refusal where there is none.</summary>
    private static UploadRefusedException? Grow(ref byte[] bytes, int most, UploadRoom.Place place)
    {
        var size = (int)Math.Min(most, Math.Max(FirstBytes, 2L * bytes.Length));
        try
        {
            place.Hold(size);
        }
        catch (UploadRefusedException refusal)
        {
            bytes = [];
            return refusal;
        }
        Array.Resize(ref bytes, size);
        return null;
    }

    private UploadRefusedException TooLarge(Exception? cause) => new(
        StatusCodes.Status413PayloadTooLarge, "payload_too_large", "Image too large",
        $"The image has more than {options.MaximumBytes} bytes, the limit (Upload:MaximumBytes). Send a smaller one.", cause);
}
