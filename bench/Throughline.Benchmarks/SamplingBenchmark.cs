using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>
/// What sampling costs: the same requests into servers with other rules, one after the other, each with CPU time a span from its arrival until it is in a merged block or gone. All spans come at once, so that
/// traces are not quiet when a head is full: as many as may wait do, and the others are decided early, which is the most that tail sampling holds in memory.
/// </summary>
internal static class SamplingBenchmark
{
    private static readonly (string Name, string Rules)[] RuleSets =
    [
        ("no rules", "{}"),
        ("head: 10 % of the traces", """{"sampling":{"rate":0.1}}"""),
        ("head: 1,000 traces a second of each service", """{"sampling":{"tracesPerSecond":1000}}"""),
        ("tail: no rule, everything kept", """{"tail":{"enabled":true}}"""),
        ("tail: five rules, everything kept", """{"tail":{"enabled":true,"rules":""" + TailRules + "}}"),
        ("tail: five rules, 10 % of the rest kept", """{"tail":{"enabled":true,"rate":0.1,"rules":""" + TailRules + "}}"),
    ];

    private const string TailRules =
        """[{"kind":"errors"},{"kind":"slow","milliseconds":60000},{"kind":"slowest","percentile":99},{"kind":"rare","perHour":5},{"kind":"attribute","key":"camera.id","values":["front_door"]}]""";

    /// <summary>Measures each file; <c>--warm-up</c> and <c>--connections</c> as for ingest, <c>--only TEXT</c> takes the rules whose name has the text.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        foreach (var path in Workload.Files(arguments))
        {
            double? plain = null;
            foreach (var (name, rules) in RuleSets.Where(set => set.Name.Contains(arguments.Option("--only", ""), StringComparison.Ordinal)))
            {
                var folder = Directory.CreateTempSubdirectory("throughline-sampling-").FullName;
                try
                {
                    await using var server = await ServerProcess.StartAsync(arguments, folder);
                    await server.ReadyAsync();
                    using (var content = new StringContent($$"""{"rules":{{rules}}}""", Encoding.UTF8, "application/json"))
                    using (var put = await server.Client.PutAsync(new Uri("/api/v1/settings/process", UriKind.Relative), content)) put.EnsureSuccessStatusCode();
                    var figures = await IngestRun.MeasureAsync(server, path, false, arguments);
                    var nanos = 1e9 / figures.SpansPerCpuSecond;
                    plain ??= nanos;
                    var counts = await CountsAsync(server);
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{name}: {nanos:0} ns of CPU a span ({nanos - plain:+0;-0;0}), {figures.Spans:N0} spans, peak memory {figures.PeakBytes / 1e6:0} MB; {counts}"));
                }
                finally
                {
                    Directory.Delete(folder, true);
                }
            }
        }
        return 0;
    }

    private static async Task<string> CountsAsync(ServerProcess server)
    {
        using var counts = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/api/v1/settings/process/counts", UriKind.Relative)));
        static long Number(JsonElement of, string name) => long.Parse(of.GetProperty(name).GetString() ?? "", CultureInfo.InvariantCulture);
        var root = counts.RootElement;
        var dropped = root.GetProperty("dropped").EnumerateArray().Sum(static one => Number(one, "spans"));
        var (traces, spans) = (root.GetProperty("tailKept").EnumerateArray().Sum(static one => Number(one, "traces")), root.GetProperty("tailKept").EnumerateArray().Sum(static one => Number(one, "spans")));
        return string.Create(CultureInfo.InvariantCulture, $"dropped {dropped:N0} spans, tail rules kept {traces:N0} traces of {spans:N0} spans, {Number(root, "decidedEarly"):N0} decided early (warm-up included)");
    }
}
