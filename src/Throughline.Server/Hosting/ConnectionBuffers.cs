using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Throughline.Server.Hosting;

/// <summary>
/// The buffers of all connections. Kestrel's own are 4 KB, so a request of 300 KB takes 77 calls of the system to read; these are larger. Given back ones are kept up to a bound, beyond which they are
/// the collector's. Owned by the host; thread safe.
/// </summary>
internal sealed class ConnectionBuffers : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    /// <summary>A connection that is in the middle of a request holds one or two.</summary>
    private const int BlockBytes = 32 << 10;

    private const int MaxKept = 256;

    private readonly ConcurrentQueue<Block> _idle = new();
    private int _idleCount;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!_idle.TryDequeue(out var block)) return new Block(this);
        Interlocked.Decrement(ref _idleCount);
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Every transport ends by disposing of its pool, and this one is all of theirs; the blocks have no other owner than the collector.
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _idleCount) <= MaxKept) _idle.Enqueue(block);
        else Interlocked.Decrement(ref _idleCount);
    }

    /// <summary>One buffer; the same object is rented again and again.</summary>
    private sealed class Block(ConnectionBuffers pool) : IMemoryOwner<byte>
    {
        // Pinned, since the kernel writes into it all the time.
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public Memory<byte> Memory => _bytes;

        public void Dispose() => pool.Return(this);
    }
}
