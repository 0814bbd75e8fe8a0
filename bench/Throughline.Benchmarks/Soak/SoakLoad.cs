using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;

namespace Throughline.Benchmarks;

/// <summary>
/// Sends a soak's batches at a steady rate with the times of now. Of every sixteenth batch one service's request comes seconds late, and every fiftieth request is sent
/// twice, as retries are. Its owner runs it once; the counts may be read by any thread meanwhile.
/// </summary>
internal sealed class SoakLoad(SoakTraffic traffic, SoakOptions options, ServerProcess server)
{
    private const int LateEvery = 16;
    private const int RepeatEvery = 50;
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly Channel<Request> _queue = Channel.CreateBounded<Request>(256);
    private readonly Queue<(TimeSpan Due, Request Request)> _late = [];
    private readonly List<long> _acknowledged = [];
    private readonly long[] _spansOfService = new long[SoakTraffic.Services];
    private ConcurrentQueue<double> _latencies = [];
    private long _requests;
    private long _retries;

    /// <summary>Spans of requests that are acknowledged, each once.</summary>
    public long AcknowledgedSpans => Enumerable.Range(0, SoakTraffic.Services).Sum(SpansOf);

    /// <summary>Requests that the server asked to send again.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>Requests that wait for a connection.</summary>
    public int Waiting => _queue.Reader.Count;

    /// <summary>Acknowledged spans of a service.</summary>
    public long SpansOf(int service) => Interlocked.Read(ref _spansOfService[service]);

    /// <summary>How many batches are acknowledged whole.</summary>
    public int Batches
    {
        get
        {
            lock (_acknowledged) return _acknowledged.Count;
        }
    }

    /// <summary>The number of a batch that is acknowledged whole, by the order of that.</summary>
    public long Batch(int index)
    {
        lock (_acknowledged) return _acknowledged[index];
    }

    /// <summary>Milliseconds from sending to acknowledgement, of all requests since the last call.</summary>
    public List<double> TakeLatencies() => [.. Interlocked.Exchange(ref _latencies, [])];

    /// <summary>Sends for as long as the options say, then what is late, and returns when everything is acknowledged.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var senders = Enumerable.Range(0, options.Connections).Select(_ => Task.Run(() => SendAsync(stop), CancellationToken.None)).ToList();
        try
        {
            await ProduceAsync(stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A sender has failed; its task says why.
        }
        finally
        {
            _queue.Writer.TryComplete();
        }
        await Task.WhenAll(senders);
    }

    private async Task ProduceAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(Tick);
        long batch = 0, spans = 0;
        while (watch.Elapsed < options.Duration)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            while (spans < watch.Elapsed.TotalSeconds * options.SpansPerSecond && watch.Elapsed < options.Duration)
            {
                await EnqueueAsync(batch, watch.Elapsed, cancellationToken);
                spans += traffic.SpansOf(batch++);
            }
            while (_late.TryPeek(out var late) && late.Due <= watch.Elapsed) await _queue.Writer.WriteAsync(_late.Dequeue().Request, cancellationToken);
        }
        while (_late.TryDequeue(out var late)) await _queue.Writer.WriteAsync(late.Request, cancellationToken);
    }

    private async Task EnqueueAsync(long batch, TimeSpan now, CancellationToken cancellationToken)
    {
        var end = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var remaining = new Remaining();
        for (var service = 0; service < SoakTraffic.Services; service++)
        {
            var spans = 0;
            for (var trace = batch * SoakTraffic.TracesPerBatch; trace < (batch + 1) * SoakTraffic.TracesPerBatch; trace++) spans += traffic.SpansOfTrace(trace, service);
            var request = new Request(batch, service, spans, traffic.Request(batch, service, end), _requests++ % RepeatEvery == 0, remaining);
            if (batch % LateEvery == 0 && service == SoakTraffic.Services - 1) _late.Enqueue((now + Lateness, request));
            else await _queue.Writer.WriteAsync(request, cancellationToken);
        }
    }

    private async Task SendAsync(CancellationTokenSource stop)
    {
        try
        {
            using var sender = new OtlpSender(server, false);
            await foreach (var request in _queue.Reader.ReadAllAsync(stop.Token))
            {
                var (latency, retries) = await sender.SendAsync(request.Body);
                Interlocked.Add(ref _retries, retries);
                _latencies.Enqueue(latency.TotalMilliseconds);
                if (request.Repeat) await sender.SendAsync(request.Body);
                Interlocked.Add(ref _spansOfService[request.Service], request.Spans);
                if (Interlocked.Decrement(ref request.Remaining.Requests) > 0) continue;
                lock (_acknowledged) _acknowledged.Add(request.Batch);
            }
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // The other connections and the producer shall not go on by themselves.
            await stop.CancelAsync();
            throw;
        }
    }

    private sealed class Remaining
    {
        public int Requests = SoakTraffic.Services;
    }

    private sealed record Request(long Batch, int Service, int Spans, byte[] Body, bool Repeat, Remaining Remaining);
}
