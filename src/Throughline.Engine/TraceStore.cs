using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine;

/// <summary>
/// The embedded trace store: appends are durable and visible when they return, queries run at snapshots. Thread safe. One per directory;
/// several may live in one process.
/// </summary>
public sealed class TraceStore : ISpanSource, IAsyncDisposable
{
    /// <summary>
    /// Opens or creates the store and recovers what was acknowledged. Throws <see cref="StoreOpenException"/> with one clear line when the
    /// directory cannot be used (in use by another process, not writable, a newer format).
    /// </summary>
    public static Task<TraceStore> OpenAsync(TraceStoreOptions options, IFileSystem files, TimeProvider time, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>
    /// Stores the spans of one request. On <see cref="AppendStatus.Durable"/> they are fsynced and visible. <paramref name="payload"/> is the
    /// request in protobuf, saying exactly what <paramref name="batch"/> says; <paramref name="digest"/> identifies the request as the sender made it. Both
    /// buffers belong to the caller again when the task ends.
    /// </summary>
    public ValueTask<AppendResult> AppendAsync(SpanBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>What is stored, and what could not be read.</summary>
    public StoreStatistics GetStatistics() => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask<SearchResult> SearchAsync(SearchPlan plan, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask<TraceView?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServiceStat>> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OperationStat>> GetOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Refuses new appends, waits for those under way, and closes the files. Acknowledged spans are in the log; nothing needs flushing.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
