using Microsoft.Extensions.Time.Testing;
using Throughline.Telemetry;

namespace Throughline.Tests.Telemetry;

/// <summary>What the driver's tool prints, as figures; and what is said where there is no tool.</summary>
public sealed class GpuFiguresTests
{
    [Fact]
    public void FiguresAreReadInTheirUnitsAndWhatTheDriverCannotTellIsLeftOut()
    {
        var gpus = GpuFigures.Parse("GPU-5c1f, NVIDIA RTX A4000, 35, 1024, 16376\nGPU-77aa, NVIDIA GB10, 7, [N/A], [N/A]\n");

        Assert.Equal(
            [new("GPU-5c1f", "NVIDIA RTX A4000", 0.35, 1_073_741_824, 16376.0 * 1024 * 1024), new("GPU-77aa", "NVIDIA GB10", 0.07, null, null)], gpus);
    }

    [Fact]
    public void AnswerInAnotherFormIsAnError() =>
        Assert.Contains("NVIDIA-SMI has failed", Assert.Throws<InvalidDataException>(() => GpuFigures.Parse("NVIDIA-SMI has failed")).Message);

    [Fact]
    public async Task MissingToolIsSaidOnceAndEndsTheAsking()
    {
        var lines = new LogLines();
        using var figures = new GpuFigures("/nowhere/nvidia-smi", lines, new FakeTimeProvider());
        await figures.StartAsync(CancellationToken.None);
        await (figures.ExecuteTask ?? Task.CompletedTask).WaitAsync(Patience.Limit);

        Assert.Contains("no figures of a GPU", Assert.Single(lines.Written));
    }

    [Theory]
    // A program that is on every Linux and knows none of the options; and what can't be started at all, which nobody has thought of.
    [InlineData("ls", "query-gpu")]
    [InlineData("", "file name")]
    public async Task FailingToolIsSaidWithItsReasonAndEndsNothing(string program, string reason)
    {
        var lines = new LogLines();
        using var figures = new GpuFigures(program, lines, new FakeTimeProvider());
        await figures.StartAsync(CancellationToken.None);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (lines.Written.Count == 0) await tick.WaitForNextTickAsync(limit.Token);
        Assert.False((figures.ExecuteTask ?? Task.CompletedTask).IsCompleted);
        await figures.StopAsync(CancellationToken.None);

        Assert.Contains(reason, Assert.Single(lines.Written));
    }
}
