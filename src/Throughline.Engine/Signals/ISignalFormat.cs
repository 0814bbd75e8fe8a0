using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Signals;

/// <summary>
/// What a <see cref="SignalStore{TBatch, THead, TView, TBlock}"/> has to know of its data: how a request is read back from the log, how it is held in memory, and how it becomes a block. One object for
/// each store; the store calls it from several threads at once, so that it has no state of its own, or state that is thread safe. docs/format/signals.md says what the store keeps around it.
/// </summary>
/// <remarks>
/// <para><b>How a head is read while it is written.</b> Exactly one thread at a time adds to a head, and the store holds its lock meanwhile. <see cref="View"/> runs under the same lock, so that it
/// sees every <see cref="Add"/> before it whole and none behind it. It has to be cheap and copies nothing that grows: it takes the arrays as they are and the counts as they are now. From then on the view is
/// read without any lock, by many threads, while the head grows. So a head only appends: what lies below the counts of a view is never changed or moved, and an array that is too small is replaced by a larger
/// copy while the views keep the old one. Whatever cannot be appended to (an index, a running total) is either copied into the view or looked up only below the view's counts.</para>
/// <para><b>Frozen heads.</b> Once the store writes a head as a block, nothing is added to it any more; <see cref="Write"/> reads it without a lock while views of it are still read.</para>
/// <para><b>What the store does itself.</b> The log, the manifest, numbers of blocks, retries (the digests of requests stand behind the content of each block), a checksum over the whole content of each
/// block, retention, and the choice of blocks to merge. A format's pages have checksums all the same: queries read a page and not the whole file.</para>
/// </remarks>
/// <typeparam name="TBatch">The items of one request, as the receiver hands them over.</typeparam>
/// <typeparam name="THead">What was received since the last block, in memory.</typeparam>
/// <typeparam name="TView">The part of a head that a snapshot sees.</typeparam>
/// <typeparam name="TBlock">An open block; thread safe, closed when its last snapshot ends.</typeparam>
internal interface ISignalFormat<TBatch, THead, TView, TBlock>
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    /// <summary>The directory below <c>DIRECTORY/0/</c> and the word in messages: <c>logs</c>.</summary>
    string Name { get; }

    /// <summary>What its items are called in messages, in the plural: <c>log entries</c>.</summary>
    string Items { get; }

    /// <summary>What its records in the log are marked with.</summary>
    WalSignal Signal { get; }

    /// <summary>A batch for <see cref="TryDecode"/>; used for one request after the other.</summary>
    TBatch NewBatch();

    /// <summary>
    /// Reads a record of the log into a batch, which is emptied first. What was once accepted has to be accepted again: a limit that the receiver sets on nesting or sizes does not hold here. False
    /// with a sentence when it cannot be read; the store tells it and goes on.
    /// </summary>
    bool TryDecode(ReadOnlySpan<byte> payload, WalForm form, TBatch into, out string problem);

    /// <summary>Number of items of a batch, for the check of a store that is not open.</summary>
    long Count(TBatch batch);

    /// <summary>An empty head.</summary>
    THead NewHead();

    /// <summary>
    /// Adds a request to a head; the batch belongs to its sender again on return, so that everything is copied. Must not fail on any batch that <see cref="TryDecode"/> or the receiver made: an
    /// exception here stops the log.
    /// </summary>
    void Add(THead head, TBatch batch, ulong receivedUnixNano);

    /// <summary>What a head holds now; called after every group of requests, so cheap.</summary>
    SignalHeadSize Measure(THead head);

    /// <summary>What a snapshot sees of a head: see the remarks.</summary>
    TView View(THead head);

    /// <summary>
    /// Writes a head that nothing is added to any more as the content of a block. Offsets count from the start of the file (<see cref="IWritableFile.Length"/> is 0 at first); the file is neither
    /// synced nor closed here. When it throws, the file is deleted and the same head is written again later.
    /// </summary>
    SignalBlockFacts Write(THead head, IWritableFile file, CancellationToken stop);

    /// <summary>
    /// Opens what <see cref="Write"/> or <see cref="Merge"/> wrote: <see cref="IReadableFile.Length"/> is the length of the content, and nothing behind it can be read. The block owns the file from a
    /// successful return on. Reads no more than it must: all blocks are opened when the store is.
    /// </summary>
    /// <exception cref="CorruptDataException">It is not what was written; names <paramref name="name"/>, the offset, what was expected and what was found.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote it.</exception>
    TBlock Open(IReadableFile file, string name, PageCache cache);

    /// <summary>
    /// Writes one block of several, which come in the order in which they were received. Snapshots read them meanwhile. Holds no more than <paramref name="maxMemoryBytes"/> at once beside what is open.
    /// </summary>
    /// <exception cref="Blocks.MergeTooLargeException">It cannot hold them with so much memory; the store tries fewer.</exception>
    /// <exception cref="CorruptDataException">A block cannot be read; named as in <see cref="Open"/>. The store leaves it as it is and merges the others.</exception>
    SignalBlockFacts Merge(IReadOnlyList<TBlock> blocks, IWritableFile file, long maxMemoryBytes, CancellationToken stop);

    /// <summary>Reads all of a block and checks what is in it against itself, for <c>throughline check</c>; answers the number of its items. Memory: that of a few pages.</summary>
    /// <exception cref="CorruptDataException">Something is wrong with it.</exception>
    long Verify(TBlock block, CancellationToken stop);

    /// <summary>Where the bytes of a block go, by names that mean something to an operator, for <c>throughline stats</c>; what is not listed is told as other content.</summary>
    IReadOnlyList<(string Part, long Bytes)> Parts(TBlock block) => [];
}
