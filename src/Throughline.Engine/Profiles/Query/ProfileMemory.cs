namespace Throughline.Engine.Profiles.Query;

/// <summary>Holds what one question takes of its own against a limit. Used by one thread.</summary>
internal sealed class ProfileMemory(long maxBytes)
{
    private long _bytes;

    /// <summary>Without a limit.</summary>
    public static ProfileMemory Unlimited => new(long.MaxValue);

    /// <summary>Takes bytes that stay until the answer, before they are allocated.</summary>
    /// <exception cref="ProfileMemoryException">That is more than the question may have.</exception>
    public void Take(long bytes)
    {
        Check(bytes);
        _bytes += bytes;
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long bytes) => _bytes -= bytes;

    /// <summary>Looks whether bytes that grow by themselves still fit.</summary>
    public void Check(long bytes)
    {
        if (_bytes > maxBytes - bytes) throw new ProfileMemoryException(maxBytes);
    }
}

/// <summary>A question about profiles needs more memory than it may have; the message says what to do.</summary>
public sealed class ProfileMemoryException(long maxBytes) : Exception(
    $"The profiles that were asked for need more than {maxBytes >> 20} MB to be put together (--query-max-bytes). Ask for a shorter time range, or for fewer of them by a label.");
