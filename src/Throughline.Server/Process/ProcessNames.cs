namespace Throughline.Server.Process;

/// <summary>The names of what drops and cuts spans beside named rules, as the API and docs/operations.md have them.</summary>
public static class ProcessNames
{
    /// <summary>A service's rate.</summary>
    public const string Rate = "rate";

    /// <summary>A service's limit of traces a second.</summary>
    public const string TracesPerSecond = "tracesPerSecond";

    /// <summary>The limit of spans a trace.</summary>
    public const string SpansPerTrace = "spansPerTrace";

    /// <summary>The limit of attributes.</summary>
    public const string Attributes = "attributes";

    /// <summary>The limit of a value's bytes.</summary>
    public const string ValueBytes = "valueBytes";

    /// <summary>What no tail rule fits.</summary>
    public const string Rest = "rest";

    /// <summary>Spans that came after their trace was decided.</summary>
    public const string Late = "late";

    /// <summary>A trace that no rule would have kept, and that is pinned.</summary>
    public const string Pinned = "pinned";

    /// <summary>The stages as they are written.</summary>
    public static string Of(ProcessStage stage) => stage switch
    {
        ProcessStage.Head => "head",
        ProcessStage.Tail => "tail",
        _ => "limit",
    };
}
