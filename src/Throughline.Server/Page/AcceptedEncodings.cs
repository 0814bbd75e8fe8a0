using Microsoft.Net.Http.Headers;

namespace Throughline.Server.Page;

/// <summary>
/// What an Accept-Encoding header says about the three encodings that the page has, as qualities from 0 (refused) to 1 (RFC 9110, 12.5.3).
/// </summary>
internal readonly record struct AcceptedEncodings(double Brotli, double Gzip, double Identity)
{
    public static AcceptedEncodings Read(IList<StringWithQualityHeaderValue> header)
    {
        double? brotli = null, gzip = null, identity = null, any = null;
        foreach (var entry in header)
        {
            var quality = entry.Quality ?? 1;
            if (entry.Value.Equals("br", StringComparison.OrdinalIgnoreCase))
            {
                brotli = quality;
            }
            else if (entry.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) || entry.Value.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
            {
                gzip = quality;
            }
            else if (entry.Value.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                identity = quality;
            }
            else if (entry.Value.Equals("*", StringComparison.Ordinal))
            {
                any = quality;
            }
        }

        // Unnamed, the plain form is always acceptable, but any encoding that was asked for goes before it.
        return new AcceptedEncodings(brotli ?? any ?? 0, gzip ?? any ?? 0, identity ?? 0);
    }
}
