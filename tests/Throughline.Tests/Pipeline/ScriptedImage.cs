using System.Text;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Pipeline;

/// <summary>A real JPEG with a comment that tells <see cref="ScriptedServices"/> what to answer. Each is different from all others.</summary>
internal sealed partial class ScriptedImage
{
    public ScriptedImage(string script)
    {
        var comment = Encoding.ASCII.GetBytes($"script={script};{Guid.NewGuid():n}");
        var length = comment.Length + 2;
        var jpeg = JpegSizeTests.Jpeg(32, 24);
        // Behind the start-of-image marker: FF FE, a length that counts itself, the text.
        Bytes = [.. jpeg[..2], 0xFF, 0xFE, (byte)(length >> 8), (byte)length, .. comment, .. jpeg[2..]];
    }

    public string Id { get; } = $"test-{Guid.NewGuid():n}";

    public byte[] Bytes { get; }

    /// <summary>The script in an image's bytes, with what makes it different from others.</summary>
    public static (string Script, string Name) Read(byte[] bytes)
    {
        var match = Comment().Match(Encoding.Latin1.GetString(bytes));
        return (match.Groups["script"].Value, match.Groups["name"].Value);
    }

    [GeneratedRegex("script=(?<script>[a-z0-9-]+);(?<name>[0-9a-f]{32})")]
    private static partial Regex Comment();
}
