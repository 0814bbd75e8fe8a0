namespace Throughline.Server.Process;

/// <summary>Which attribute keys name secrets: by the whole key or its last segment behind a dot, in any case, with '_' and '-' alike.</summary>
public static class SensitiveKeys
{
    /// <summary>Whether the value of an attribute with this key (UTF-8) must not be stored.</summary>
    public static bool Contains(ReadOnlySpan<byte> key)
    {
        var segment = key[(key.LastIndexOf((byte)'.') + 1)..];
        return segment.Length switch
        {
            5 => Is(segment, "token"u8),
            6 => Is(segment, "cookie"u8),
            7 => Is(segment, "api-key"u8),
            8 => Is(segment, "password"u8),
            10 => Is(segment, "set-cookie"u8),
            13 => Is(segment, "authorization"u8),
            _ => false,
        };
    }

    private static bool Is(ReadOnlySpan<byte> segment, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            var c = segment[i];
            if (c is >= (byte)'A' and <= (byte)'Z') c |= 0x20;
            else if (c == (byte)'_') c = (byte)'-';
            if (c != name[i]) return false;
        }
        return true;
    }
}
