using System.Threading.Channels;

namespace Throughline.Pipeline.Backend.Batching;

/// <summary>
/// The batches that wait for analysis. Unbounded itself: every image in it was taken on while it was short, see
/// <see cref="ImagePipeline.TryTake"/>. Thread-safe.
/// </summary>
internal sealed class ClosedBatches(PipelineMetrics metrics)
{
    private readonly Channel<ClosedBatch> _batches = Channel.CreateUnbounded<ClosedBatch>();

    public int Count => _batches.Reader.Count;

    public void Add(ClosedBatch batch)
    {
        metrics.CountBatch(batch.Members.Count, batch.CloseReason);
        _batches.Writer.TryWrite(batch);
    }

    public void Complete() => _batches.Writer.TryComplete();

    public IAsyncEnumerable<ClosedBatch> TakeAllAsync() => _batches.Reader.ReadAllAsync();
}
