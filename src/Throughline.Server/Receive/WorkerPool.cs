namespace Throughline.Server.Receive;

/// <summary>Keeps what decoding a request of one signal needs for the next request. Thread safe; a worker belongs to who took it.</summary>
internal sealed class WorkerPool(ISignalIntake intake)
{
    /// <summary>
    /// Batches that a rare large request has grown beyond this are not kept. One of 8,192 spans, as collectors send, fits: made anew for each of those, it cost a fifth of the CPU time.
    /// </summary>
    private const long MaxKeptBytes = 16 << 20;

    private static readonly int MaxKept = Environment.ProcessorCount * 2;

    private readonly IdlePool<Worker> _idle = new(MaxKept, MaxKept * MaxKeptBytes, TimeProvider.System);

    internal Worker Take() => _idle.Take(static _ => true) ?? new Worker(intake.NewWorker());

    internal void Return(Worker worker)
    {
        worker.Transcoded.Dispose();
        worker.Encoded.Dispose();
        if (worker.Signal.MemoryBytes > MaxKeptBytes) return;
        worker.Signal.Clear();
        _idle.Return(worker, worker.Signal.MemoryBytes);
    }

    /// <summary>A signal's worker and buffers. Not thread safe.</summary>
    internal sealed class Worker(ISignalWorker signal)
    {
        internal ISignalWorker Signal => signal;

        internal PooledBuffer Transcoded { get; } = new();

        internal PooledBuffer Encoded { get; } = new();
    }
}
