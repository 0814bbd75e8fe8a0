namespace Throughline.Engine.Blocks.Pages;

/// <summary>
/// Doubles that were written with a few decimal digits, as integers: exact, since each value is tried in both directions. Doubles of other origin don't pass and stay as they are.
/// </summary>
internal static class DecimalScale
{
    /// <summary>The most digits behind the point that are tried.</summary>
    public const int MostDigits = 6;

    /// <summary>Above this, a double no longer tells neighbouring integers apart.</summary>
    private const double Largest = 1L << 52;

    private static readonly double[] Powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

    /// <summary>The bits of the doubles times ten to the digits, as integers; false when any value would not come back the same, bit for bit.</summary>
    public static bool TryScale(ReadOnlySpan<long> bits, int digits, Span<long> integers)
    {
        var power = Powers[digits];
        for (var i = 0; i < bits.Length; i++)
        {
            var scaled = Math.Round(BitConverter.Int64BitsToDouble(bits[i]) * power);
            if (!(Math.Abs(scaled) <= Largest)) return false;
            var integer = (long)scaled;
            if (ToBits(integer, digits) != bits[i]) return false;
            integers[i] = integer;
        }
        return true;
    }

    /// <summary>The bits of the double that an integer stands for.</summary>
    public static long ToBits(long integer, int digits) => BitConverter.DoubleToInt64Bits(integer / Powers[digits]);
}
