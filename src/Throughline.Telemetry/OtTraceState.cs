namespace Throughline.Telemetry;

/// <summary>
/// The member <c>ot</c> of W3C trace state (OpenTelemetry specification, "TraceState: Probability Sampling"): <c>th</c>, the threshold that
/// a trace was sampled by, and <c>rv</c>, its randomness where the trace id isn't random.
/// </summary>
internal static class OtTraceState
{
    private const string Member = "ot=";

    /// <summary>A sub-key's value, null when it isn't there.</summary>
    public static string? Read(string? traceState, string key)
    {
        foreach (var member in Members(traceState))
        {
            if (!member.StartsWith(Member, StringComparison.Ordinal)) continue;
            foreach (var part in member[Member.Length..].Split(';'))
                if (part.StartsWith(key + ":", StringComparison.Ordinal)) return part[(key.Length + 1)..];
        }
        return null;
    }

    /// <summary>The trace state with this threshold, or without any; what else is in it stays, and the changed member comes first, as W3C asks.</summary>
    public static string? WithThreshold(string? traceState, string? threshold)
    {
        var (parts, others) = (new List<string>(), new List<string>());
        foreach (var member in Members(traceState))
        {
            if (!member.StartsWith(Member, StringComparison.Ordinal)) others.Add(member);
            else parts.AddRange(member[Member.Length..].Split(';').Where(part => part.Length > 0 && !part.StartsWith("th:", StringComparison.Ordinal)));
        }
        if (threshold is not null) parts.Insert(0, "th:" + threshold);
        if (parts.Count > 0) others.Insert(0, Member + string.Join(';', parts));
        return others.Count == 0 ? null : string.Join(',', others);
    }

    private static string[] Members(string? traceState) =>
        traceState?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
