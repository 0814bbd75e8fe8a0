using System.Globalization;
using System.Text;
using Throughline.Engine.Model;

namespace Throughline.Engine.Sampling;

/// <summary>
/// Consistent probability sampling (OpenTelemetry specification, "TraceState: Probability Sampling"): a trace is kept where its 56 random bits are not below a threshold, which stands in
/// the trace state as <c>ot=th:…</c>, so that whoever counts its spans knows how many each stands for. What a lower rate keeps, every higher one keeps too. Stateless.
/// </summary>
public static class SamplingThreshold
{
    /// <summary>Above every threshold: nothing is kept.</summary>
    public const ulong Range = 1UL << 56;

    private const int Digits = 14;
    private const int Precision = 4;

    /// <summary>
    /// The threshold that keeps a share of the traces, 0 to 1, rounded to four digits behind the leading f's as the specification advises; <see cref="Range"/> for 0. Above 0 something is always kept.
    /// </summary>
    public static ulong Of(double rate)
    {
        if (rate <= 0) return Range;
        if (rate >= 1) return 0;
        var threshold = Math.Min(Range - 1, (ulong)Math.Round((1 - rate) * Range));
        var leading = 0;
        while (leading < Digits && ((threshold >> (4 * (Digits - 1 - leading))) & 15) == 15) leading++;
        var dropped = 4 * Math.Max(0, Digits - leading - Precision);
        return dropped == 0 ? threshold : Math.Min(Range - 1, (threshold + (1UL << (dropped - 1))) >> dropped << dropped);
    }

    /// <summary>How many spans one that was kept by this threshold stands for: 1 or more.</summary>
    public static double WeightOf(ulong threshold) => Range / (double)(Range - threshold);

    /// <summary>The 56 bits that decide about a trace: those that the trace state names (<c>rv</c>), else the last of the trace id.</summary>
    public static ulong RandomnessOf(TraceId id, ReadOnlySpan<byte> traceState) =>
        TryFind(traceState, "rv:"u8, out var value) && value.Length == Digits && TryHex(value, out var randomness) ? randomness : id.Low & (Range - 1);

    /// <summary>The threshold in a trace state; 0 where it has none that can be understood.</summary>
    public static ulong Read(ReadOnlySpan<byte> traceState) =>
        TryFind(traceState, "th:"u8, out var value) && value.Length is > 0 and <= Digits && TryHex(value, out var digits) ? digits << (4 * (Digits - value.Length)) : 0;

    /// <summary>The trace state with this threshold, above 0 and below <see cref="Range"/>; what else is in it stays, and the changed member comes first, as W3C asks.</summary>
    public static byte[] Write(ReadOnlySpan<byte> traceState, ulong threshold)
    {
        ArgumentOutOfRangeException.ThrowIfZero(threshold);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(threshold, Range);
        var fields = new List<string> { "th:" + threshold.ToString("x14", CultureInfo.InvariantCulture).TrimEnd('0') };
        var others = new List<string>();
        foreach (var member in Encoding.UTF8.GetString(traceState).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!member.StartsWith("ot=", StringComparison.Ordinal)) others.Add(member);
            else fields.AddRange(member[3..].Split(';').Where(static field => field.Length > 0 && !field.StartsWith("th:", StringComparison.Ordinal)));
        }
        others.Insert(0, "ot=" + string.Join(';', fields));
        return Encoding.UTF8.GetBytes(string.Join(',', others));
    }

    /// <summary>The value of a field of the member <c>ot</c>.</summary>
    private static bool TryFind(ReadOnlySpan<byte> traceState, ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value)
    {
        value = default;
        while (!traceState.IsEmpty)
        {
            var comma = traceState.IndexOf((byte)',');
            var member = (comma < 0 ? traceState : traceState[..comma]).Trim(" \t"u8);
            traceState = comma < 0 ? default : traceState[(comma + 1)..];
            if (!member.StartsWith("ot="u8)) continue;
            for (var rest = member[3..]; !rest.IsEmpty;)
            {
                var end = rest.IndexOf((byte)';');
                var one = end < 0 ? rest : rest[..end];
                rest = end < 0 ? default : rest[(end + 1)..];
                if (!one.StartsWith(field)) continue;
                value = one[field.Length..];
                return true;
            }
        }
        return false;
    }

    private static bool TryHex(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        foreach (var c in text)
        {
            var digit = c switch
            {
                >= (byte)'0' and <= (byte)'9' => c - '0',
                >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
                _ => -1,
            };
            if (digit < 0) return false;
            value = value << 4 | (uint)digit;
        }
        return true;
    }
}
