using System.Globalization;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>
/// What loading cost ClickHouse. <see cref="CpuSeconds"/> and <see cref="PeakBytes"/> end when the background merges have; <see cref="FinalCpuSeconds"/> is
/// OPTIMIZE FINAL on top, after which <see cref="Bytes"/> (all files of the active parts: data, marks, indexes) are counted.
/// </summary>
internal sealed record ClickHouseFigures(string Version, string Format, long Spans, double CpuSeconds, double InsertSeconds, double FinalCpuSeconds, long PeakBytes,
    long Bytes, long TimeTableBytes)
{
    public double SpansPerCpuSecond => Spans / CpuSeconds;

    public double SpansPerSecond => Spans / InsertSeconds;

    public double BytesPerSpan => (double)Bytes / Spans;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"ClickHouse {Version}, the tables of the OpenTelemetry collector's exporter; {Spans:N0} spans by INSERTs of {Format} from local files of 8,192 rows, one after the other, no fsync. "
        + $"{CpuSeconds:0.0} CPU-seconds with background merges; OPTIMIZE FINAL took {FinalCpuSeconds:0.0} more ({Spans / (CpuSeconds + FinalCpuSeconds):N0} spans per CPU-second with it), "
        + $"after which size is counted ({(double)TimeTableBytes / Spans:0.0} of the bytes a span are the table of times).");
}

/// <summary>Makes the exporter's tables in a directory and fills them from the workload tool's <c>rb</c> folder, one INSERT a file as the exporter does one a batch.</summary>
internal static class ClickHouseLoad
{
    private const string FiguresFile = "throughline-bench.json";
    private static readonly TimeSpan MergeLimit = TimeSpan.FromMinutes(30);

    /// <summary>
    /// The directory's figures: those of the run that filled it, or of this one. Rows come from local files, so neither a network nor the exporter's own work
    /// counts. <c>native</c> is the form in which the exporter's driver sends them; the files are made beforehand, by a process whose time does not count.
    /// </summary>
    public static async Task<ClickHouseFigures> FillAsync(string directory, string rowFolder, string format, TextWriter log)
    {
        var figuresPath = Path.Combine(directory, FiguresFile);
        if (File.Exists(figuresPath))
        {
            log.WriteLine($"ClickHouse: {directory} was filled by an earlier run; its ingest figures are of that run.");
            return JsonSerializer.Deserialize<ClickHouseFigures>(File.ReadAllText(figuresPath)) ?? throw new InvalidDataException($"{figuresPath} is empty.");
        }
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
            throw new InvalidOperationException($"{directory} holds something else, or a load that was cut short; name another, or delete it.");
        Directory.CreateDirectory(directory);
        var files = Directory.GetFiles(rowFolder, "*.rb").Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0) throw new FileNotFoundException($"{rowFolder} has no .rb files: the workload tool writes them with --clickhouse.");
        if (format == "native") files = await ToNativeAsync(files, log);
        var figures = await MeasureAsync(directory, files, format, log);
        File.WriteAllText(figuresPath, JsonSerializer.Serialize(figures));
        return figures;
    }

    private static async Task<ClickHouseFigures> MeasureAsync(string directory, List<string> files, string format, TextWriter log)
    {
        await using var engine = await ClickHouseProcess.StartAsync(directory);
        await engine.AllAsync(SchemaStatements(), 1);
        var structure = await StructureAsync(engine);
        var inserts = files.Select(file => $"INSERT INTO otel.otel_traces SELECT * FROM {Source(file, format, structure)}").ToList();
        log.WriteLine($"ClickHouse: {inserts.Count} INSERTs of {format} ...");
        var cpu = engine.Counters.CpuSeconds;
        var wall = await engine.AllAsync(inserts, 1);
        await MergedAsync(engine);
        var (merged, peak) = (engine.Counters.CpuSeconds, engine.Counters.PeakBytes);
        await engine.AllAsync(["OPTIMIZE TABLE otel.otel_traces FINAL", "OPTIMIZE TABLE otel.otel_traces_trace_id_ts FINAL"], 1);
        var final = engine.Counters.CpuSeconds;
        const string Parts = "FROM system.parts WHERE active AND database = 'otel'";
        return new ClickHouseFigures(await engine.ValueAsync("SELECT version()"), format, await NumberAsync(engine, "SELECT count() FROM otel.otel_traces"),
            merged - cpu, wall.TotalSeconds, final - merged, peak,
            await NumberAsync(engine, $"SELECT sum(bytes_on_disk) {Parts}"), await NumberAsync(engine, $"SELECT sum(bytes_on_disk) {Parts} AND table = 'otel_traces_trace_id_ts'"));
    }

    /// <summary>Waits until ClickHouse merges nothing any more.</summary>
    private static async Task MergedAsync(ClickHouseProcess engine)
    {
        var since = TimeProvider.System.GetTimestamp();
        // A merge may follow the one before after a moment.
        for (var quiet = 0; quiet < 5; await Task.Delay(300))
        {
            var merges = await engine.ValueAsync("SELECT count() FROM system.merges");
            quiet = merges == "0" ? quiet + 1 : 0;
            if (TimeProvider.System.GetElapsedTime(since) > MergeLimit) throw new TimeoutException($"ClickHouse still merges {MergeLimit.TotalMinutes:0} minutes after the last INSERT; {merges} merges are under way.");
        }
    }

    private static IEnumerable<string> Split(string statements) => statements.Split(';').Select(s => s.Trim()).Where(s => s.Length > 0);

    private static List<string> SchemaStatements() => [.. Split(File.ReadAllText(RepositoryFolder.Of("bench", "clickhouse", "schema.sql")))];

    private static string Source(string file, string format, string structure) =>
        format == "native" ? $"file('{file}', Native)" : $"file('{file}', RowBinary, '{structure}')";

    private static async Task<string> StructureAsync(ClickHouseProcess engine)
    {
        var columns = await engine.RowsAsync("SELECT name, type FROM system.columns WHERE database = 'otel' AND table = 'otel_traces' ORDER BY position");
        return string.Join(", ", columns.Select(column => $"`{column[0]}` {column[1]}"));
    }

    private static async Task<List<string>> ToNativeAsync(List<string> files, TextWriter log)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(files[0])) ?? "", "native");
        Directory.CreateDirectory(folder);
        var natives = files.Select(file => Path.Combine(folder, Path.ChangeExtension(Path.GetFileName(file), ".native"))).ToList();
        var scratch = Directory.CreateTempSubdirectory("throughline-clickhouse-").FullName;
        try
        {
            await using var engine = await ClickHouseProcess.StartAsync(scratch);
            await engine.AllAsync(SchemaStatements(), 1);
            var structure = await StructureAsync(engine);
            log.WriteLine($"ClickHouse: turning {files.Count} files of RowBinary into Native, not measured ...");
            // Written whole or not at all: a file that is there is complete.
            for (var i = 0; i < files.Count; i++)
            {
                if (File.Exists(natives[i]) && File.GetLastWriteTimeUtc(natives[i]) >= File.GetLastWriteTimeUtc(files[i])) continue;
                File.Delete(natives[i] + ".part");
                await engine.AllAsync([$"INSERT INTO FUNCTION file('{natives[i]}.part', Native) SELECT * FROM {Source(files[i], "rowbinary", structure)}"], 1);
                File.Move(natives[i] + ".part", natives[i], true);
            }
        }
        finally
        {
            Directory.Delete(scratch, true);
        }
        return natives;
    }

    private static async Task<long> NumberAsync(ClickHouseProcess engine, string sql) => long.Parse(await engine.ValueAsync(sql), CultureInfo.InvariantCulture);
}
