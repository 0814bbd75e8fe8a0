using System.Globalization;

namespace Throughline.Engine.Query.Plan;

/// <summary>Durations as people write them: <c>250us</c>, <c>1.5s</c>, <c>2m</c>.</summary>
public static class FilterTextDuration
{
    private const string Form = "A duration is a number and one of ns, us, ms, s, m, h, such as 250us or 1.5s";

    /// <summary>Reads a duration, exactly. False when it is none; <paramref name="problem"/> then says what would be right.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ulong nano, out string problem)
    {
        nano = 0;
        problem = "";
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        var unit = UnitNano(text[digits..]);
        if (unit == 0 || !decimal.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            problem = $"{Form}; '{text}' is none.";
            return false;
        }
        // decimal holds 28 digits: enough for 2^64 nanoseconds with nine decimals, so the product is exact or out of range.
        if (number > ulong.MaxValue / (decimal)unit)
        {
            problem = $"'{text}' is longer than a duration can be (584 years).";
            return false;
        }
        var exact = number * unit;
        if (exact != decimal.Truncate(exact))
        {
            problem = $"'{text}' has a fraction of a nanosecond.";
            return false;
        }
        nano = (ulong)exact;
        return true;
    }

    private static ulong UnitNano(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 1,
        "us" or "\u00b5s" or "\u03bcs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => 0,
    };
}
