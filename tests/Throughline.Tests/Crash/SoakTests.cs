using Throughline.Benchmarks;

namespace Throughline.Tests.Crash;

/// <summary>The soak of the benchmarks, shortened: a steady load on the real server with a reader beside it.</summary>
public sealed class SoakTests
{
    [Fact]
    public async Task AcknowledgedSpansOfASteadyLoadAreThereOnce()
    {
        var data = Directory.CreateTempSubdirectory("throughline-soak-").FullName;
        var options = new SoakOptions { ServerProgram = Path.Combine(AppContext.BaseDirectory, "throughline.dll"), DataDirectory = data, Duration = TimeSpan.FromSeconds(15), SpansPerSecond = 4_000 };
        var result = await new SoakRun(options, TextWriter.Null).RunAsync(TestContext.Current.CancellationToken);
        Assert.True(result.Passed, string.Join('\n', result.Problems));
        Assert.True(result.Spans > 0);
        Directory.Delete(data, true);
    }
}
