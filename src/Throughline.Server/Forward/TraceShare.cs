using System.Globalization;
using System.Text;
using Throughline.Engine.Model;

namespace Throughline.Server.Forward;

/// <summary>
/// Chooses a share of the traces by their ids, as OpenTelemetry's consistent probability sampling does (specification, "TraceState: Probability Sampling"): whoever samples by the same rule chooses the
/// same. What is kept says its threshold in its trace state. Stateless but for the share; thread safe.
/// </summary>
internal sealed class TraceShare
{
    private const int ThresholdBits = 56;
    private const int Digits = ThresholdBits / 4;

    private readonly ulong _threshold;

    /// <summary>Keeps a share above 0 and at most 1; an eighth of a billionth more or less.</summary>
    public TraceShare(double share) => _threshold = share >= 1 ? 0 : Math.Min((1UL << ThresholdBits) - 1, (ulong)((1 - share) * (1UL << ThresholdBits)));

    /// <summary>Whether all is kept.</summary>
    public bool IsAll => _threshold == 0;

    /// <summary>The rows that are kept, whose trace states in the batch then say so. A span that was sampled before with a smaller share says that still.</summary>
    public int[] Keep(SpanBatch batch)
    {
        var rows = new List<int>(batch.RowCount);
        for (var row = 0; row < batch.RowCount; row++)
        {
            var state = Encoding.UTF8.GetString(batch.Strings[batch.TraceState[row]]);
            if (Randomness(batch.TraceId[row], state) < _threshold) continue;
            rows.Add(row);
            batch.TraceState.Items[row] = batch.Strings.GetOrAdd(Encoding.UTF8.GetBytes(WithThreshold(state)));
        }
        return [.. rows];
    }

    /// <summary>The 56 bits that decide: those of the trace state where it has them, else the id's last.</summary>
    private static ulong Randomness(TraceId id, string state) =>
        Field(state, "rv:") is { Length: Digits } text && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : id.Low & ((1UL << ThresholdBits) - 1);

    private string WithThreshold(string state)
    {
        var threshold = _threshold;
        if (Field(state, "th:") is { Length: > 0 and <= Digits } known && ulong.TryParse(known.PadRight(Digits, '0'), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var before)) threshold = Math.Max(threshold, before);
        var text = threshold.ToString($"x{Digits}", CultureInfo.InvariantCulture).TrimEnd('0');
        var ours = new List<string> { $"th:{(text.Length == 0 ? "0" : text)}" };
        var others = new List<string>();
        foreach (var member in state.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (member.StartsWith("ot=", StringComparison.Ordinal)) ours.AddRange(member[3..].Split(';').Where(static field => field.Length > 0 && !field.StartsWith("th:", StringComparison.Ordinal)));
            else others.Add(member);
        }
        return string.Join(",", others.Prepend("ot=" + string.Join(";", ours)));
    }

    private static string? Field(string state, string name)
    {
        foreach (var member in state.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!member.StartsWith("ot=", StringComparison.Ordinal)) continue;
            return member[3..].Split(';').FirstOrDefault(field => field.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
        }
        return null;
    }
}
