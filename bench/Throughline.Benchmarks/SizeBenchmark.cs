namespace Throughline.Benchmarks;

/// <summary>Bytes a span on disk, by kind of file, once everything is in blocks and the log is empty.</summary>
internal static class SizeBenchmark
{
    /// <summary>Opens the directory that <c>--data</c> names, flushes it and counts its files. No server may use it.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        Console.WriteLine(await StoreSize.SettleAsync(arguments.Required("--data")));
        return 0;
    }
}
