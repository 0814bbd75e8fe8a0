namespace Throughline.Engine.Model.Columns;

/// <summary>Aggregates of a whole segment. Immutable.</summary>
internal sealed class SegmentSummaries
{
    private readonly (int Operation, int Bucket, long Spans)[] _durations;
    private readonly int[] _firstOfOperation;

    /// <summary>Takes the lists as they were stored.</summary>
    /// <param name="operations">Number of the segment's operations.</param>
    /// <param name="durations">Spans by operation and duration bucket (<see cref="DurationBuckets"/>).</param>
    /// <param name="minutes">Spans and errors by minute of the start (Unix time / 60 s) and service.</param>
    /// <param name="edges">Calls and errors by service of the parent and of the child.</param>
    /// <exception cref="InvalidDataException">There is no such operation, or no such bucket.</exception>
    public SegmentSummaries(
        int operations, (int Operation, int Bucket, long Spans)[] durations, (ulong Minute, int Service, long Spans, long Errors)[] minutes, (int Parent, int Child, long Calls, long Errors)[] edges)
    {
        (_durations, Minutes, Edges) = (durations, minutes, edges);
        _firstOfOperation = new int[operations + 1];
        var isOrdered = true;
        for (var i = 0; i < durations.Length; i++)
        {
            var (operation, bucket, _) = durations[i];
            if ((uint)operation >= (uint)operations || (uint)bucket >= DurationBuckets.Count) throw new InvalidDataException($"durations of operation {operation}, bucket {bucket}");
            isOrdered &= i == 0 || durations[i - 1].Operation <= operation;
            _firstOfOperation[operation + 1]++;
        }
        for (var i = 0; i < operations; i++) _firstOfOperation[i + 1] += _firstOfOperation[i];
        if (!isOrdered) Array.Sort(durations, static (a, b) => a.Operation.CompareTo(b.Operation));
    }

    /// <summary>Spans and errors by minute of the start (Unix time / 60 s) and service.</summary>
    public (ulong Minute, int Service, long Spans, long Errors)[] Minutes { get; }

    /// <summary>Calls and errors by service of the parent and of the child.</summary>
    public (int Parent, int Child, long Calls, long Errors)[] Edges { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => (16L * _durations.Length) + (4L * _firstOfOperation.Length) + (32L * Minutes.Length) + (24L * Edges.Length);

    /// <summary>Spans of an operation by duration bucket.</summary>
    public ReadOnlySpan<(int Operation, int Bucket, long Spans)> DurationsOf(int operation) => _durations.AsSpan(_firstOfOperation[operation].._firstOfOperation[operation + 1]);
}
