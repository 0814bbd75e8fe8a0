namespace Throughline.Server.Process;

/// <summary>The kinds of tail rules as they are written.</summary>
internal static class TailKinds
{
    private static readonly string[] All = ["errors", "slow", "slowest", "rare", "attribute"];

    internal static IReadOnlyList<string> Names => All;

    internal static string Name(TailRuleKind kind) => All[(int)kind];

    internal static bool TryParse(string? name, out TailRuleKind kind)
    {
        var place = Array.IndexOf(All, name);
        kind = (TailRuleKind)Math.Max(0, place);
        return place >= 0;
    }
}

/// <summary>The actions of redaction as they are written.</summary>
internal static class RedactionActions
{
    private static readonly string[] All = ["mask", "hash", "remove"];

    internal static IReadOnlyList<string> Names => All;

    internal static string Name(RedactionAction action) => All[(int)action];

    internal static bool TryParse(string? name, out RedactionAction action)
    {
        var place = Array.IndexOf(All, name);
        action = (RedactionAction)Math.Max(0, place);
        return place >= 0;
    }
}
