using System.Globalization;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>
/// The store's table: size, ingest, memory and every query, ours and ClickHouse's on the same data in one run, with the ratios. Answers that must agree are compared; a
/// difference is printed and makes the exit code 1. What the server does not have is said to be not built.
/// </summary>
internal sealed class StoreBenchmark(Arguments arguments)
{
    private static readonly string[] IngestFiles = ["otlp_512.bin", "otlp_8192.bin"];

    /// <summary>Spans a second at which acknowledgements are timed: what is asked for.</summary>
    private const int PacedRate = 200_000;

    private readonly StoreReport _report = new();
    private readonly List<string> _disagreements = [];
    private long _spans;

    /// <summary>Runs everything: <c>--tool</c> or one request file in the workload tool's folder says on what.</summary>
    public static async Task<int> RunAsync(Arguments arguments) => await new StoreBenchmark(arguments).RunAsync();

    private async Task<int> RunAsync()
    {
        var withClickHouse = arguments.Flag("--clickhouse", true);
        var folder = arguments.Rest.Count > 0 ? Path.GetDirectoryName(Path.GetFullPath(arguments.Rest[0])) ?? "" : Workload.Folder(arguments, withClickHouse);
        var sample = WorkloadSample.Read(Path.Combine(folder, IngestFiles[0]));
        Log($"asked for: {sample}");
        var scratch = Directory.CreateTempSubdirectory("throughline-store-").FullName;
        try
        {
            var theirs = arguments.Option("--clickhouse-data", Path.Combine(scratch, "clickhouse"));
            var figures = withClickHouse ? await ClickHouseLoad.FillAsync(theirs, Path.Combine(folder, "rb"), arguments.Option("--clickhouse-format", "native"), Console.Error) : null;
            var ours = arguments.Option("--data", Path.Combine(scratch, "throughline"));
            await IngestAsync(folder, ours, scratch, figures);
            await SizeAsync(ours, figures);
            await QueriesAsync(sample, ours, withClickHouse ? theirs : null);
            await VisibleAsync();
            Print(folder, figures);
        }
        finally
        {
            Directory.Delete(scratch, true);
        }
        return _disagreements.Count == 0 ? 0 : 1;
    }

    private static void Log(string text) => Console.Error.WriteLine(text);

    /// <summary>Measures, then fills the directory that is asked; <c>--data</c> names it, and one that is there already is taken as it is.</summary>
    private async Task IngestAsync(string folder, string ours, string scratch, ClickHouseFigures? theirs)
    {
        if (Directory.Exists(ours) && Directory.EnumerateFileSystemEntries(ours).Any())
        {
            Log($"{ours} is filled already: ingest is not measured.");
            return;
        }
        foreach (var file in IngestFiles)
        {
            foreach (var isGrpc in new[] { false, true })
            {
                if ((file != IngestFiles[0] || isGrpc) && !arguments.Flag("--all-ingest", true)) continue;
                var data = Path.Combine(scratch, "ingest");
                IngestFigures figures;
                await using (var server = await ServerProcess.StartAsync(arguments, data)) figures = await IngestRun.MeasureAsync(server, Path.Combine(folder, file), isGrpc, arguments);
                Directory.Delete(data, true);
                PacedFigures paced;
                await using (var server = await ServerProcess.StartAsync(arguments, data)) paced = await PacedRun.MeasureAsync(server, Path.Combine(folder, file), isGrpc, PacedRate, IngestRun.WarmUp(arguments));
                Directory.Delete(data, true);
                Log(figures.ToString());
                Log(paced.ToString());
                Add(figures, paced, theirs);
            }
        }
        await using var filled = await ServerProcess.StartAsync(arguments, ours);
        await IngestRun.FillAsync(filled, Path.Combine(folder, IngestFiles[0]));
    }

    private void Add(IngestFigures ours, PacedFigures paced, ClickHouseFigures? theirs)
    {
        var name = $"ingest of {ours.File} over OTLP/{(ours.IsGrpc ? "gRPC" : "HTTP")}";
        _report.Add(new($"{name}, background work included", "spans per CPU-second", theirs?.SpansPerCpuSecond, ours.SpansPerCpuSecond, ours.IsGrpc ? 200_000 : 250_000, true, ""));
        _report.Add(new($"{name}, 2 cores with the sender beside it", "spans per second", theirs?.SpansPerSecond, ours.SpansPerSecond, 200_000, true, ""));
        _report.Add(new(string.Create(CultureInfo.InvariantCulture, $"{name}, durable acknowledgement p99 at {paced.SpansPerSecond:N0} spans a second"), "ms", null, paced.P99.TotalMilliseconds, 100, false, ""));
        _report.Add(new($"{name}, durable acknowledgement p99 at all that it takes", "ms", null, ours.P99.TotalMilliseconds, null, false, ""));
        _report.Add(new($"{name}, peak resident memory", "MB", theirs?.PeakBytes / 1e6, ours.PeakBytes / 1e6, 400, false, ""));
    }

    private async Task SizeAsync(string ours, ClickHouseFigures? theirs)
    {
        var size = await StoreSize.SettleAsync(ours);
        Log(size.ToString());
        _report.Add(new("size on disk, all of it, log empty", "bytes a span", theirs?.BytesPerSpan, size.BytesPerSpan, 42, false, ""));
        _spans = size.Spans;
    }

    private async Task VisibleAsync()
    {
        var visible = await VisibleBenchmark.MeasureAsync(arguments);
        _report.Add(new("acknowledgement to the answer of a search that has the trace, p99", "ms", null, Figures.Percentile(visible.BySearch, 0.99), null, false, ""));
        _report.Add(new("answers after the acknowledgement that did not have it yet", "of 800", null, visible.Missed, 0, false, ""));
    }

    private async Task QueriesAsync(WorkloadSample sample, string ours, string? theirs)
    {
        await using var server = await ServerProcess.StartAsync(arguments, ours);
        await server.ReadyAsync();
        await BackgroundWork.IdleAsync(server);
        await using var engine = theirs is null ? null : await ClickHouseProcess.StartAsync(theirs);
        var checks = engine is null ? null : await AnswerChecks.CreateAsync(engine);
        if (checks is not null && await checks.SpansAsync() is var spans && spans != _spans) _disagreements.Add($"number of spans: ours {_spans}, ClickHouse's {spans}");
        foreach (var query in StoreQueries.All(sample, arguments.Option("--total", "atLeast")))
        {
            Log($"{query.Name}: {query.Path}");
            await QueryAsync(query, server, engine, checks);
        }
        Log(string.Create(CultureInfo.InvariantCulture, $"peak memory during the queries: server {server.Counters.PeakBytes / 1e6:0} MB")
            + (engine is null ? "" : string.Create(CultureInfo.InvariantCulture, $", ClickHouse {engine.Counters.PeakBytes / 1e6:0} MB")));
    }

    private async Task QueryAsync(StoreQuery query, ServerProcess server, ClickHouseProcess? engine, AnswerChecks? checks)
    {
        var question = new ServerQuestion(server, query.Path);
        var theirs = engine is null ? null : new QuestionSide(async () => (await engine.QueryAsync(query.Sql, "JSONCompactEachRow")).Milliseconds, engine.Counters);
        var (answer, refusal) = await question.AnswerAsync();
        var remark = "";
        if (answer is null)
        {
            remark = "not built";
            Log($"  NOT BUILT: {refusal}");
        }
        else if (checks is not null && await CompareAsync(query, answer, checks) is { } difference)
        {
            remark = "WRONG ANSWER";
            Log($"  DISAGREE: {difference}");
            _disagreements.Add($"{query.Name}: {difference}");
        }
        List<QuestionSide> sides = [.. answer is null ? Array.Empty<QuestionSide>() : [question.Side], .. theirs is null ? Array.Empty<QuestionSide>() : [theirs]];
        var figures = await QueryTimer.MeasureAsync(sides);
        var (our, their) = (answer is null ? (QuestionFigures?)null : figures[0], theirs is null ? (QuestionFigures?)null : figures[^1]);
        Log(string.Create(CultureInfo.InvariantCulture, $"  ours {our?.Milliseconds:0.00} ms, ClickHouse's {their?.Milliseconds:0.00} ms"));
        _report.Add(new(query.Name, "ms", their?.Milliseconds, our?.Milliseconds, query.GoalMilliseconds, false, remark) { Cpu = (their?.CpuMilliseconds, our?.CpuMilliseconds) });
    }

    private static async Task<string?> CompareAsync(StoreQuery query, string answer, AnswerChecks checks)
    {
        try
        {
            return await query.CheckAsync(answer, checks);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ClickHouseException)
        {
            return $"the answers cannot be compared: {e.Message}";
        }
    }

    private void Print(string folder, ClickHouseFigures? theirs)
    {
        Console.WriteLine($"Data of {folder}, {Environment.ProcessorCount} cores, .NET {Environment.Version}.");
        Console.WriteLine("Queries: medians of 9 warm runs, both stores asked in turn, three times each after one that does not count; ours over HTTP in JSON, ClickHouse's in its own process without transport.");
        if (theirs is not null) Console.WriteLine(theirs);
        Console.WriteLine();
        Console.WriteLine(_report.Table());
        if (_disagreements.Count == 0) Console.WriteLine(theirs is null ? "Answers were not compared." : "All answers that both gave agree.");
        foreach (var disagreement in _disagreements) Console.WriteLine($"DISAGREEMENT: {disagreement}");
    }
}
