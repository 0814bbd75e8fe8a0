using System.Diagnostics;

namespace Throughline.Benchmarks;

/// <summary>Where the requests come from: files that are named, the workload tool's (<c>--tool</c>, a project that is run), or the built-in generator's.</summary>
internal static class Workload
{
    /// <summary>The request files to measure.</summary>
    public static IReadOnlyList<string> Files(Arguments arguments)
    {
        if (arguments.Rest.Count > 0) return arguments.Rest;
        if (arguments.Option("--tool", "").Length > 0)
        {
            var folder = Folder(arguments, false);
            return [Path.Combine(folder, "otlp_512.bin"), Path.Combine(folder, "otlp_8192.bin")];
        }
        Console.Error.WriteLine("No files and no --tool were given: these are small built-in requests, whose figures compare only with themselves.");
        var (spans, seed) = (arguments.Option("--spans", "2000000"), arguments.Option("--seed", "42"));
        var path = Path.Combine(Path.GetTempPath(), $"throughline-built-in-{spans}-{seed}.bin");
        BuiltInRequests.Write(path, long.Parse(spans), int.Parse(seed));
        return [path];
    }

    /// <summary>
    /// The workload tool's folder for the options <c>--spans</c>, <c>--seed</c> and <c>--hard</c>, made by <c>--tool</c> unless an earlier run did; with ClickHouse's rows when
    /// asked for.
    /// </summary>
    public static string Folder(Arguments arguments, bool withRows)
    {
        var (spans, seed, hard) = (arguments.Option("--spans", "2000000"), arguments.Option("--seed", "42"), arguments.Flag("--hard", false));
        var folder = Path.Combine(Path.GetTempPath(), $"throughline-workload-{spans}-{seed}{(hard ? "-hard" : "")}");
        var files = new List<string> { "otlp_512.bin", "otlp_8192.bin", "meta.json" };
        if (withRows) files.Add(Path.Combine("rb", "0000.rb"));
        if (files.All(file => File.Exists(Path.Combine(folder, file)))) return folder;
        List<string> options = [.. hard ? ["--hard"] : Array.Empty<string>(), .. withRows ? ["--clickhouse"] : Array.Empty<string>()];
        Generate(arguments.Required("--tool"), folder, spans, seed, options);
        return folder;
    }

    /// <summary>Runs the workload tool's project.</summary>
    public static void Generate(string tool, string folder, string spans, string seed, IEnumerable<string> options)
    {
        // It is written last, so it says that the folder is whole.
        if (File.Exists(Path.Combine(folder, "meta.json"))) File.Delete(Path.Combine(folder, "meta.json"));
        Console.Error.WriteLine($"making the workload in {folder} ...");
        var start = new ProcessStartInfo("dotnet", ["run", "-c", "Release", "--project", tool, "--", folder, spans, seed, .. options]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started.");
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"The workload tool ended with {process.ExitCode}: {output}");
    }
}
