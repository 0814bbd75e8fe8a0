using Throughline.Engine.Model;

namespace Throughline.Engine.Decode;

/// <summary>Decodes OTLP <c>ExportTraceServiceRequest</c> messages (opentelemetry-proto 1.x) into columns. Not thread safe; reuse one per worker.</summary>
public sealed class OtlpTraceDecoder
{
    /// <summary>
    /// Appends the request's spans to <paramref name="batch"/>, which must be empty. Spans with invalid ids are left out and counted.
    /// A malformed request leaves the batch empty.
    /// </summary>
    public DecodeResult Decode(ReadOnlySpan<byte> request, SpanBatch batch) => throw new NotImplementedException();
}
