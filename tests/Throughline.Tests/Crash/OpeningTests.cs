using Throughline.Tests.Server;

namespace Throughline.Tests.Crash;

/// <summary>A server that cannot have its directory says so in one line and ends.</summary>
public sealed class OpeningTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("throughline-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task ASecondServerOnTheSameDirectoryIsRefusedAndTheFirstGoesOn()
    {
        using var first = await ServerProcess.StartAsync("--data", _data);
        var (exitCode, _, errors) = await ServerProcess.RunAsync("--data", _data);
        AssertOneLine(exitCode, errors);
        Assert.Contains(_data, errors);
        using var client = new HttpClient();
        Assert.True((await client.GetAsync(new Uri(first.Http + "/health/ready"))).IsSuccessStatusCode);
        Assert.Equal(0, (await first.TerminateAsync()).Code);
        using var next = await ServerProcess.StartAsync("--data", _data);
    }

    [Fact]
    public async Task ADirectoryThatCannotBeMadeIsRefused()
    {
        var file = Path.Combine(_data, "file");
        await File.WriteAllTextAsync(file, "not a directory");
        var (exitCode, _, errors) = await ServerProcess.RunAsync("--data", Path.Combine(file, "data"));
        AssertOneLine(exitCode, errors);
        Assert.Contains(file, errors);
    }

    [Fact]
    public async Task ADirectoryThatCannotBeWrittenIsRefused()
    {
        // Not even the superuser makes files in /proc.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux's /proc");
        var (exitCode, _, errors) = await ServerProcess.RunAsync("--data", "/proc/self");
        AssertOneLine(exitCode, errors);
        Assert.Contains("/proc/self", errors);
    }

    private static void AssertOneLine(int exitCode, string errors)
    {
        Assert.NotEqual(0, exitCode);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("Exception", line);
    }
}
