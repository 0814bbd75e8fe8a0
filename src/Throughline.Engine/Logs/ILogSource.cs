namespace Throughline.Engine.Logs;

/// <summary>
/// Something that answers questions about stored log records. Thread safe. Every call runs at one snapshot: records that arrive meanwhile are not seen. Calls end with
/// <see cref="OperationCanceledException"/> soon after the token is cancelled. A bound (time, memory) that was hit, and data that could not be read, are said in the answer.
/// </summary>
public interface ILogSource
{
    /// <summary>Finds records.</summary>
    ValueTask<LogPage> SearchAsync(LogPlan plan, CancellationToken cancellationToken);

    /// <summary>
    /// Counts all matches by time and level in at most <paramref name="steps"/> steps of one length over the plan's time range; where that is open, over the times that the store's records have.
    /// The plan's order, limit, total and cursor mean nothing here and in the next.
    /// </summary>
    ValueTask<LogHistogram> GetHistogramAsync(LogPlan plan, int steps, CancellationToken cancellationToken);

    /// <summary>
    /// Counts all matches by the values that they have under a key: <c>service</c>, <c>level</c>, <c>severity</c> (the text), <c>scope</c>, <c>event</c>, or the key of an attribute of the record or
    /// its resource (<c>log.KEY</c> and <c>resource.KEY</c> name one of them). Values are scalars; elements of arrays are not counted.
    /// </summary>
    /// <param name="values">Values wanted, the commonest first.</param>
    /// <param name="contains">Only values that contain this text, in whatever case; empty: all.</param>
    ValueTask<LogValues> GetValuesAsync(LogPlan plan, string key, int values, string contains, CancellationToken cancellationToken);

    /// <summary>The keys of attributes in the parts of the store that have records in [from, to), by key, the records' own before those of resources.</summary>
    ValueTask<LogKeys> GetKeysAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>Services with records in [from, to), by name.</summary>
    ValueTask<LogServices> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);
}
