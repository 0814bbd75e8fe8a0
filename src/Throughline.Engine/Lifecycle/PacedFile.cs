using Throughline.Engine.Files;

namespace Throughline.Engine.Lifecycle;

/// <summary>The file of a block that compaction writes: it waits before every append while something urgent is under way. Not thread safe.</summary>
internal sealed class PacedFile(IWritableFile file, QuietGate gate, CancellationToken stop) : IWritableFile
{
    /// <inheritdoc/>
    public long Length => file.Length;

    /// <inheritdoc/>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        gate.Wait(stop);
        stop.ThrowIfCancellationRequested();
        file.Append(buffers);
    }

    /// <inheritdoc/>
    public void Sync() => file.Sync();

    /// <summary>The file belongs to who opened it.</summary>
    public void Dispose()
    {
    }
}
