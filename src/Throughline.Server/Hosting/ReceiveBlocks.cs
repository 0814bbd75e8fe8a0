using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Throughline.Server.Hosting;

/// <summary>
/// The blocks that sockets are read into. Kestrel's own are 4 KB, one system call and one wake-up of the reader each; an export request of a few
/// hundred spans would take a hundred of them. One per server; thread safe.
/// </summary>
internal sealed class ReceiveBlocks : IMemoryPoolFactory<byte>
{
    /// <summary>Bytes of a block: a request of SDKs takes a few. A connection with nothing under way holds none.</summary>
    private const int BlockBytes = 32 << 10;

    /// <summary>Blocks that are kept for the next reader, as many as three requests of a collector have; more go to the garbage collector.</summary>
    private const int MaxKept = 512;

    private readonly Pool _pool = new();

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => _pool;

    private sealed class Pool : MemoryPool<byte>
    {
        private readonly ConcurrentQueue<byte[]> _idle = new();

        public override int MaxBufferSize => BlockBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
            // Pinned, since most of them are under a system call most of the time.
            return new Block(this, _idle.TryDequeue(out var bytes) ? bytes : GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));
        }

        /// <summary>Connections end after the server that they belong to has let go of its pool; their blocks may still come back.</summary>
        protected override void Dispose(bool disposing) => _idle.Clear();

        private void Return(byte[] bytes)
        {
            // The count may be passed by a few under a race, which costs their memory and nothing else.
            if (_idle.Count < MaxKept) _idle.Enqueue(bytes);
        }

        private sealed class Block(Pool pool, byte[] bytes) : IMemoryOwner<byte>
        {
            private byte[]? _bytes = bytes;

            public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(Block));

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _bytes, null) is { } returned) pool.Return(returned);
            }
        }
    }
}
