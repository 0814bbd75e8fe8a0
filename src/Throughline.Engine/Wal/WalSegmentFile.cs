using Throughline.Engine.Files;

namespace Throughline.Engine.Wal;

/// <summary>A segment file that was found, and what its header says; no header when neither copy of it can be read.</summary>
/// <param name="DamagedCopy">Offset of a copy of the header that is not what was written, while the other is and records follow.</param>
internal sealed record WalSegmentFile(long Number, string Path, long FileLength, WalSegmentHeader? Header, long? DamagedCopy)
{
    /// <summary>
    /// True for what a crash leaves when a segment is being begun: records follow only when the header is durable, so a file without them
    /// and without a header never held any.
    /// </summary>
    public bool IsUnused => Header is null && FileLength <= WalSegmentHeader.CopiesSize;

    /// <summary>Reads a segment's header.</summary>
    public static WalSegmentFile Inspect(IFileSystem files, string path, long number)
    {
        using var file = files.OpenRead(path);
        WalSegmentHeader? header = null;
        long? damaged = null;
        Span<byte> copy = stackalloc byte[WalSegmentHeader.Size];
        var headerLength = Math.Min(WalSegmentHeader.CopiesSize, file.Length);
        for (long offset = 0; offset + WalSegmentHeader.Size <= headerLength; offset += WalSegmentHeader.Size)
        {
            file.ReadExactly(offset, copy);
            if (WalSegmentHeader.TryRead(copy, path, out var found) && found.Number == number)
                header ??= found;
            else
                damaged = offset;
        }
        // Without records the header may have been under way when the power went: nothing was acknowledged in it.
        var hasRecords = file.Length > WalSegmentHeader.CopiesSize;
        return new WalSegmentFile(number, path, file.Length, header, header is null || !hasRecords ? null : damaged);
    }
}
