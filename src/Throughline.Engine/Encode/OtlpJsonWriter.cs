using System.Text.Json;
using Throughline.Engine.Model;

namespace Throughline.Engine.Encode;

/// <summary>Writes a batch in OTLP's JSON form (<c>{"resourceSpans":[...]}</c>). Thread safe.</summary>
public static class OtlpJsonWriter
{
    /// <summary>Writes all rows; ids in lower-case hex, 64-bit integers as strings, bytes in base64, as OTLP/JSON asks.</summary>
    public static void Write(SpanBatch batch, Utf8JsonWriter output) => throw new NotImplementedException();
}
