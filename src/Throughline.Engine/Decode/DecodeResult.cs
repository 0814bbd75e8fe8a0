namespace Throughline.Engine.Decode;

/// <summary>How the decoding of one export request went.</summary>
public enum DecodeStatus
{
    /// <summary>The batch holds the request's spans, less the refused ones.</summary>
    Decoded,
    /// <summary>The bytes are not a request; nothing was kept.</summary>
    Malformed,
}

/// <summary>
/// The outcome of decoding one export request. <see cref="Message"/> is for the sender: for a malformed request it names the field and the
/// offset in bytes, for refused spans it says how many and why; empty otherwise.
/// </summary>
public readonly record struct DecodeResult(DecodeStatus Status, int AcceptedSpans, int RefusedSpans, int MendedTexts, string Message)
{
    /// <summary>True when the batch does not say exactly what the request's bytes say (refused spans, mended texts), so that the log must keep the batch instead.</summary>
    public bool Altered => RefusedSpans > 0 || MendedTexts > 0;
}
