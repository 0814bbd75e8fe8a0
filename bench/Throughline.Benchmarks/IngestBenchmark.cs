using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// The whole way of spans into a server: spans per CPU-second of its process (receiving, decoding, log, blocks), latency of acknowledgements, peak memory. Every request is
/// acknowledged as durable; those that the server asked to send again are counted.
/// </summary>
internal static class IngestBenchmark
{
    /// <summary>Measures each file over each protocol, each time with a new server and a new directory.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        foreach (var path in Workload.Files(arguments))
        {
            foreach (var protocol in arguments.Option("--protocol", "http,grpc").Split(','))
            {
                var data = arguments.Option("--data", "");
                var folder = data.Length > 0 ? data : Directory.CreateTempSubdirectory("throughline-ingest-").FullName;
                try
                {
                    await using var server = await ServerProcess.StartAsync(arguments, folder);
                    await MeasureAsync(server, path, protocol == "grpc", arguments);
                }
                finally
                {
                    if (data.Length == 0) Directory.Delete(folder, true);
                }
            }
        }
        return 0;
    }

    private static async Task MeasureAsync(ServerProcess server, string path, bool isGrpc, Arguments arguments)
    {
        var connections = int.Parse(arguments.Option("--connections", "4"), CultureInfo.InvariantCulture);
        var warmUp = long.Parse(arguments.Option("--warm-up", "500000"), CultureInfo.InvariantCulture);
        using var file = new RequestFile(path);
        var load = new Load(connections, server, isGrpc);
        while (load.Spans < warmUp && file.Next(16L << 20) is { Count: > 0 } requests) await load.SendAsync(requests);
        var (warmUpSpans, cpu, sent) = (load.Spans, server.CpuSeconds, load.Sending);
        load.Latencies.Clear();
        while (file.Next(128L << 20) is { Count: > 0 } requests) await load.SendAsync(requests);
        var (seconds, wall, spans) = (server.CpuSeconds - cpu, (load.Sending - sent).TotalSeconds, load.Spans - warmUpSpans);
        var latencies = load.Latencies.Order().ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFileName(path)} over {(isGrpc ? "gRPC" : "HTTP")}, {connections} connections, after {warmUpSpans:N0} spans of warm-up: {spans:N0} spans, "
            + $"{spans / seconds:N0} spans per CPU-second of the server ({spans / wall:N0} per second of wall time, sender on the same cores), "
            + $"acknowledged after p50 {Percentile(latencies, 0.5):0.0} ms, p99 {Percentile(latencies, 0.99):0.0} ms, sent again {load.Retries}, peak memory {server.PeakBytes / 1e6:0} MB"));
        load.Dispose();
    }

    private static double Percentile(TimeSpan[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)].TotalMilliseconds;

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
                Spans += _decoder.Decode(request, _batch).AcceptedSpans;
            }
        }

        public void Dispose()
        {
            foreach (var sender in _senders) sender.Dispose();
        }
    }
}
