using System.Diagnostics;

namespace Throughline.Benchmarks;

/// <summary>Where the requests come from: files that are named, the workload tool's (<c>--tool</c>, a project that is run), or the built-in generator's.</summary>
internal static class Workload
{
    /// <summary>The request files to measure.</summary>
    public static IReadOnlyList<string> Files(Arguments arguments)
    {
        if (arguments.Rest.Count > 0) return arguments.Rest;
        var (spans, seed) = (arguments.Option("--spans", "2000000"), arguments.Option("--seed", "42"));
        var folder = Path.Combine(Path.GetTempPath(), $"throughline-workload-{spans}-{seed}");
        var tool = arguments.Option("--tool", "");
        if (tool.Length > 0)
        {
            string[] files = [Path.Combine(folder, "otlp_512.bin"), Path.Combine(folder, "otlp_8192.bin")];
            if (!files.All(File.Exists)) Generate(tool, folder, spans, seed);
            return files;
        }
        Console.Error.WriteLine("No files and no --tool were given: these are small built-in requests, whose figures compare only with themselves.");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "built-in.bin");
        BuiltInRequests.Write(path, long.Parse(spans), int.Parse(seed));
        return [path];
    }

    private static void Generate(string tool, string folder, string spans, string seed)
    {
        using var process = Process.Start("dotnet", ["run", "-c", "Release", "--project", tool, "--", folder, spans, seed]);
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"The workload tool ended with {process.ExitCode}.");
    }
}
