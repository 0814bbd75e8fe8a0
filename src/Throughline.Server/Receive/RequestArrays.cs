using System.Buffers;
using System.Numerics;

namespace Throughline.Server.Receive;

/// <summary>
/// Arrays for the bytes of requests. Small ones are those of the shared pool. Large ones, which that pool rounds up to powers of two and keeps for each thread that ever gave one back, are of sizes a
/// quarter of a power of two apart, and few are kept. Thread safe.
/// </summary>
internal static class RequestArrays
{
    /// <summary>Arrays up to this length are the shared pool's.</summary>
    private const int MaxSmall = 1 << 20;

    /// <summary>Bytes of idle large arrays at most: four requests of 8,192 spans, as collectors send, fit.</summary>
    private const long MaxIdleBytes = 24L << 20;

    private static readonly IdlePool<byte[]> s_idle = new(int.MaxValue, MaxIdleBytes, TimeProvider.System);

    /// <summary>An array of at least that length, with anything in it.</summary>
    public static byte[] Rent(int length)
    {
        if (length <= MaxSmall) return ArrayPool<byte>.Shared.Rent(length);
        var size = SizeFor(length);
        return s_idle.Take(array => array.Length == size) ?? GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Takes an array back.</summary>
    public static void Return(byte[] array)
    {
        if (array.Length <= MaxSmall) ArrayPool<byte>.Shared.Return(array);
        else s_idle.Return(array, array.Length);
    }

    /// <summary>The next of the sizes, which are 5, 6, 7 and 8 eighths of each power of two.</summary>
    private static int SizeFor(int length)
    {
        var step = 1L << (BitOperations.Log2((uint)length - 1) - 2);
        return (int)Math.Min(Array.MaxLength, (length + step - 1) / step * step);
    }
}
