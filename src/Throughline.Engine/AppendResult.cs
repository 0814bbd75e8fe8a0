namespace Throughline.Engine;

/// <summary>How an append ended.</summary>
public enum AppendStatus
{
    /// <summary>The spans are on disk (fsynced) and visible to queries.</summary>
    Durable,
    /// <summary>The same request was stored within the last minutes; nothing was stored again, the sender may be told that all is well.</summary>
    Duplicate,
    /// <summary>The queue in front of the log is full: nothing was stored, the sender should try again after <see cref="AppendResult.RetryAfter"/>.</summary>
    Overloaded,
    /// <summary>The disk refused: nothing is promised, the sender should try again.</summary>
    Failed,
}

/// <summary>The outcome of an append. <see cref="Message"/> is for the sender and the operator; empty when all is well.</summary>
public readonly record struct AppendResult(AppendStatus Status, TimeSpan RetryAfter, string Message)
{
    /// <summary>Stored.</summary>
    public static AppendResult Durable { get; } = new(AppendStatus.Durable, default, "");
}
