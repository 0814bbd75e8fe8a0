namespace Throughline.Engine.Files;

/// <summary>Stored bytes are not what they have to be. Names the file, the offset, what was expected and what was found.</summary>
public sealed class CorruptDataException(string file, long offset, string expected, string found)
    : Exception($"{file} at byte {offset}: expected {expected}, found {found}")
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>Offset in it.</summary>
    public long Offset { get; } = offset;

    /// <summary>What has to be there.</summary>
    public string Expected { get; } = expected;

    /// <summary>What is there.</summary>
    public string Found { get; } = found;
}
