using System.Threading.Channels;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Pipeline.Backend.Detection;

/// <summary>
/// Images that wait for detection: those of higher priority first, among equals the oldest. Bounded by number and by bytes; one that is
/// full refuses at once. Thread-safe.
/// </summary>
internal sealed class DetectionQueue(int limit, long byteLimit)
{
    private readonly Lock _gate = new();
    private readonly Channel<Waiting> _images =
        Channel.CreateUnboundedPrioritized(new UnboundedPrioritizedChannelOptions<Waiting> { Comparer = new SoonerFirst() });
    private long _sequence;
    private long _bytes;

    /// <summary>Images that wait.</summary>
    public int Count => _images.Reader.Count;

    /// <summary>False when the queue is full or completed.</summary>
    public bool TryAdd(ReceivedImage image)
    {
        lock (_gate)
        {
            // An empty queue takes an image of any size that the upload took.
            var (waiting, bytes) = (_images.Reader.Count, Interlocked.Read(ref _bytes));
            if (waiting >= limit || waiting > 0 && bytes + image.Bytes.Length > byteLimit) return false;
            if (!_images.Writer.TryWrite(new(Priorities.Rank(image.Camera.Priority), _sequence++, image))) return false;
            Interlocked.Add(ref _bytes, image.Bytes.Length);
            return true;
        }
    }

    /// <summary>Takes no more; readers end when they have read what waits.</summary>
    public void Complete() => _images.Writer.TryComplete();

    /// <summary>Takes images out until the queue is completed and empty. Any number of readers may share the work.</summary>
    public async IAsyncEnumerable<ReceivedImage> TakeAllAsync()
    {
        await foreach (var waiting in _images.Reader.ReadAllAsync())
        {
            Interlocked.Add(ref _bytes, -waiting.Image.Bytes.Length);
            yield return waiting.Image;
        }
    }

    private readonly record struct Waiting(int Rank, long Sequence, ReceivedImage Image);

    private sealed class SoonerFirst : IComparer<Waiting>
    {
        public int Compare(Waiting x, Waiting y) => x.Rank != y.Rank ? x.Rank.CompareTo(y.Rank) : x.Sequence.CompareTo(y.Sequence);
    }
}
