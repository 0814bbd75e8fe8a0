namespace Throughline.Engine.Wal;

/// <summary>A part of the log that is not what was written. What can be read behind it is read.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Offset">Where the unreadable part begins.</param>
/// <param name="SizeBytes">How long it is; 0 when that isn't known.</param>
public sealed record WalProblem(string File, long Offset, long SizeBytes, string Expected, string Found)
{
    /// <summary>One sentence for the operator.</summary>
    public override string ToString() =>
        $"{File}: {Place}: expected {Expected}, found {Found}";

    private string Place => SizeBytes > 0 ? $"{SizeBytes} bytes at offset {Offset} cannot be read" : $"at offset {Offset}";
}
