using System.Diagnostics;
using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>
/// Time from the start of the server's process to its first answer (it is ready and lists the services), and its memory at rest after that. On an
/// empty directory, and on the one that <c>--data</c> names.
/// </summary>
internal static class StartBenchmark
{
    private const int Starts = 5;

    /// <summary>Medians of several starts.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var empty = Directory.CreateTempSubdirectory("throughline-start-").FullName;
        try
        {
            await MeasureAsync("empty directory", arguments, empty);
        }
        finally
        {
            Directory.Delete(empty, true);
        }
        if (arguments.Option("--data", "") is { Length: > 0 } data) await MeasureAsync("stored data", arguments, data);
        return 0;
    }

    private static async Task MeasureAsync(string name, Arguments arguments, string data)
    {
        var (listening, answering, memory) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Starts; i++)
        {
            var watch = Stopwatch.StartNew();
            await using var server = await ServerProcess.StartAsync(arguments, data);
            await server.ReadyAsync();
            (await server.Client.GetAsync(new Uri("/api/v1/services", UriKind.Relative))).EnsureSuccessStatusCode();
            answering.Add(watch.Elapsed.TotalMilliseconds);
            listening.Add(server.ListeningAfter.TotalMilliseconds);
            await Task.Delay(TimeSpan.FromSeconds(5));
            memory.Add(server.Counters.ResidentBytes / 1e6);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name}: listening after {Figures.Median(listening):0} ms, first answer after {Figures.Median(answering):0} ms, resident 5 s later {Figures.Median(memory):0} MB (medians of {Starts} starts)"));
    }
}
