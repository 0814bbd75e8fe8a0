namespace Throughline.Engine.Blocks;

/// <summary>A merge was given up, since the rows that it has to hold at once, of blocks of the same time and of traces that lie in several of them, are more than it may hold. Nothing is wrong with the blocks.</summary>
internal sealed class MergeTooLargeException(long bytes, long limitBytes)
    : Exception($"the rows that have to be held at once take {bytes >> 20} MiB, and the limit is {limitBytes >> 20} MiB");
