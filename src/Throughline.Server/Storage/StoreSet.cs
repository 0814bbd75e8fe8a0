using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Signals;
using Throughline.Server.Configuration;

namespace Throughline.Server.Storage;

/// <summary>
/// The stores of one data directory, which is locked once for all of them. They are open together or not at all: a server that takes spans and has lost its logs would look well. Owned by the host.
/// </summary>
public sealed class StoreSet : IAsyncDisposable
{
    private readonly DataDirectory _directory;
    private readonly List<ISignalStore> _signals = [];

    private StoreSet(DataDirectory directory, TraceStore traces) => (_directory, Traces) = (directory, traces);

    /// <summary>The traces.</summary>
    public TraceStore Traces { get; }

    /// <summary>The other signals.</summary>
    public IReadOnlyList<ISignalStore> Signals => _signals;

    /// <summary>Opens the stores and recovers what was acknowledged; nothing stays open when one of them cannot be opened.</summary>
    /// <exception cref="StoreOpenException">One of them cannot be used; one clear line.</exception>
    public static async Task<StoreSet> OpenAsync(ServerOptions options, IReadOnlyList<SignalOpening> openings, IFileSystem files, TimeProvider time, CancellationToken cancellationToken)
    {
        var set = await OpenTracesAsync(options, files, time, cancellationToken);
        try
        {
            foreach (var opening in openings) set._signals.Add(await opening(set._directory, options, files, time, cancellationToken));
            return set;
        }
        catch
        {
            await set.DisposeAsync();
            throw;
        }
    }

    private static async Task<StoreSet> OpenTracesAsync(ServerOptions options, IFileSystem files, TimeProvider time, CancellationToken cancellationToken)
    {
        var directory = DataDirectory.Take(options.Store.Directory, files);
        try
        {
            return new StoreSet(directory, await TraceStore.OpenAsync(options.Store, directory, files, time, cancellationToken));
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Closes them, the last one first, and lets others have the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var i = _signals.Count - 1; i >= 0; i--) await _signals[i].DisposeAsync();
        await Traces.DisposeAsync();
        _directory.Dispose();
    }
}
