namespace Throughline.Engine.Signals;

/// <summary>
/// What one query sees of a store: the views of its heads and its blocks, which stay open until it is disposed of, however the store goes on. A request is in exactly one of them. Immutable; thread safe.
/// </summary>
/// <remarks>Who asks for the next page of an answer later may keep the snapshot, for a limited time and number: it holds the memory of its heads and the files of its blocks.</remarks>
internal sealed class SignalSnapshot<TView, TBlock> : IDisposable
    where TView : class
    where TBlock : class, IDisposable
{
    private readonly Action<string> _report;
    private int _disposed;

    /// <summary>Holds the blocks, which are alive meanwhile.</summary>
    public SignalSnapshot(ulong sequence, IReadOnlyList<TView> heads, IReadOnlyList<HeldBlock<TBlock>> blocks, Action<string> report)
    {
        Sequence = sequence;
        Heads = heads;
        Blocks = blocks;
        _report = report;
        foreach (var block in blocks) block.Retain();
    }

    /// <summary>Its number: later ones, of another state of the store, have larger numbers.</summary>
    public ulong Sequence { get; }

    /// <summary>Views of the heads, the older first; they were received after everything in blocks.</summary>
    public IReadOnlyList<TView> Heads { get; }

    /// <summary>The blocks, in the order in which they were received. Their <see cref="HeldBlock{TBlock}.Facts"/> say between which times their items lie, without a look into the file.</summary>
    public IReadOnlyList<HeldBlock<TBlock>> Blocks { get; }

    /// <summary>Tells the store what could not be read of a block, for its problems; the query goes on with the rest and says so in its answer.</summary>
    public void Report(Exception unreadable) => _report(unreadable.Message);

    /// <summary>Lets go of the blocks.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        foreach (var block in Blocks) block.Release();
    }
}
