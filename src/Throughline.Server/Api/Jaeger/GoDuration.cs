using System.Globalization;

namespace Throughline.Server.Api.Jaeger;

/// <summary>Durations as Go writes them: a sequence of numbers with units, such as <c>1m30s</c>, <c>1.5ms</c> or <c>0</c> (Go's time.ParseDuration).</summary>
internal static class GoDuration
{
    /// <summary>Reads a duration in nanoseconds; negative ones are none here. False with Go's own words for what is wrong.</summary>
    internal static bool TryParse(string text, out ulong nano, out string problem)
    {
        nano = 0;
        problem = "";
        var rest = text.AsSpan();
        if (rest is ['+', ..]) rest = rest[1..];
        if (rest is "0") return true;
        decimal total = 0;
        do
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits == 0 || rest.IsEmpty || !decimal.TryParse(digits < 0 ? rest : rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                problem = $"time: invalid duration \"{text}\"";
                return false;
            }
            if (digits < 0)
            {
                problem = $"time: missing unit in duration \"{text}\"";
                return false;
            }
            rest = rest[digits..];
            var length = rest.IndexOfAny("0123456789.");
            var unit = length < 0 ? rest : rest[..length];
            var factor = NanoOf(unit);
            if (factor == 0)
            {
                problem = $"time: unknown unit \"{unit}\" in duration \"{text}\"";
                return false;
            }
            rest = rest[unit.Length..];
            // Go keeps durations in 63 bits.
            if (number > long.MaxValue / (decimal)factor || (total += number * factor) > long.MaxValue)
            {
                problem = $"time: invalid duration \"{text}\"";
                return false;
            }
        }
        while (!rest.IsEmpty);
        nano = (ulong)total;
        return true;
    }

    private static ulong NanoOf(ReadOnlySpan<char> unit) => unit switch
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
