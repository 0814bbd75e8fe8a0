namespace Throughline.Tests.Crash;

/// <summary>Whatever a store was doing when its machine stopped (appending, flushing, carrying over, merging, dropping, pinning, opening): what was acknowledged is there once.</summary>
public sealed class LifecycleCrashTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task WhatWasAcknowledgedIsThereOnceAfterACutAtEveryOperation(int seed)
    {
        var whole = new LifecycleRun(seed, int.MaxValue);
        Assert.Null(await whole.RunAsync());
        Assert.True(whole.Operations > 50, $"only {whole.Operations} operations: the run did not reach anything");
        for (var cut = 1; cut <= whole.Operations; cut += 1 + (seed / 2))
        {
            var wrong = await new LifecycleRun(seed, cut).RunAsync();
            Assert.True(wrong is null, wrong);
        }
    }

    [Fact]
    public async Task ManyDifferentLivesEndWell()
    {
        long merges = 0;
        for (var seed = 100; seed < 140; seed++)
        {
            var run = new LifecycleRun(seed, new Random(seed).Next(20, 400));
            var wrong = await run.RunAsync();
            Assert.True(wrong is null, wrong);
            merges += run.Merges;
        }
        Assert.True(merges > 20, $"only {merges} merges: the lives did not reach compaction");
    }
}
