using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>Checks that acknowledged traces are found and whole: by their id, and by a search for their batch. Collects what is wrong. Any thread.</summary>
internal sealed class SoakReader(SoakTraffic traffic, ServerProcess server)
{
    private const int MostProblems = 50;

    private readonly ConcurrentQueue<string> _problems = [];
    private ConcurrentQueue<double> _latencies = [];
    private int _problemCount;
    private long _checks;

    /// <summary>What was wrong, the first fifty.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    public int ProblemCount => _problemCount;

    /// <summary>Checks made.</summary>
    public long Checks => Interlocked.Read(ref _checks);

    /// <summary>Milliseconds of the answers since the last call.</summary>
    public List<double> TakeLatencies() => [.. Interlocked.Exchange(ref _latencies, [])];

    /// <summary>Checks the newest acknowledged batch and one of any age, again and again until cancelled.</summary>
    public async Task RunAsync(SoakLoad load, SoakOptions options, CancellationToken cancellationToken)
    {
        var random = new Random(options.Seed);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (load.Batches is > 0 and var batches)
            {
                await CheckBatchAsync(load.Batch(batches - 1));
                await CheckTraceAsync(load.Batch(batches - 1) * SoakTraffic.TracesPerBatch + random.Next(SoakTraffic.TracesPerBatch));
                await CheckTraceAsync(load.Batch(random.Next(batches)) * SoakTraffic.TracesPerBatch + random.Next(SoakTraffic.TracesPerBatch));
            }
            await Task.Delay(options.ReadInterval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads a trace by its id: every span of it is there, once.</summary>
    public async Task CheckTraceAsync(long trace)
    {
        var id = traffic.TraceId(trace);
        var (status, body) = await GetAsync($"/api/v1/traces/{id}");
        if (status != HttpStatusCode.OK)
        {
            Report($"trace {id} was acknowledged and is answered with {(int)status}: {body}");
            return;
        }
        using var json = JsonDocument.Parse(body);
        var found = json.RootElement.GetProperty("columns").GetProperty("spanId").EnumerateArray().Select(span => span.GetString() ?? "").ToList();
        var expected = traffic.SpanIds(trace).ToHashSet(StringComparer.Ordinal);
        if (found.Count != expected.Count || !expected.SetEquals(found))
            Report($"trace {id} has {found.Count} spans instead of {expected.Count}; missing {expected.Except(found).Count()}, not sent {found.Except(expected).Count()}");
    }

    /// <summary>Searches for a batch: exactly its traces are found.</summary>
    public async Task CheckBatchAsync(long batch)
    {
        var (status, body) = await GetAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/search?q=soak.batch%3D{batch}&limit=100"));
        if (status != HttpStatusCode.OK)
        {
            Report($"the search for batch {batch} is answered with {(int)status}: {body}");
            return;
        }
        using var json = JsonDocument.Parse(body);
        var found = json.RootElement.GetProperty("traces").EnumerateArray().Select(trace => trace.GetProperty("traceId").GetString() ?? "").ToList();
        var expected = Enumerable.Range(0, SoakTraffic.TracesPerBatch).Select(i => traffic.TraceId(batch * SoakTraffic.TracesPerBatch + i)).ToHashSet(StringComparer.Ordinal);
        if (found.Count != expected.Count || !expected.SetEquals(found)) Report($"the search for batch {batch} finds {found.Count} traces instead of {expected.Count}");
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await server.Client.GetAsync(new Uri(path, UriKind.Relative));
        var body = await answer.Content.ReadAsStringAsync();
        _latencies.Enqueue(watch.Elapsed.TotalMilliseconds);
        Interlocked.Increment(ref _checks);
        return (answer.StatusCode, body);
    }

    private void Report(string problem)
    {
        if (Interlocked.Increment(ref _problemCount) <= MostProblems) _problems.Enqueue(problem);
    }
}
