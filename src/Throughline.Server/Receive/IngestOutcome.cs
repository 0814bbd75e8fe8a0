namespace Throughline.Server.Receive;

/// <summary>How the ingest of one export request ended.</summary>
public enum IngestStatus
{
    /// <summary>Stored, less the refused items.</summary>
    Stored,
    /// <summary>Not an export request.</summary>
    Malformed,
    /// <summary>Too much is under way; to be sent again later.</summary>
    Overloaded,
    /// <summary>The store cannot take it now; to be sent again later.</summary>
    Unavailable,
}

/// <summary>The outcome of one export request, for its protocol to say. <see cref="Message"/> is for the sender; empty when all is well.</summary>
public readonly record struct IngestOutcome(IngestStatus Status, int Rejected, string Message, TimeSpan RetryAfter)
{
    /// <summary>When nothing else is known about when to try again.</summary>
    public static TimeSpan StandardRetry { get; } = TimeSpan.FromSeconds(1);
}
