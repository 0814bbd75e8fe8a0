namespace Throughline.Engine.Signals;

/// <summary>
/// A block of a store with the number of those who hold it: the store itself while the manifest names it, and every snapshot. When the last one lets go of a block that was dropped, its file is deleted.
/// Thread safe.
/// </summary>
internal sealed class HeldBlock<TBlock>(SignalBlockEntry facts, SignalBlockFile file, TBlock reader, Action<long> deleteFile)
    where TBlock : class, IDisposable
{
    private int _holders = 1;
    private volatile bool _isDropped;

    /// <summary>What the manifest says about it.</summary>
    public SignalBlockEntry Facts { get; } = facts;

    /// <summary>The file; for holders only.</summary>
    public SignalBlockFile File { get; } = file;

    /// <summary>The open content; for holders only.</summary>
    public TBlock Reader { get; } = reader;

    /// <summary>One holder more. Only who knows that there is one may call it.</summary>
    public void Retain() => Interlocked.Increment(ref _holders);

    /// <summary>One holder less; the last one closes the file, and deletes it when it was dropped.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        Reader.Dispose();
        if (_isDropped) deleteFile(Facts.Number);
    }

    /// <summary>No durable manifest names it any more: the store lets go of it, and its file goes with the last holder.</summary>
    public void Drop()
    {
        _isDropped = true;
        Release();
    }
}
