using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Storage;
using Throughline.Engine.Metrics;
using Throughline.Engine.Profiles.Store;
using Throughline.Engine.Signals;
using Throughline.Server.Configuration;

namespace Throughline.Server.Storage;

/// <summary>How the store of a signal is opened in a data directory that the server has; a <see cref="StoreOpenException"/> when it cannot be.</summary>
public delegate Task<ISignalStore> SignalOpening(DataDirectory directory, ServerOptions options, IFileSystem files, TimeProvider time, CancellationToken cancellationToken);

/// <summary>The signals that the server stores beside traces: one line each. Immutable.</summary>
public static class SignalOpenings
{
    /// <summary>How each of them is opened, in this order.</summary>
    public static IReadOnlyList<SignalOpening> All { get; } =
    [
        static async (directory, options, files, time, cancellationToken) => await LogStore.OpenAsync(
            directory, options.Logs, new LogQueryOptions { TimeLimit = options.Store.SearchTimeLimit, MaxBytes = options.Store.QueryMaxBytes, Helpers = options.Store.QueryHelpers }, files, time, cancellationToken),
        static async (directory, options, files, time, cancellationToken) => await MetricStore.OpenAsync(
            directory, options.Metrics, new MetricQueryOptions { MaxConcurrent = options.Store.MaxConcurrentQueries, TimeLimit = options.Store.SearchTimeLimit, MaxBytes = options.Store.QueryMaxBytes },
            options.MetricsMaxSeries, files, time, cancellationToken),
        static async (directory, options, files, time, cancellationToken) => await ProfileStore.OpenAsync(directory, options.Profiles, options.Store.QueryMaxBytes, files, time, cancellationToken),
    ];
}
