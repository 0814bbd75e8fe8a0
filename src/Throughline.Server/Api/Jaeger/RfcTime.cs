using System.Globalization;

namespace Throughline.Server.Api.Jaeger;

/// <summary>Times in RFC 3339 with up to nine decimals of a second, as Go writes them (RFC3339Nano).</summary>
internal static class RfcTime
{
    private const long NanoInSecond = 1_000_000_000;

    /// <summary>Reads a time in Unix nanoseconds; false for what is none, or lies before 1970 or beyond 2554.</summary>
    internal static bool TryParse(string text, out ulong nano)
    {
        nano = 0;
        // .NET reads seven decimals at most: the fraction is read apart.
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var end = dot < 0 ? -1 : text.AsSpan(dot + 1).IndexOfAnyExceptInRange('0', '9') + dot + 1;
        if (dot >= 0 && (end <= dot + 1 || end - dot - 1 > 9)) return false;
        var whole = dot < 0 ? text : text[..dot] + text[end..];
        if (!whole.Contains('T', StringComparison.OrdinalIgnoreCase) || !DateTimeOffset.TryParseExact(whole, ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd't'HH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return false;
        var fraction = dot < 0 ? 0 : long.Parse(text.AsSpan(dot + 1, end - dot - 1), CultureInfo.InvariantCulture) * (long)Math.Pow(10, 9 - (end - dot - 1));
        var seconds = time.ToUnixTimeSeconds();
        if (seconds < 0 || (ulong)seconds > (ulong.MaxValue / NanoInSecond) - 1) return false;
        nano = (ulong)seconds * NanoInSecond + (ulong)fraction;
        return true;
    }
}
