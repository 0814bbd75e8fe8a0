using System.IO.Hashing;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Tests.Signals;

/// <summary>A store of plain items in a data directory of its own, as tests use it. Not thread safe but for what the store is.</summary>
internal sealed class PlainStore : IAsyncDisposable
{
    public const string Directory = "/data";

    private readonly DataDirectory _directory;

    private PlainStore(DataDirectory directory, SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock> store) => (_directory, Store) = (directory, store);

    /// <summary>Small sizes; nothing is merged or dropped unless a test asks for it.</summary>
    public static SignalStoreOptions Small { get; } = new()
    {
        HeadMaxItems = 1_000,
        LogSegmentBytes = 4_096,
        Compaction = new CompactionOptions { IsOn = false, TargetSpans = 1_000_000, TargetBytes = 1 << 30 },
        MaxAge = TimeSpan.Zero,
    };

    /// <summary>The paths of its files.</summary>
    public static SignalPaths Paths { get; } = new(Directory, "logs");

    public SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock> Store { get; }

    public static async Task<PlainStore> OpenAsync(IFileSystem files, TimeProvider time, SignalStoreOptions? options = null, PlainFormat? format = null)
    {
        var directory = DataDirectory.Take(Directory, files);
        try
        {
            return new PlainStore(directory, await SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock>.OpenAsync(directory, format ?? new PlainFormat(), options ?? Small, files, time, default));
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Appends a request of these items.</summary>
    public async Task<AppendStatus> SendAsync(params PlainItem[] items)
    {
        var batch = new PlainBatch { Items = [.. items] };
        var payload = batch.Encode();
        return (await Store.AppendAsync(batch, payload, XxHash128.HashToUInt128(payload), WalForm.Received)).Status;
    }

    /// <summary>All that a snapshot shows, in order.</summary>
    public PlainItem[] Read()
    {
        using var snapshot = Store.TakeSnapshot();
        return Read(snapshot);
    }

    /// <summary>The same of a snapshot that is held.</summary>
    public static PlainItem[] Read(SignalSnapshot<PlainView, PlainBlock> snapshot)
    {
        var items = new List<PlainItem>();
        foreach (var block in snapshot.Blocks)
        {
            try
            {
                items.AddRange(block.Reader.Read());
            }
            catch (Exception e) when (e is CorruptDataException or IOException)
            {
                snapshot.Report(e);
            }
        }
        foreach (var head in snapshot.Heads) items.AddRange(head.Items.ToArray());
        return [.. items];
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _directory.Dispose();
    }
}
