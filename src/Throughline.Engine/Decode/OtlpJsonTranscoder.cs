using System.Buffers;

namespace Throughline.Engine.Decode;

/// <summary>Rewrites an export request in OTLP's JSON form (UTF-8) as protobuf, forward only, so that both forms share one decoder. Thread safe.</summary>
public static class OtlpJsonTranscoder
{
    /// <summary>
    /// Writes the protobuf form of <paramref name="json"/>. False when it is not a request; <paramref name="error"/> then names the field and the offset in
    /// bytes, and what was written is to be thrown away. Unknown fields are ignored, as OTLP asks.
    /// </summary>
    public static bool TryTranscode(ReadOnlySpan<byte> json, IBufferWriter<byte> protobuf, out string error) => throw new NotImplementedException();
}
