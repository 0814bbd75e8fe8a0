namespace Throughline.Engine.Model.Wire;

/// <summary>
/// The field of a Span in which the log's processed form keeps its <see cref="SpanMarks"/> (docs/format/wal.md): what was noted when the request came cannot be seen in
/// what processing left of it. OTLP has no such field; it is never read from a sender.
/// </summary>
internal static class SpanMarksField
{
    /// <summary>Field 536,870,000, a varint: near the highest number there is, far from those that OTLP gives out.</summary>
    public const uint Tag = 536_870_000u << 3;
}
