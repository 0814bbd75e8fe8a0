namespace Throughline.Engine.Blocks;

/// <summary>A merge was given up, since what it has to hold at once, rows of blocks of the same time and of traces that lie in several of them, and columns of attributes, is more than it may hold. Nothing is wrong with the blocks.</summary>
internal sealed class MergeTooLargeException(long bytes, long limitBytes)
    : Exception($"the rows and columns that have to be held at once take {bytes >> 20} MiB, and the limit is {limitBytes >> 20} MiB");
