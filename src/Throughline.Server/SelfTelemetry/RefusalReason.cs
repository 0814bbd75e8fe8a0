namespace Throughline.Server.SelfTelemetry;

/// <summary>Why something that was sent was not stored.</summary>
public enum RefusalReason
{
    /// <summary>The body is not an export request (requests).</summary>
    Malformed,
    /// <summary>A trace or span id is all zero or of the wrong length (spans).</summary>
    InvalidIds,
    /// <summary>A log record, a data point or a profile says something that cannot be stored (items of the signal).</summary>
    InvalidItems,
    /// <summary>The body is over a limit, as it came or after decompression (requests).</summary>
    TooLarge,
    /// <summary>The content type is not one of OTLP's (requests).</summary>
    UnsupportedType,
    /// <summary>The content encoding is not taken (requests).</summary>
    UnsupportedEncoding,
    /// <summary>The signal is not stored by this server (requests).</summary>
    UnsupportedSignal,
    /// <summary>More is under way than the limits allow; the sender was asked to try again (requests).</summary>
    Overloaded,
    /// <summary>The store could not take it; the sender was asked to try again (requests).</summary>
    Unavailable,
    /// <summary>The body took longer than the time for it (requests).</summary>
    TooSlow,
    /// <summary>The Host header, origin or token was not right (requests).</summary>
    Forbidden,
}
