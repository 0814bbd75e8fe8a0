using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>What a soak found; it passed when <see cref="Problems"/> is empty.</summary>
public sealed record SoakResult(IReadOnlyList<string> Problems, IReadOnlyList<SoakSample> Samples, long Spans, long Traces, long Retries, long Checks)
{
    public bool Passed => Problems.Count == 0;
}

/// <summary>
/// A steady load on a real server with a reader beside it that checks what was acknowledged; at the end, and once more after a restart, every acknowledged span must be
/// there once. Runs long enough also judge drift. One run an instance.
/// </summary>
public sealed class SoakRun(SoakOptions options, TextWriter log)
{
    private const double RateReached = 0.95;

    private readonly SoakTraffic _traffic = new(options.Seed);
    private readonly List<string> _problems = [];
    private readonly List<SoakSample> _samples = [];
    private SoakLoad? _load;
    private long _checks;

    /// <summary>Runs the soak. A server that ends, refuses or stalls is a problem of the result; cancelling ends the run with an exception. The server is stopped in any case.</summary>
    public async Task<SoakResult> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunServersAsync(cancellationToken);
            if (options.Duration >= options.DriftFrom) _problems.AddRange(SoakDrift.Find(_samples));
        }
        catch (Exception e) when (e is InvalidOperationException or HttpRequestException or TimeoutException or IOException)
        {
            _problems.Add($"the run ended early: {e.Message}");
        }
        return new SoakResult(_problems, _samples, _load?.AcknowledgedSpans ?? 0, (_load?.Batches ?? 0L) * SoakTraffic.TracesPerBatch, _load?.Retries ?? 0, _checks);
    }

    private async Task RunServersAsync(CancellationToken cancellationToken)
    {
        await using (var server = await ServerProcess.StartAsync(options.ServerProgram, options.DataDirectory, options.ServerOptions))
        {
            await server.ReadyAsync();
            _load = new SoakLoad(_traffic, options, server);
            var reader = new SoakReader(_traffic, server);
            await LoadAsync(server, _load, reader, cancellationToken);
            await CheckAllAsync(server, _load, reader, cancellationToken);
            Take(reader);
        }
        log.WriteLine("restarting the server ...");
        await using (var server = await ServerProcess.StartAsync(options.ServerProgram, options.DataDirectory, options.ServerOptions))
        {
            await server.ReadyAsync();
            var reader = new SoakReader(_traffic, server);
            await CheckAllAsync(server, _load, reader, cancellationToken);
            Take(reader);
        }
    }

    private void Take(SoakReader reader)
    {
        _checks += reader.Checks;
        _problems.AddRange(reader.Problems);
        if (reader.ProblemCount > reader.Problems.Count) _problems.Add($"and {reader.ProblemCount - reader.Problems.Count} more like these");
    }

    private async Task LoadAsync(ServerProcess server, SoakLoad load, SoakReader reader, CancellationToken cancellationToken)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = Stopwatch.StartNew();
        var sending = Task.Run(() => load.RunAsync(cancellationToken), CancellationToken.None);
        var reads = Task.Run(() => reader.RunAsync(load, options, reading.Token), CancellationToken.None);
        try
        {
            while (await Task.WhenAny(sending, Task.Delay(options.SampleInterval, CancellationToken.None)) != sending) await SampleAsync(watch.Elapsed, server, load, reader);
        }
        finally
        {
            await reading.CancelAsync();
            await Task.WhenAll(sending, reads);
        }
        var seconds = watch.Elapsed.TotalSeconds;
        await SampleAsync(watch.Elapsed, server, load, reader);
        var (sent, asked) = (load.AcknowledgedSpans / seconds, options.SpansPerSecond);
        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{load.AcknowledgedSpans:N0} spans acknowledged, {sent:N0} a second of {asked:N0}; sent again {load.Retries}; {reader.Checks} checks"));
        if (options.Duration >= options.DriftFrom && sent < RateReached * asked)
            _problems.Add(string.Create(CultureInfo.InvariantCulture, $"only {sent:N0} spans a second were taken of {asked:N0}"));
    }

    private async Task SampleAsync(TimeSpan at, ServerProcess server, SoakLoad load, SoakReader reader)
    {
        var sample = await SoakSample.TakeAsync(at, server, load, reader, options.DataDirectory);
        _samples.Add(sample);
        log.WriteLine(sample);
    }

    /// <summary>Counts of the store and of each service are exactly what was acknowledged; traces are read whole, all of them or so many spread over the run.</summary>
    private async Task CheckAllAsync(ServerProcess server, SoakLoad load, SoakReader reader, CancellationToken cancellationToken)
    {
        using (var status = await server.StatusAsync())
        {
            var store = status.RootElement.GetProperty("store");
            foreach (var problem in store.GetProperty("problems").EnumerateArray()) _problems.Add($"the store says: {problem.GetString()}");
            Expect("spans in the store", store.GetProperty("spans"), load.AcknowledgedSpans);
        }
        using (var services = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/api/v1/services", UriKind.Relative), cancellationToken)))
        {
            var counts = services.RootElement.GetProperty("services").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString() ?? "", s => s.GetProperty("spans"));
            for (var service = 0; service < SoakTraffic.Services; service++)
            {
                var name = SoakTraffic.ServiceName(service);
                if (counts.TryGetValue(name, out var spans)) Expect($"spans of {name}", spans, load.SpansOf(service));
                else if (load.SpansOf(service) > 0) _problems.Add($"{name} is not among the services");
            }
        }
        var traces = (long)load.Batches * SoakTraffic.TracesPerBatch;
        var step = Math.Max(1, (traces + options.TracesReadAtEnd - 1) / Math.Max(1, options.TracesReadAtEnd));
        for (long i = 0; i < traces; i += step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await reader.CheckTraceAsync(load.Batch((int)(i / SoakTraffic.TracesPerBatch)) * SoakTraffic.TracesPerBatch + i % SoakTraffic.TracesPerBatch);
        }
    }

    private void Expect(string what, JsonElement found, long expected)
    {
        var value = long.Parse(found.GetString() ?? "", CultureInfo.InvariantCulture);
        if (value != expected) _problems.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {value:N0}, acknowledged were {expected:N0}"));
    }
}
