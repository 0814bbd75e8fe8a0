namespace Throughline.Engine.Metrics;

/// <summary>Signed numbers as unsigned ones that are small when the number is near 0 (protobuf.dev, "Encoding", sint64). Stateless.</summary>
internal static class ZigZag
{
    public static ulong Encode(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long Decode(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
