using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// What one run of requests into a server gave. CPU time is the server's, until all spans were in blocks and these merged; the first spans, which are merged before, warm it up and do not count.
/// </summary>
internal sealed record IngestFigures(string File, bool IsGrpc, int Connections, long WarmUpSpans, long Spans, long RewrittenSpans, double CpuSeconds, double WallSeconds, TimeSpan Median, TimeSpan P99,
    int Retries, long PeakBytes)
{
    public double SpansPerCpuSecond => Spans / CpuSeconds;

    public double SpansPerSecond => Spans / WallSeconds;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{File} over {(IsGrpc ? "gRPC" : "HTTP")}, {Connections} connections, after {WarmUpSpans:N0} spans of warm-up: {Spans:N0} spans, "
        + $"{SpansPerCpuSecond:N0} spans per CPU-second of the server, background work included, {RewrittenSpans:N0} rewritten by compaction ({SpansPerSecond:N0} per second of wall time, sender on the same cores), "
        + $"acknowledged after p50 {Median.TotalMilliseconds:0.0} ms, p99 {P99.TotalMilliseconds:0.0} ms, sent again {Retries}, peak memory {PeakBytes / 1e6:0} MB");
}

/// <summary>Sends a file's requests to a server over several connections and measures it. One run at a time.</summary>
internal static class IngestRun
{
    /// <summary>Sends all of the file. <c>--connections</c> and <c>--warm-up</c> (spans) are read.</summary>
    public static async Task<IngestFigures> MeasureAsync(ServerProcess server, string path, bool isGrpc, Arguments arguments)
    {
        var connections = int.Parse(arguments.Option("--connections", "4"), CultureInfo.InvariantCulture);
        var warmUp = WarmUp(arguments);
        await server.ReadyAsync();
        using var file = new RequestFile(path);
        using var load = new Load(connections, server, isGrpc);
        while (load.Spans < warmUp && file.Next(16L << 20) is { Count: > 0 } requests) await load.SendAsync(requests);
        var rewritten = await CompactAsync(server);
        var (warmUpSpans, cpu, sent) = (load.Spans, server.Counters.CpuSeconds, load.Sending);
        load.Latencies.Clear();
        while (file.Next(128L << 20) is { Count: > 0 } requests) await load.SendAsync(requests);
        if (load.Latencies.IsEmpty) throw new ArgumentException($"{path} has no more than the {warmUp} spans of warm-up (--warm-up).");
        rewritten = await CompactAsync(server) - rewritten;
        var latencies = load.Latencies.Order().ToArray();
        return new IngestFigures(Path.GetFileName(path), isGrpc, connections, warmUpSpans, load.Spans - warmUpSpans, rewritten, server.Counters.CpuSeconds - cpu, (load.Sending - sent).TotalSeconds,
            Percentile(latencies, 0.5), Percentile(latencies, 0.99), load.Retries, server.Counters.PeakBytes);
    }

    /// <summary>Spans that warm the server up (<c>--warm-up</c>).</summary>
    public static long WarmUp(Arguments arguments) => long.Parse(arguments.Option("--warm-up", "1000000"), CultureInfo.InvariantCulture);

    /// <summary>Sends all of the file, and nothing else.</summary>
    public static async Task FillAsync(ServerProcess server, string path)
    {
        await server.ReadyAsync();
        using var file = new RequestFile(path);
        using var load = new Load(4, server, false);
        while (file.Next(128L << 20) is { Count: > 0 } requests) await load.SendAsync(requests);
    }

    /// <summary>Has all spans brought into blocks and these merged, and waits until nothing is left to do; answers the spans that compaction has rewritten so far.</summary>
    private static async Task<long> CompactAsync(ServerProcess server)
    {
        using var content = new StringContent("", null, "application/json");
        using var answer = await server.Client.PostAsync(new Uri("/api/v1/compact", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
        await BackgroundWork.IdleAsync(server);
        using var status = await server.StatusAsync();
        return long.Parse(status.RootElement.GetProperty("store").GetProperty("compaction").GetProperty("mergedSpans").GetString() ?? "", CultureInfo.InvariantCulture);
    }

    /// <summary>The value that such a share of the sorted ones is below.</summary>
    public static TimeSpan Percentile(TimeSpan[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)];

    /// <summary>Connections that share the requests of a portion. Counting the spans is not the server's work, so it is done by decoding here.</summary>
    private sealed class Load(int connections, ServerProcess server, bool isGrpc) : IDisposable
    {
        private readonly OtlpSender[] _senders = [.. Enumerable.Range(0, connections).Select(_ => new OtlpSender(server, isGrpc))];
        private readonly OtlpTraceDecoder _decoder = new();
        private readonly SpanBatch _batch = new();
        private int _retries;

        public long Spans { get; private set; }

        public int Retries => _retries;

        /// <summary>Wall time in which requests were under way.</summary>
        public TimeSpan Sending { get; private set; }

        public ConcurrentBag<TimeSpan> Latencies { get; } = [];

        public async Task SendAsync(List<byte[]> requests)
        {
            var next = -1;
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(_senders.Select(sender => Task.Run(async () =>
            {
                while (Interlocked.Increment(ref next) is var index && index < requests.Count)
                {
                    var (latency, retries) = await sender.SendAsync(requests[index]);
                    Latencies.Add(latency);
                    Interlocked.Add(ref _retries, retries);
                }
            })));
            Sending += watch.Elapsed;
            foreach (var request in requests)
            {
                _batch.Clear();
                Spans += _decoder.Decode(request, _batch).Accepted;
            }
        }

        public void Dispose()
        {
            foreach (var sender in _senders) sender.Dispose();
        }
    }
}
