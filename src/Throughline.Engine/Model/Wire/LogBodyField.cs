namespace Throughline.Engine.Model.Wire;

/// <summary>
/// The field of a LogRecord in which the log's processed form keeps the <see cref="AttributeType"/> that its body had (docs/format/wal.md), where that was no string: what is kept is the body's
/// text. OTLP has no such field; it is never read from a sender.
/// </summary>
internal static class LogBodyField
{
    /// <summary>Field 536,870,001, a varint: next to <see cref="SpanMarksField"/>.</summary>
    public const uint Tag = 536_870_001u << 3;
}
