using System.Diagnostics;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>An engine's refusal of a statement, or its end.</summary>
internal sealed class ClickHouseException(string message) : Exception(message);

/// <summary>
/// The ClickHouse engine in a Node process (<c>bench/clickhouse/engine.mjs</c>), one for a directory. It runs one request at a time, in the order in which they
/// are made; its owner stops it.
/// </summary>
internal sealed class ClickHouseProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ClickHouseProcess(Process process) => (_process, Counters) = (process, new ProcessCounters(process.Id));

    /// <summary>CPU time and memory of the process, Node's own share included (about 45 MB).</summary>
    public ProcessCounters Counters { get; }

    /// <summary>Starts the engine on a directory, which is made when it is not there.</summary>
    public static async Task<ClickHouseProcess> StartAsync(string directory)
    {
        var folder = RepositoryFolder.Of("bench", "clickhouse");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "chdb")))
            throw new InvalidOperationException($"ClickHouse is not installed: start the benchmark by bench/run, which does that.");
        var start = new ProcessStartInfo("node", ["engine.mjs", directory])
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, Environment = { ["TZ"] = "UTC" },
        };
        var engine = new ClickHouseProcess(Process.Start(start) ?? throw new InvalidOperationException("Node could not be started."));
        await engine.RowsAsync("SELECT 1");
        return engine;
    }

    /// <summary>Runs a statement; answers the milliseconds in the engine's process and the answer's text.</summary>
    public async Task<(double Milliseconds, string Text)> QueryAsync(string sql, string format)
    {
        using var answer = await AskAsync(new { op = "query", sql, format });
        return (answer.RootElement.GetProperty("ms").GetDouble(), answer.RootElement.GetProperty("text").GetString() ?? "");
    }

    /// <summary>The rows of an answer, every field as text.</summary>
    public async Task<List<string[]>> RowsAsync(string sql)
    {
        var (_, text) = await QueryAsync(sql, "JSONCompactStringsEachRow");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<string[]>(line) ?? [])];
    }

    /// <summary>The only field of the only row.</summary>
    public async Task<string> ValueAsync(string sql) => (await RowsAsync(sql))[0][0];

    /// <summary>Runs statements that answer nothing, so many at a time, in their order; answers the wall time.</summary>
    public async Task<TimeSpan> AllAsync(IReadOnlyList<string> statements, int parallel)
    {
        using var answer = await AskAsync(new { op = "all", statements, parallel });
        return TimeSpan.FromMilliseconds(answer.RootElement.GetProperty("ms").GetDouble());
    }

    private async Task<JsonDocument> AskAsync<T>(T request)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request));
        await _process.StandardInput.FlushAsync();
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new ClickHouseException("The engine's process has ended.");
        var answer = JsonDocument.Parse(line);
        if (!answer.RootElement.TryGetProperty("error", out var error)) return answer;
        using (answer) throw new ClickHouseException(error.GetString() ?? "");
    }

    /// <summary>Ends the process: its input ends, it closes the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
