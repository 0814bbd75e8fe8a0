namespace Throughline.Engine.Query.Execution;

/// <summary>When a query has to answer with what it has. Immutable.</summary>
internal sealed class Deadline(TimeProvider time, TimeSpan limit)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>How long the query may run.</summary>
    public TimeSpan Limit { get; } = limit;

    /// <summary>True when it has run that long.</summary>
    public bool HasPassed => time.GetElapsedTime(_start) > Limit;
}

/// <summary>Unwinds a search whose time is over, from wherever it is, to where its result is made. Never leaves query execution.</summary>
internal sealed class DeadlinePassedException : Exception;
