using System.Globalization;
using System.Text;

namespace Throughline.Benchmarks;

/// <summary>
/// Shows how the cost of each query grows with the store. Data come in pieces with seeds of their own that follow each other in time by a day; a piece is made, sent and deleted
/// before the next. What is asked for is in the first piece, and in the last for questions about the last hour, so that a needle stays the same while the haystack grows.
/// </summary>
internal sealed class ScaleBenchmark(Arguments arguments)
{
    private const long FirstStart = 1_795_219_200;
    private const long SecondsOfPiece = 86_400;

    private readonly List<(string Name, double? Goal, List<string> Cells)> _rows = [];

    /// <summary>Grows one directory through all sizes.</summary>
    public static async Task<int> RunAsync(Arguments arguments) => await new ScaleBenchmark(arguments).RunAsync();

    private async Task<int> RunAsync()
    {
        var sizes = arguments.Option("--sizes", "2000000,8000000,20000000").Split(',').Select(size => long.Parse(size, CultureInfo.InvariantCulture)).Order().ToList();
        var scratch = Directory.CreateTempSubdirectory("throughline-scale-").FullName;
        try
        {
            var data = Path.Combine(scratch, "data");
            WorkloadSample? first = null;
            var (stored, piece) = (0L, 0);
            foreach (var size in sizes)
            {
                WorkloadSample? last = null;
                while (stored < size)
                {
                    last = await AddPieceAsync(scratch, data, piece++, Math.Min(size - stored, (long)arguments.Number("--piece", 2_000_000)));
                    first ??= last;
                    stored += last.Spans;
                }
                if (first is null || last is null) throw new ArgumentException("--sizes must grow.");
                await MeasureAsync(data, first with { ServiceAndOperation = last.ServiceAndOperation, LatestStartUnixNano = last.LatestStartUnixNano });
            }
        }
        finally
        {
            Directory.Delete(scratch, true);
        }
        Print(sizes);
        return 0;
    }

    private async Task<WorkloadSample> AddPieceAsync(string scratch, string data, int piece, long spans)
    {
        var folder = Path.Combine(scratch, "piece");
        var seed = (int)arguments.Number("--seed", 42) + piece;
        Workload.Generate(arguments.Required("--tool"), folder, spans.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture),
            ["--start", (FirstStart + piece * SecondsOfPiece).ToString(CultureInfo.InvariantCulture)]);
        var path = Path.Combine(folder, "otlp_8192.bin");
        await using (var server = await ServerProcess.StartAsync(arguments, data)) Console.Error.WriteLine($"piece {piece}: {await IngestRun.MeasureAsync(server, path, false, arguments)}");
        var sample = WorkloadSample.Read(path);
        Directory.Delete(folder, true);
        return sample;
    }

    private async Task MeasureAsync(string data, WorkloadSample sample)
    {
        var size = await StoreSize.SettleAsync(data);
        await using var server = await ServerProcess.StartAsync(arguments, data);
        await server.ReadyAsync();
        await BackgroundWork.IdleAsync(server);
        Cell("spans", null, size.Spans.ToString("N0", CultureInfo.InvariantCulture));
        Cell("blocks", null, size.Blocks.ToString(CultureInfo.InvariantCulture));
        Cell("bytes a span", null, size.BytesPerSpan.ToString("0.0", CultureInfo.InvariantCulture));
        foreach (var query in StoreQueries.All(sample, arguments.Option("--total", "atLeast")))
        {
            if (query.GoalMilliseconds is null) continue;
            var question = new ServerQuestion(server, query.Path);
            var (answer, refusal) = await question.AnswerAsync();
            if (answer is null) Console.Error.WriteLine($"{query.Name} NOT BUILT: {refusal}");
            var figures = answer is null ? default : (await QueryTimer.MeasureAsync(question.Side))[0];
            Cell($"{query.Name}, ms (CPU ms)", query.GoalMilliseconds,
                answer is null ? "not built" : string.Create(CultureInfo.InvariantCulture, $"{figures.Milliseconds:0.0} ({figures.CpuMilliseconds:0.0})"));
        }
        Cell("peak resident memory during the queries, MB", null, (server.Counters.PeakBytes / 1e6).ToString("0", CultureInfo.InvariantCulture));
    }

    private void Cell(string name, double? goal, string text)
    {
        var row = _rows.Find(row => row.Name == name);
        if (row.Cells is null) _rows.Add(row = (name, goal, []));
        row.Cells.Add(text);
        Console.Error.WriteLine($"{name}: {text}");
    }

    private void Print(List<long> sizes)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", sizes.Select(size => string.Create(CultureInfo.InvariantCulture, $"{size / 1e6:0.#} million")))} | goal at 2 million |");
        text.AppendLine($"|---|{string.Concat(sizes.Select(_ => "---|"))}---|");
        foreach (var (name, goal, cells) in _rows) text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", cells)} | {goal} |");
        Console.WriteLine(text);
    }
}
