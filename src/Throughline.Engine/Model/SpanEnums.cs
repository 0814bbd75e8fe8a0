namespace Throughline.Engine.Model;

/// <summary>OTLP's <c>Span.SpanKind</c> (opentelemetry-proto 1.x). Unknown numbers are kept as they came.</summary>
public enum SpanKind
{
    /// <summary>Not said.</summary>
    Unspecified = 0,
    /// <summary>Work inside a service.</summary>
    Internal = 1,
    /// <summary>The handling of a request from elsewhere.</summary>
    Server = 2,
    /// <summary>A request to elsewhere.</summary>
    Client = 3,
    /// <summary>The sending of a message.</summary>
    Producer = 4,
    /// <summary>The handling of a message.</summary>
    Consumer = 5,
}

/// <summary>OTLP's <c>Status.StatusCode</c>.</summary>
public enum SpanStatusCode
{
    /// <summary>Not said.</summary>
    Unset = 0,
    /// <summary>Said to be a success.</summary>
    Ok = 1,
    /// <summary>A failure.</summary>
    Error = 2,
}

/// <summary>The case of an OTLP <c>AnyValue</c>; the numbers are its field numbers, 0 is a value that is not set.</summary>
public enum AttributeType : byte
{
    /// <summary>No value was set.</summary>
    Empty = 0,
    /// <summary>UTF-8 text.</summary>
    String = 1,
    /// <summary>0 or 1.</summary>
    Bool = 2,
    /// <summary>64-bit signed.</summary>
    Int = 3,
    /// <summary>The bits of an IEEE 754 double.</summary>
    Double = 4,
    /// <summary>An encoded OTLP <c>ArrayValue</c>.</summary>
    Array = 5,
    /// <summary>An encoded OTLP <c>KeyValueList</c>.</summary>
    KvList = 6,
    /// <summary>Raw bytes.</summary>
    Bytes = 7,
}

/// <summary>What was noted about a span on its way into the store; kept with it.</summary>
[Flags]
public enum SpanMarks : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>A text was not valid UTF-8; replacement characters stand in its place.</summary>
    InvalidUtf8 = 1,
    /// <summary>An attribute's value was replaced by <c>[redacted]</c>.</summary>
    Redacted = 2,
    /// <summary>The span counts as an error: status ERROR, or an attribute <c>error</c> that is true or "true". Derived when the span enters the store.</summary>
    Error = 4,
    /// <summary>Attributes were left out or shortened by a limit of this server.</summary>
    Cut = 8,
    /// <summary>With this span its trace had as many as it may have; what came afterwards was dropped.</summary>
    TraceFull = 16,
}
