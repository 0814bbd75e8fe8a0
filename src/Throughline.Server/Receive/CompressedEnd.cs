using System.Buffers.Binary;
using System.IO.Hashing;

namespace Throughline.Server.Receive;

/// <summary>
/// Holds the end of a compressed body against what came out of it: its last bytes are a checksum, so a body that breaks off anywhere does not fit.
/// </summary>
internal static class CompressedEnd
{
    // Adler-32's modulus, and how many bytes its sums take before they must be reduced (RFC 1950, 8.2; zlib's NMAX).
    private const uint AdlerModulus = 65521;
    private const int AdlerRun = 5552;

    /// <summary>
    /// Whether a body of <paramref name="length"/> bytes, of which <paramref name="tail"/> are the last eight (the last one lowest), is whole. No bytes at all are
    /// an empty body: some encoders write nothing when there is nothing.
    /// </summary>
    internal static bool Fits(ContentCoding coding, long length, ulong tail, ReadOnlySpan<byte> output) =>
        length == 0 || (coding == ContentCoding.Gzip ? FitsGzip(tail, output) : (uint)tail == Adler32(output));

    /// <summary>RFC 1952, 2.3.1: CRC-32 and length of what the last member holds, which is all of the output when there is only one.</summary>
    private static bool FitsGzip(ulong tail, ReadOnlySpan<byte> output)
    {
        var checksum = BinaryPrimitives.ReverseEndianness((uint)(tail >> 32));
        var length = BinaryPrimitives.ReverseEndianness((uint)tail);
        // Zeros at the end of a body that breaks off look like the end of an empty member.
        if (length > output.Length || (length == 0 && output.Length > 0)) return false;
        return Crc32.HashToUInt32(output[^(int)length..]) == checksum;
    }

    private static uint Adler32(ReadOnlySpan<byte> bytes)
    {
        uint a = 1, b = 0;
        while (bytes.Length > 0)
        {
            var run = bytes[..Math.Min(AdlerRun, bytes.Length)];
            foreach (var value in run)
            {
                a += value;
                b += a;
            }
            a %= AdlerModulus;
            b %= AdlerModulus;
            bytes = bytes[run.Length..];
        }
        return (b << 16) | a;
    }
}
