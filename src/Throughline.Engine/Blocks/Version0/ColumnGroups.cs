using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>Groups of columns that are read together.</summary>
[Flags]
internal enum ColumnGroups
{
    /// <summary>Trace, start, end, name, kind, status, resource, marks.</summary>
    Core = 1,
    /// <summary>Span and parent ids, status message, trace state, flags, scope, dropped counts.</summary>
    Rest = 2,
    /// <summary>The spans' attributes.</summary>
    Attributes = 4,
    /// <summary>Events and links with their attributes.</summary>
    EventsAndLinks = 8,
    /// <summary>Everything.</summary>
    All = Core | Rest | Attributes | EventsAndLinks,
}

/// <summary>Loaded rows of a row group: the asked column groups are filled, and <paramref name="TraceOrdinal"/> gives each row's trace in the block.</summary>
internal readonly record struct SegmentRows(SpanBatch Spans, ReadOnlyMemory<int> TraceOrdinal);

/// <summary>Spans and errors of one operation. Service and name are ids in the block's strings.</summary>
internal readonly record struct OperationCount(int Service, int Name, int Kind, long Spans, long Errors);
