using System.Security.Cryptography;

namespace Throughline.Server.Page;

/// <summary>
/// One file of the page as the build made it: plain, and compressed where that is smaller. Immutable and thread safe; the process owns one
/// per file for its whole life.
/// </summary>
internal sealed class PageFile
{
    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".json"] = "application/json",
        [".png"] = "image/png",
        [".ico"] = "image/x-icon",
        [".woff2"] = "font/woff2",
        [".txt"] = "text/plain; charset=utf-8",
    };

    private readonly PageFileVariant _plain;
    private readonly PageFileVariant? _brotli;
    private readonly PageFileVariant? _gzip;

    public PageFile(string path, byte[] plain, byte[]? brotli, byte[]? gzip)
    {
        Path = path;
        ContentType = ContentTypes.GetValueOrDefault(System.IO.Path.GetExtension(path), "application/octet-stream");
        // Vite puts a digest of the content into the names below assets/, so what such a name means never changes.
        Immutable = path.StartsWith("assets/", StringComparison.Ordinal);
        var digest = Convert.ToHexStringLower(SHA256.HashData(plain).AsSpan(0, 12));
        _plain = new PageFileVariant(null, plain, $"\"{digest}\"");
        _brotli = brotli is null ? null : new PageFileVariant("br", brotli, $"\"{digest}-br\"");
        _gzip = gzip is null ? null : new PageFileVariant("gzip", gzip, $"\"{digest}-gzip\"");
    }

    /// <summary>Relative to the page's root, with forward slashes.</summary>
    public string Path { get; }

    public string ContentType { get; }

    public bool Immutable { get; }

    public bool HasVariants => _brotli is not null || _gzip is not null;

    /// <summary>The form that the client asks for; the smaller one where it has no preference.</summary>
    public PageFileVariant Choose(AcceptedEncodings accepted)
    {
        var best = _plain;
        var quality = accepted.Identity;
        if (_gzip is not null && accepted.Gzip > 0 && accepted.Gzip >= quality)
        {
            (best, quality) = (_gzip, accepted.Gzip);
        }

        if (_brotli is not null && accepted.Brotli > 0 && accepted.Brotli >= quality)
        {
            best = _brotli;
        }

        return best;
    }
}

/// <summary>The bytes of a file in one content encoding (null: as it is) with their entity tag, which differs between encodings.</summary>
internal sealed record PageFileVariant(string? Encoding, byte[] Content, string EntityTag);
