using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>A store in memory, and beside it what it was sent: the model that its answers are compared with.</summary>
internal sealed class StoreUnderTest : IAsyncDisposable
{
    public const string Directory = "/data";
    public const string Root = "/data/0/traces";

    private readonly List<(PlainSpan[] Spans, UInt128 Digest)> _requests = [];
    private readonly List<Dictionary<string, PlainSpan>> _segments = [[]];
    private UInt128 _lastDigest;

    private StoreUnderTest(MemoryFileSystem files, ManualTime time, TraceStoreOptions options, TraceStore store) => (Files, Time, Options, Store) = (files, time, options, store);

    public MemoryFileSystem Files { get; }
    public ManualTime Time { get; }
    public TraceStoreOptions Options { get; }
    public TraceStore Store { get; private set; }

    /// <summary>All spans sent, each once.</summary>
    public IReadOnlyCollection<PlainSpan> Spans => _segments.SelectMany(s => s.Values).DistinctBy(s => s.Content).ToArray();

    /// <summary>The spans as they are stored: each once in a head or block; what was sent again later may lie in a second one.</summary>
    public IEnumerable<PlainSpan> Stored => _segments.SelectMany(s => s.Values);

    /// <summary>The same, by head or block.</summary>
    public IEnumerable<IReadOnlyCollection<PlainSpan>> Places => _segments.Select(s => s.Values);

    public int RequestCount => _requests.Count;

    public static async Task<StoreUnderTest> OpenAsync(TraceStoreOptions? options = null)
    {
        var (files, time) = (new MemoryFileSystem(), new ManualTime());
        options ??= new TraceStoreOptions { Directory = Directory };
        return new StoreUnderTest(files, time, options, await TraceStore.OpenAsync(options, files, time, default));
    }

    /// <summary>Sends the spans as one new request.</summary>
    public async Task AppendAsync(params PlainSpan[] spans)
    {
        _requests.Add((spans, ++_lastDigest));
        Assert.Equal(AppendStatus.Durable, (await SendAsync(Store, spans, _lastDigest)).Status);
        foreach (var span in spans) _segments[^1].TryAdd(span.Content, span);
    }

    /// <summary>Sends an earlier request again, as a client does that missed the answer.</summary>
    public async Task RetryAsync(int request)
    {
        var (spans, digest) = _requests[request];
        var expected = spans.Length == 0 ? AppendStatus.Durable : AppendStatus.Duplicate;
        Assert.Equal(expected, (await SendAsync(Store, spans, digest)).Status);
    }

    /// <summary>Sends the spans of an earlier request again in a new one.</summary>
    public Task RepeatAsync(int request) => AppendAsync(_requests[request].Spans);

    public async Task FlushAsync()
    {
        await Store.FlushAsync(default);
        if (_segments[^1].Count > 0) _segments.Add([]);
    }

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await TraceStore.OpenAsync(Options, Files, Time, default);
    }

    public static ValueTask<AppendResult> SendAsync(TraceStore store, IEnumerable<PlainSpan> spans, UInt128 digest)
    {
        var payload = PlainOtlp.Request(spans);
        var batch = new SpanBatch();
        var decoded = new OtlpTraceDecoder().Decode(payload, batch);
        Assert.Equal(DecodeStatus.Decoded, decoded.Status);
        return store.AppendAsync(batch, payload, digest, true, default);
    }

    /// <summary>Sends as a sender does: again, while there is no room.</summary>
    public static async Task<AppendResult> SendUntilTakenAsync(TraceStore store, IReadOnlyCollection<PlainSpan> spans, UInt128 digest)
    {
        AppendResult result = default;
        await Patience.UntilAsync(async () => (result = await SendAsync(store, spans, digest)).Status != AppendStatus.Overloaded, () => $"The store is overloaded: {result.Message}");
        return result;
    }

    /// <summary>Waits for what the store's threads are about to do.</summary>
    public Task UntilAsync(Func<bool> isSo) => Patience.UntilAsync(isSo, () => $"It did not come to that: {Store.GetStatistics()}, problems: {string.Join("; ", Store.GetStatistics().Problems)}");

    /// <summary>Lets time pass until something is so.</summary>
    public Task AdvanceUntilAsync(Func<bool> isSo) => UntilAsync(() =>
    {
        if (isSo()) return true;
        Time.Advance(TimeSpan.FromSeconds(6));
        return false;
    });

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
