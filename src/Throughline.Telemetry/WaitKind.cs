namespace Throughline.Telemetry;

/// <summary>The string attribute by which the store knows a span as a wait, and the values that have a meaning of their own.</summary>
public static class WaitKind
{
    /// <summary>The attribute's key.</summary>
    public const string Key = "wait.kind";

    /// <summary>Waiting in a batch for its window to close.</summary>
    public const string BatchWindow = "batch_window";

    /// <summary>Waiting for the analysis of a batch, which is told in another member's trace.</summary>
    public const string Analysis = "analysis";

    /// <summary>Waiting in a queue for somebody to take it up.</summary>
    public const string Queue = "queue";

    /// <summary>Waiting after a try that failed, before the next one.</summary>
    public const string RetryBackoff = "retry_backoff";
}
