using System.Buffers;

namespace Throughline.Server.Receive;

/// <summary>Bytes of a request in a rented array that grows. Its owner returns the array by <see cref="Dispose"/>, once. Not thread safe.</summary>
public sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] _array = [];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes that fit without growing.</summary>
    public int Capacity => _array.Length;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _array.AsMemory(0, Length);

    /// <summary>What was written, as an array with room behind it; valid until the next write.</summary>
    internal ArraySegment<byte> Segment => new(_array, 0, Length);

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _array.Length - Length);
        Length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Makes room for at least <paramref name="more"/> bytes (at least one).</summary>
    public void Reserve(int more)
    {
        var needed = Length + (long)Math.Max(1, more);
        if (needed <= _array.Length) return;
        var grown = RequestArrays.Rent((int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(4096, 2L * _array.Length))));
        Written.Span.CopyTo(grown);
        Return();
        _array = grown;
    }

    /// <summary>Returns the array; the buffer is empty then and can be used again.</summary>
    public void Dispose()
    {
        Return();
        _array = [];
        Length = 0;
    }

    private void Return()
    {
        if (_array.Length > 0) RequestArrays.Return(_array);
    }
}
