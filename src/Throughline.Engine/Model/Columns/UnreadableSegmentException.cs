namespace Throughline.Engine.Model.Columns;

/// <summary>A segment's stored bytes cannot be read. The message names file, offset, what was expected and what was found; queries go on without the segment and say so.</summary>
internal sealed class UnreadableSegmentException(string message, Exception inner) : Exception(message, inner);
