using System.Buffers;
using Throughline.Engine.Model;

namespace Throughline.Engine.Encode;

/// <summary>Writes a batch as an OTLP <c>ExportTraceServiceRequest</c> in protobuf; the inverse of the decoder. Thread safe.</summary>
public static class OtlpTraceEncoder
{
    /// <summary>Writes all rows; runs of rows with one resource and scope share their messages.</summary>
    public static void Encode(SpanBatch batch, IBufferWriter<byte> output) => throw new NotImplementedException();
}
