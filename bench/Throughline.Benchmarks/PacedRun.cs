using System.Diagnostics;
using System.Globalization;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Benchmarks;

/// <summary>What a run at a set rate gave: the rate that was kept, and how long after it was due a request was acknowledged.</summary>
internal sealed record PacedFigures(string File, bool IsGrpc, int Requests, double SpansPerSecond, TimeSpan Median, TimeSpan P99, TimeSpan Longest, int Retries)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{File} over {(IsGrpc ? "gRPC" : "HTTP")} at {SpansPerSecond:N0} spans a second: {Requests} requests acknowledged after p50 {Median.TotalMilliseconds:0.0} ms, p99 {P99.TotalMilliseconds:0.0} ms, "
        + $"at most {Longest.TotalMilliseconds:0.0} ms, sent again {Retries}");
}

/// <summary>
/// Sends a file's requests to a server at a rate, whatever the server does: each has a moment when it is due, and its latency counts from there, so that a server that stops for a while is seen to. Stateless.
/// </summary>
internal static class PacedRun
{
    /// <summary>More than can be under way at the rates that are measured: a request waits for a connection only when the server is far behind.</summary>
    private const int Connections = 16;

    /// <summary>Sends the first <paramref name="warmUp"/> spans as fast as they are taken, over a few connections, then the others at the rate.</summary>
    public static async Task<PacedFigures> MeasureAsync(ServerProcess server, string path, bool isGrpc, int spansPerSecond, long warmUp)
    {
        await server.ReadyAsync();
        var (first, paced) = Split(path, warmUp);
        if (paced.Count == 0) throw new ArgumentException($"{path} has no more than the {warmUp} spans of warm-up (--warm-up).");
        var senders = Enumerable.Range(0, Connections).Select(_ => new OtlpSender(server, isGrpc)).ToArray();
        try
        {
            await SendAsync(senders.AsMemory(0, 4), first, double.PositiveInfinity);
            await BackgroundWork.IdleAsync(server);
            var start = Stopwatch.GetTimestamp();
            var sent = await SendAsync(senders, paced, spansPerSecond);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var sorted = sent.Select(s => s.Latency).Order().ToArray();
            return new PacedFigures(Path.GetFileName(path), isGrpc, paced.Count, paced.Sum(p => (long)p.Spans) / seconds, IngestRun.Percentile(sorted, 0.5), IngestRun.Percentile(sorted, 0.99), sorted[^1],
                sent.Sum(s => s.Retries));
        }
        finally
        {
            foreach (var sender in senders) sender.Dispose();
        }
    }

    /// <summary>Sends all of them, each when it is due: after all spans before it had their time. Latencies count from then, or without a rate from the beginning.</summary>
    private static async Task<(TimeSpan Latency, int Retries)[]> SendAsync(ReadOnlyMemory<OtlpSender> senders, List<(byte[] Request, int Spans)> requests, double spansPerSecond)
    {
        var (due, spans) = (new TimeSpan[requests.Count], 0L);
        for (var i = 0; i < due.Length; i++)
        {
            due[i] = TimeSpan.FromSeconds(spans / spansPerSecond);
            spans += requests[i].Spans;
        }
        var sent = new (TimeSpan Latency, int Retries)[requests.Count];
        var (next, start) = (-1, Stopwatch.GetTimestamp());
        await Task.WhenAll(senders.ToArray().Select(sender => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var index && index < requests.Count)
            {
                // Timers count whole milliseconds, and may end a little early.
                while (due[index] - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } early) await Task.Delay((int)Math.Ceiling(early.TotalMilliseconds));
                var (_, retries) = await sender.SendAsync(requests[index].Request);
                sent[index] = (Stopwatch.GetElapsedTime(start) - due[index], retries);
            }
        })));
        return sent;
    }

    /// <summary>The requests for warm-up, and the others, with their spans.</summary>
    private static (List<(byte[] Request, int Spans)> First, List<(byte[] Request, int Spans)> Paced) Split(string path, long warmUp)
    {
        var (first, paced, spans) = (new List<(byte[], int)>(), new List<(byte[], int)>(), 0L);
        var (decoder, batch) = (new OtlpTraceDecoder(), new SpanBatch());
        using var file = new RequestFile(path);
        while (file.Next(16L << 20) is { Count: > 0 } portion)
        {
            foreach (var request in portion)
            {
                batch.Clear();
                var accepted = decoder.Decode(request, batch).Accepted;
                (spans < warmUp ? first : paced).Add((request, accepted));
                spans += accepted;
            }
        }
        return (first, paced);
    }
}
