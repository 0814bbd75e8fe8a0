using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>The command line of a <see cref="SoakRun"/>.</summary>
internal static class SoakBenchmark
{
    /// <summary>Soaks a new server; 1 when something is wrong.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var data = Directory.CreateTempSubdirectory("throughline-soak-").FullName;
        try
        {
            var options = new SoakOptions
            {
                ServerProgram = ServerProcess.ProgramOf(arguments), DataDirectory = data, ServerOptions = ServerProcess.OptionsOf(arguments),
                Duration = arguments.Option("--seconds", "").Length > 0 ? TimeSpan.FromSeconds(arguments.Number("--seconds", 0)) : TimeSpan.FromMinutes(arguments.Number("--minutes", 60)),
                SpansPerSecond = (int)arguments.Number("--rate", 20_000), Seed = (int)arguments.Number("--seed", 42),
            };
            using var stop = new CancellationTokenSource();
            Console.CancelKeyPress += (_, e) =>
            {
                e.Cancel = true;
                stop.Cancel();
            };
            var result = await new SoakRun(options, Console.Out).RunAsync(stop.Token);
            foreach (var problem in result.Problems) Console.WriteLine($"PROBLEM: {problem}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(result.Passed ? "passed" : "FAILED")}: {result.Spans:N0} spans in {result.Traces:N0} traces acknowledged, {result.Checks:N0} checks, {result.Retries} requests sent again, "
                + $"peak resident memory {result.Samples.Select(s => s.ResidentBytes).DefaultIfEmpty().Max() / 1e6:0} MB{(options.Duration < options.DriftFrom ? "; too short to judge drift" : "")}"));
            return result.Passed ? 0 : 1;
        }
        finally
        {
            Directory.Delete(data, true);
        }
    }
}
