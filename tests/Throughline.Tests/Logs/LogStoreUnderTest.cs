using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Logs;
using Throughline.Engine.Logs.Storage;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>A store of log records in memory, and beside it what it was sent: the model that its answers are compared with.</summary>
internal sealed class LogStoreUnderTest : IAsyncDisposable
{
    public const string Directory = "/data";

    private readonly List<StoredLog> _logs = [];
    private readonly LogQueryOptions _queries;
    private DataDirectory _directory;
    private UInt128 _lastDigest;

    private LogStoreUnderTest(MemoryFileSystem files, LogQueryOptions queries, DataDirectory directory, LogStore store) => (Files, _queries, _directory, Store) = (files, queries, directory, store);

    public MemoryFileSystem Files { get; }

    public ManualTime Time { get; } = new();

    public LogStore Store { get; private set; }

    /// <summary>All records, in the order of their arrival.</summary>
    public IReadOnlyList<StoredLog> Logs => _logs;

    private static SignalStoreOptions Options { get; } = new() { Compaction = new CompactionOptions { IsOn = false }, MaxAge = TimeSpan.Zero };

    public static async Task<LogStoreUnderTest> OpenAsync(LogQueryOptions? queries = null, TimeProvider? time = null)
    {
        var files = new MemoryFileSystem();
        var directory = DataDirectory.Take(Directory, files);
        queries ??= new LogQueryOptions();
        return new LogStoreUnderTest(files, queries, directory, await LogStore.OpenAsync(directory, Options, queries, files, time ?? new ManualTime(), default));
    }

    /// <summary>A store after these steps.</summary>
    public static async Task<LogStoreUnderTest> AfterAsync(IEnumerable<LogStep> steps)
    {
        var store = await OpenAsync();
        foreach (var step in steps) await step.RunAsync(store);
        return store;
    }

    /// <summary>Sends the records as one request.</summary>
    public async Task AppendAsync(params PlainLog[] logs)
    {
        var payload = PlainOtlp.Request(logs);
        var batch = new LogBatch();
        using var decoder = new OtlpLogDecoder();
        Assert.Equal(DecodeStatus.Decoded, decoder.Decode(payload, batch).Status);
        Assert.Equal(AppendStatus.Durable, (await Store.AppendAsync(batch, payload, ++_lastDigest, WalForm.Received)).Status);
        var received = (ulong)(Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        foreach (var log in logs) _logs.Add(new StoredLog(log, log.Time != 0 ? log.Time : log.Observed != 0 ? log.Observed : received, (ulong)_logs.Count + 1));
    }

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await LogStore.OpenAsync(_directory, Options, _queries, Files, new ManualTime(), default);
    }

    /// <summary>All pages of a search.</summary>
    public async Task<List<LogPage>> PagesAsync(LogPlan plan)
    {
        List<LogPage> pages = [];
        for (var next = plan; ;)
        {
            var page = await Store.SearchAsync(next, default);
            pages.Add(page);
            if (page.Next is not { } cursor) return pages;
            next = plan with { After = cursor };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _directory.Dispose();
    }
}
