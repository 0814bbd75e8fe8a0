using Throughline.Engine.Files;
using Throughline.Engine.Model.Wire;
using Throughline.Engine.Profiles.Blocks;
using Throughline.Engine.Profiles.Query;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Profiles.Store;

/// <summary>
/// The store of profiles: what is appended is durable and visible when that returns; questions are answered at a snapshot, a few at once. A block that cannot be read is told in the store's problems and in
/// the answers that lack it. Thread safe.
/// </summary>
public sealed class ProfileStore : ISignalStore
{
    /// <summary>Questions that are answered at once; the others wait. Each may hold as many numbers as the blocks have nodes.</summary>
    private const int MaxConcurrentQueries = 4;

    private readonly SignalStore<ProfileBatch, ProfileBatch, ProfileBatch, ProfileBlock> _store;
    private readonly SemaphoreSlim _queries = new(MaxConcurrentQueries);

    private readonly long _maxQueryBytes;

    private ProfileStore(SignalStore<ProfileBatch, ProfileBatch, ProfileBatch, ProfileBlock> store, long maxQueryBytes) => (_store, _maxQueryBytes) = (store, maxQueryBytes);

    /// <inheritdoc/>
    public string Name => _store.Name;

    /// <summary>
    /// Opens or creates the store and recovers what was acknowledged. The directory stays the caller's, and outlives the store. A question that needs more than <paramref name="maxQueryBytes"/> of its own ends
    /// with a <see cref="ProfileMemoryException"/>.
    /// </summary>
    /// <exception cref="StoreOpenException">The store cannot be used; one clear line.</exception>
    public static async Task<ProfileStore> OpenAsync(DataDirectory directory, SignalStoreOptions options, long maxQueryBytes, IFileSystem files, TimeProvider time, CancellationToken cancellationToken) =>
        new(await SignalStore<ProfileBatch, ProfileBatch, ProfileBatch, ProfileBlock>.OpenAsync(directory, new ProfileFormat(), options, files, time, cancellationToken).ConfigureAwait(false), maxQueryBytes);

    /// <summary>
    /// Stores the windows of one request, at least one. <paramref name="digest"/> identifies the request as it came, so that a retry is known. The batch belongs to the caller again when the task ends.
    /// </summary>
    public async ValueTask<AppendResult> AppendAsync(ProfileBatch batch, UInt128 digest)
    {
        using var payload = new WireWriter();
        ProfileBatchCodec.Encode(batch, payload);
        return await _store.AppendAsync(batch, payload.WrittenMemory, digest, WalForm.Processed).ConfigureAwait(false);
    }

    /// <summary>The flame graph of a selection, beside that of another one where it is to be compared, with at most so many frames.</summary>
    public Task<Partial<FlameGraph>> GetFlameAsync(ProfileSelection selection, ProfileSelection? baseline, int maxFrames, CancellationToken cancellationToken) =>
        AskAsync([selection, baseline], (sources, report) => ProfileQueries.Flame(sources, selection, baseline, maxFrames, new ProfileMemory(_maxQueryBytes), report, cancellationToken), cancellationToken);

    /// <summary>The functions of a selection, the first ones in an order.</summary>
    public Task<Partial<FunctionCosts>> GetFunctionsAsync(ProfileSelection selection, ProfileSelection? baseline, FunctionOrder order, int limit, CancellationToken cancellationToken) =>
        AskAsync([selection, baseline], (sources, report) => ProfileQueries.Functions(sources, selection, baseline, order, limit, new ProfileMemory(_maxQueryBytes), report, cancellationToken), cancellationToken);

    /// <summary>The traces whose samples have a function in their stacks.</summary>
    public Task<Partial<FrameTraces>> GetTracesAsync(ProfileSelection selection, string function, string? file, int limit, CancellationToken cancellationToken) =>
        AskAsync([selection], (sources, report) => ProfileQueries.Traces(sources, selection, function, file, limit, new ProfileMemory(_maxQueryBytes), report, cancellationToken), cancellationToken);

    /// <summary>Services and types of profiles with windows in a selection.</summary>
    public Task<Partial<IReadOnlyList<ProfiledType>>> GetTypesAsync(ProfileSelection selection, CancellationToken cancellationToken) =>
        AskAsync([selection], (sources, report) => ProfileQueries.Types(sources, selection, report, cancellationToken), cancellationToken);

    /// <summary>The labels of the series with windows in a selection, of each key at most so many values.</summary>
    public Task<Partial<IReadOnlyList<ProfiledLabel>>> GetLabelsAsync(ProfileSelection selection, int maxValues, CancellationToken cancellationToken) =>
        AskAsync([selection], (sources, report) => ProfileQueries.Labels(sources, selection, maxValues, report, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public SignalStatistics GetStatistics() => _store.GetStatistics();

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) => _store.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => _store.CompactAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private async Task<Partial<T>> AskAsync<T>(ProfileSelection?[] about, Func<IReadOnlyList<IProfileSource>, Action<Exception>, T> ask, CancellationToken cancellationToken)
    {
        await _queries.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() =>
            {
                using var snapshot = _store.TakeSnapshot();
                var missing = new List<string>();
                var answer = ask([.. snapshot.Blocks.Where(block => about.Any(one => one?.MayBeIn(block.Facts.FirstUnixNano, block.Facts.LastUnixNano) == true)).Select(static block => block.Reader), .. snapshot.Heads], unreadable =>
                {
                    snapshot.Report(unreadable);
                    missing.Add(unreadable.Message);
                });
                return new Partial<T>(answer, missing.Count == 0 ? null : $"Not all profiles could be read: {missing[0]}{(missing.Count > 1 ? $" ({missing.Count - 1} more)" : "")}");
            }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _queries.Release();
        }
    }
}

/// <summary>An answer, and what it lacks; null when it is whole. Immutable.</summary>
public sealed record Partial<T>(T Answer, string? Missing);
