using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>
/// The whole way of spans into a server: spans per CPU-second of its process (receiving, decoding, log, blocks, compaction), latency of acknowledgements, peak memory.
/// Every request is acknowledged as durable; those that the server asked to send again are counted.
/// </summary>
internal static class IngestBenchmark
{
    /// <summary>Measures each file over each protocol, each time with a new server and a new directory; at <c>--rate</c> spans a second, or as fast as it goes.</summary>
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
                    var rate = int.Parse(arguments.Option("--rate", "0"), CultureInfo.InvariantCulture);
                    Console.WriteLine(rate > 0
                        ? await PacedRun.MeasureAsync(server, path, protocol == "grpc", rate, IngestRun.WarmUp(arguments))
                        : await IngestRun.MeasureAsync(server, path, protocol == "grpc", arguments));
                }
                finally
                {
                    if (data.Length == 0) Directory.Delete(folder, true);
                }
            }
        }
        return 0;
    }
}
