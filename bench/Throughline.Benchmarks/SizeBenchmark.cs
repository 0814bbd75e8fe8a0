using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Files;

namespace Throughline.Benchmarks;

/// <summary>Bytes a span on disk, by kind of file, once everything is in blocks and the log is empty.</summary>
internal static class SizeBenchmark
{
    /// <summary>Opens the directory that <c>--data</c> names, flushes it and counts its files. No server may use it.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var data = arguments.Option("--data", "");
        StoreStatistics statistics;
        await using (var store = await TraceStore.OpenAsync(new TraceStoreOptions { Directory = data }, new DiskFileSystem(), TimeProvider.System, default))
        {
            await store.FlushAsync(default);
            statistics = store.GetStatistics();
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{statistics.Spans:N0} spans, {statistics.Blocks} blocks"));
        var total = 0L;
        foreach (var kind in new DirectoryInfo(data).EnumerateFiles("*", SearchOption.AllDirectories).GroupBy(file => file.Extension.Length == 0 ? file.Name : file.Extension))
        {
            var bytes = kind.Sum(file => file.Length);
            total += bytes;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind.Key}: {kind.Count()} files, {bytes:N0} bytes, {(double)bytes / statistics.Spans:0.00} bytes a span"));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all: {(double)total / statistics.Spans:0.00} bytes a span"));
        return 0;
    }
}
