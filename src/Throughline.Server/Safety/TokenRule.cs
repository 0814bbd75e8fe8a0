using System.Security.Cryptography;
using System.Text;

namespace Throughline.Server.Safety;

/// <summary>
/// The token that callers present when the operator set one: as a bearer token, or as the password of HTTP Basic, which is what a browser can ask
/// its user for. Immutable.
/// </summary>
public sealed class TokenRule(string? token)
{
    private readonly byte[]? _digest = token is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Whether the request presents the token; true for all when none is set.</summary>
    public bool Allows(HttpRequest request)
    {
        if (_digest is null) return true;
        var header = request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } value) return false;
        if (value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return Matches(Encoding.UTF8.GetBytes(value["Bearer ".Length..].Trim()));
        if (!value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)) return false;

        var credentials = new byte[value.Length];
        if (!Convert.TryFromBase64String(value["Basic ".Length..].Trim(), credentials, out var length)) return false;
        var colon = Array.IndexOf(credentials, (byte)':', 0, length);
        return colon >= 0 && Matches(credentials.AsSpan(colon + 1, length - colon - 1));
    }

    // Digests are compared, in constant time: neither the token's length nor a common prefix shows in the time that it takes.
    private bool Matches(ReadOnlySpan<byte> presented) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(presented), _digest);
}
