using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Profiles.Blocks;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Profiles.Store;

/// <summary>What the store has to know of profiles (docs/format/profiles.md): a request and the head are batches, a view is a snapshot of one. Its items are samples. Stateless; thread safe.</summary>
internal sealed class ProfileFormat : ISignalFormat<ProfileBatch, ProfileBatch, ProfileBatch, ProfileBlock>
{
    /// <summary>What a merge holds of each input's tables beside what the open block holds: their numbers in the new block, and the new tables with their indexes.</summary>
    private const int MergeFactor = 5;

    /// <inheritdoc/>
    public string Name => "profiles";

    /// <inheritdoc/>
    public string Items => "samples of profiles";

    /// <inheritdoc/>
    public WalSignal Signal => WalSignal.Profiles;

    /// <inheritdoc/>
    public ProfileBatch NewBatch() => new();

    /// <inheritdoc/>
    public bool TryDecode(ReadOnlySpan<byte> payload, WalForm form, ProfileBatch into, out string problem)
    {
        into.Clear();
        return ProfileBatchCodec.TryDecode(payload, into, out problem);
    }

    /// <inheritdoc/>
    public long Count(ProfileBatch batch) => batch.SampleCount;

    /// <inheritdoc/>
    public ProfileBatch NewHead() => new();

    /// <inheritdoc/>
    public void Add(ProfileBatch head, ProfileBatch batch, ulong receivedUnixNano) => head.AddAll(batch, receivedUnixNano);

    /// <inheritdoc/>
    public SignalHeadSize Measure(ProfileBatch head) => head.WindowCount == 0 ? SignalHeadSize.Empty : new SignalHeadSize(head.SampleCount, head.MemoryBytes, head.FirstUnixNano, head.LastUnixNano);

    /// <inheritdoc/>
    public ProfileBatch View(ProfileBatch head) => head.Snapshot();

    /// <inheritdoc/>
    public SignalBlockFacts Write(ProfileBatch head, IWritableFile file, CancellationToken stop) => Facts(ProfileBlockWriter.Write([head], file, stop));

    /// <inheritdoc/>
    public ProfileBlock Open(IReadableFile file, string name, PageCache cache) => ProfileBlock.Open(file, name, cache);

    /// <inheritdoc/>
    public SignalBlockFacts Merge(IReadOnlyList<ProfileBlock> blocks, IWritableFile file, long maxMemoryBytes, CancellationToken stop)
    {
        if (blocks.Count > 1 && blocks.Sum(static block => block.TableBytes) > maxMemoryBytes / MergeFactor) throw new MergeTooLargeException(MergeFactor * blocks.Sum(static block => block.TableBytes), maxMemoryBytes);
        return Facts(ProfileBlockWriter.Write(blocks, file, stop));
    }

    /// <inheritdoc/>
    public long Verify(ProfileBlock block, CancellationToken stop)
    {
        block.Verify(stop);
        return block.SampleCount;
    }

    private static SignalBlockFacts Facts(ProfileBlockFacts facts) => new(facts.Samples, facts.FirstUnixNano, facts.LastUnixNano);
}
