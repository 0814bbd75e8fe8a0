namespace Throughline.Engine.Decode;

/// <summary>How the decoding of one export request went.</summary>
public enum DecodeStatus
{
    /// <summary>The batch holds the request's items, less the refused ones.</summary>
    Decoded,
    /// <summary>The bytes are not a request; nothing was kept.</summary>
    Malformed,
}

/// <summary>
/// The outcome of decoding one export request. Items are what its signal counts: spans, log records, data points. <see cref="Message"/> is for the sender: for a malformed request it
/// names the field and the offset in bytes, for refused items it says how many and why; empty otherwise.
/// </summary>
public readonly record struct DecodeResult(DecodeStatus Status, int Accepted, int Refused, int MendedTexts, string Message)
{
    /// <summary>True when the batch does not say exactly what the request's bytes say (refused items, mended texts), so that the log must keep the batch instead.</summary>
    public bool Altered => Refused > 0 || MendedTexts > 0;
}
