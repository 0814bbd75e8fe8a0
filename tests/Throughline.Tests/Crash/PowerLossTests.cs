namespace Throughline.Tests.Crash;

/// <summary>
/// The second of the two proofs of durability (the first kills a real process, which keeps the page cache): a file system that forgets every unsynced byte and
/// every unsynced name. It is a proof because it fails when the syncs are taken out.
/// </summary>
public sealed class PowerLossTests
{
    [Fact]
    public async Task WhatWasAcknowledgedIsThereOnceAfterEveryLossOfPower()
    {
        var (blocks, retried, recognised) = (0, 0, 0);
        for (var seed = 1; seed <= 60; seed++)
        {
            var life = new StoreLife(seed, sync: true);
            await life.RunAsync();
            Assert.True(life.Loss is null, $"seed {seed}: {life.Loss}");
            blocks += life.Blocks;
            retried += life.Retried;
            recognised += life.Recognised;
        }
        Assert.True(blocks > 60, $"only {blocks} blocks were written: the lives did not reach flushing");
        Assert.True(recognised > 0 && recognised < retried, $"{recognised} of {retried} retried requests were known: the lives did not reach both cases");
    }

    [Fact]
    public async Task TheProofFailsWhenNothingIsSynced()
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var life = new StoreLife(seed, sync: false);
            await life.RunAsync();
            Assert.NotNull(life.Loss);
        }
    }
}
