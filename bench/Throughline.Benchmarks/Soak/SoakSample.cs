using System.Globalization;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>How a server under a soak was at one moment. <see cref="Files"/> counts the data directory's, <see cref="OpenFiles"/> the process's descriptors.</summary>
public sealed record SoakSample(TimeSpan At, long ResidentBytes, double CpuSeconds, int OpenFiles, int Files, long Spans, long HeadSpans, int Blocks, long LogBytes, int Waiting,
    double AcknowledgedP99, double ReadP99)
{
    internal static async Task<SoakSample> TakeAsync(TimeSpan at, ServerProcess server, SoakLoad load, SoakReader reader, string data)
    {
        using var status = await server.StatusAsync();
        var store = status.RootElement.GetProperty("store");
        var (acknowledged, read) = (load.TakeLatencies(), reader.TakeLatencies());
        return new SoakSample(at, server.Counters.ResidentBytes, server.Counters.CpuSeconds, server.Counters.OpenFiles, Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories).Count(),
            Number(store, "spans"), Number(store, "headSpans"), store.GetProperty("blocks").GetInt32(), Number(store, "logBytes"), load.Waiting,
            acknowledged.Count == 0 ? 0 : Figures.Percentile(acknowledged, 0.99), read.Count == 0 ? 0 : Figures.Percentile(read, 0.99));
    }

    /// <summary>A line for the log.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{At:hh\\:mm\\:ss} {Spans:N0} spans ({HeadSpans:N0} in the head), {Blocks} blocks, log {LogBytes / 1e6:0} MB, {Files} files, {OpenFiles} open, resident {ResidentBytes / 1e6:0} MB, "
        + $"CPU {CpuSeconds:0.0} s, waiting {Waiting}, acknowledged p99 {AcknowledgedP99:0.0} ms, read p99 {ReadP99:0.0} ms");

    private static long Number(JsonElement store, string name) => long.Parse(store.GetProperty(name).GetString() ?? "", CultureInfo.InvariantCulture);
}
