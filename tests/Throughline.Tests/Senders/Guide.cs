using System.Diagnostics;
using System.Text.RegularExpressions;
using Throughline.Tests.Architecture;
using Throughline.Tests.Pipeline;
using Throughline.Tests.Server;

namespace Throughline.Tests.Senders;

/// <summary>A guide for senders, and the files in it: each block of code whose first line is a comment with the file's name.</summary>
internal sealed partial class Guide
{
    private Guide(string text)
    {
        Text = text;
        Files = Block().Matches(text).ToDictionary(block => block.Groups["name"].Value, block => block.Groups["code"].Value);
    }

    public string Text { get; }

    public IReadOnlyDictionary<string, string> Files { get; }

    public static Guide Read(string name) => new(File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "senders", name)));

    /// <summary>Writes the files into a folder, runs a program there against a real server, and answers the one trace that it sent.</summary>
    public async Task<StoredTrace> RunAsync(ServerUnderTest server, string program, string[] arguments, params (string Key, string Value)[] environment)
    {
        Assert.NotEmpty(Files);
        var folder = Directory.CreateTempSubdirectory("throughline-guide-").FullName;
        try
        {
            foreach (var (name, code) in Files) await File.WriteAllTextAsync(Path.Combine(folder, name), code);
            var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
            start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = server.Addresses.OtlpHttp.ToString();
            foreach (var (key, value) in environment) start.Environment[key] = value;
            await RunAsync(start);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return await OnlyTraceAsync(server);
    }

    /// <summary>Runs a program to its end, which must be a good one, and answers what it said.</summary>
    public static async Task<string> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var what = $"{start.FileName} {string.Join(' ', start.ArgumentList)}";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} was not started.");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await Task.WhenAll(process.WaitForExitAsync(), output, errors).WaitAsync(Patience.Limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{what} did not end within {Patience.Limit.TotalMinutes} minutes. It said: {await output.WaitAsync(Patience.Limit)}{await errors.WaitAsync(Patience.Limit)}");
        }
        Assert.True(process.ExitCode == 0, $"{what} ended with {process.ExitCode}: {await output}{await errors}");
        Assert.Equal("", await errors);
        return await output;
    }

    public static async Task<StoredTrace> OnlyTraceAsync(ServerUnderTest server)
    {
        var found = await server.GetAsync("/api/v1/search?limit=10");
        var trace = Assert.Single(found.GetProperty("traces").EnumerateArray());
        return new(await server.GetAsync($"/api/v1/traces/{trace.GetProperty("traceId").GetString()}"));
    }

    /// <summary>Whether a program is on the path of this machine.</summary>
    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    [GeneratedRegex(@"^```\w+\n(?<code>(?://|#) (?<name>[\w.]+)\n.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
