namespace Throughline.Engine.Model;

/// <summary>What a trace's spans amount to. Texts are ids in the strings of the batch that the spans were read from.</summary>
internal sealed record TraceFacts
{
    /// <summary>Start of the earliest span, Unix nanoseconds.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Latest end (or start, for spans that end before they start), Unix nanoseconds.</summary>
    public required ulong EndUnixNano { get; init; }

    /// <summary>Explicit wait spans and gaps that no span covers, nanoseconds.</summary>
    public required ulong WaitingNano { get; init; }

    /// <summary>Number of spans.</summary>
    public required int Spans { get; init; }

    /// <summary>Spans that count as errors.</summary>
    public required int Errors { get; init; }

    /// <summary>Spans whose parent is named but not there.</summary>
    public required int Orphans { get; init; }

    /// <summary>Service of the earliest span without a parent, -1 when there is none.</summary>
    public required int RootService { get; init; }

    /// <summary>Name of the earliest span without a parent, -1 when there is none.</summary>
    public required int RootName { get; init; }

    /// <summary>Service of the earliest span.</summary>
    public required int FirstService { get; init; }

    /// <summary>Name of the earliest span.</summary>
    public required int FirstName { get; init; }

    /// <summary>The commonest error.type or exception.type of failed spans, else the first one's status message; -1 when there is none.</summary>
    public required int ErrorType { get; init; }

    /// <summary>Service, spans, errors.</summary>
    public required IReadOnlyList<(int Service, int Spans, int Errors)> Services { get; init; }
}
