using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Throughline.Server.Receive;

/// <summary>The parts of a form in a body that is in memory (multipart/form-data), as Pyroscope's libraries send profiles. Stateless.</summary>
internal static class ProfileParts
{
    private const int MaxBoundary = 200;

    /// <summary>The part of a name, where it lies in the body; null when there is none. <paramref name="names"/> are the names of all parts.</summary>
    /// <exception cref="InvalidDataException">The body is no such form.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>?> FindAsync(ReadOnlyMemory<byte> body, string contentType, string name, List<string> names, CancellationToken cancellationToken)
    {
        var boundary = MediaTypeHeaderValue.TryParse(contentType, out var type) ? HeaderUtilities.RemoveQuotes(type.Boundary).Value : null;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > MaxBoundary) throw new InvalidDataException("its content type names no boundary");
        using var stream = new MemoryStream(body.ToArray(), writable: false);
        var reader = new MultipartReader(boundary, stream) { HeadersCountLimit = 16, HeadersLengthLimit = 8192 };
        ReadOnlyMemory<byte>? found = null;
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            var of = ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) ? HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "" : "";
            names.Add(of);
            if (of != name || found is not null) continue;
            using var content = new MemoryStream();
            await section.Body.CopyToAsync(content, cancellationToken);
            found = content.ToArray();
        }
        return found;
    }

    /// <summary>Whether a content type is a form's.</summary>
    public static bool IsForm(string? contentType) => contentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;
}
