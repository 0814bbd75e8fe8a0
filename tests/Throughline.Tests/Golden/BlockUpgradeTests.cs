using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Inspection;
using Throughline.Tests.Files;

namespace Throughline.Tests.Golden;

/// <summary>A store of format version 0 is rewritten in the present version when it is opened, whatever happens on the way.</summary>
public sealed class BlockUpgradeTests
{
    private const string Blocks = GoldenStore.Directory + "/0/traces/blocks";

    private static readonly string s_folder = Path.Combine(GoldenStore.Folder, "v0");

    [Fact]
    public async Task EveryBlockIsRewrittenOnceAndItIsTold()
    {
        var files = GoldenStore.Load(s_folder);
        var old = files.ListFiles(Blocks);
        await using (var store = await GoldenStore.OpenAsync(files))
        {
            Assert.Contains("2 blocks of format version 0 were rewritten in version 1", Assert.Single(store.OpeningNotes));
            Assert.Empty(store.GetStatistics().Problems);
            Assert.Equal(GoldenStore.Listing(s_folder), await GoldenStore.ReadAsync(store));
        }
        Assert.Empty(files.ListFiles(Blocks).Intersect(old));
        var names = files.ListFiles(Blocks);
        Assert.Equal(2, names.Count);
        await using (var store = await GoldenStore.OpenAsync(files)) Assert.Empty(store.GetStatistics().Problems);
        Assert.Equal(names, files.ListFiles(Blocks));
        Assert.Empty(StoreCheck.Run(GoldenStore.Directory, files, default).Findings);
    }

    [Fact]
    public async Task PowerLossAtAnyStepLeavesEverySpan()
    {
        var listing = GoldenStore.Listing(s_folder);
        var steps = 0;
        for (var isThrough = false; !isThrough; steps++)
        {
            var files = GoldenStore.Load(s_folder);
            var left = steps;
            files.Before = (_, _) =>
            {
                if (left-- == 0) files.Stop();
            };
            try
            {
                await using var interrupted = await GoldenStore.OpenAsync(files);
                isThrough = left > 0;
            }
            catch (Exception e) when (e is StoreOpenException or IOException)
            {
                isThrough = false;
            }
            foreach (var luck in new Random?[] { null, new Random(steps) })
            {
                var after = files.Crash(luck);
                await using var store = await GoldenStore.OpenAsync(after);
                var found = await GoldenStore.ReadAsync(store);
                Assert.True(listing.AsSpan().SequenceEqual(found), $"after a stop at step {steps}");
                Assert.Equal(2, store.GetStatistics().Blocks);
            }
        }
        Assert.True(steps > 20, $"only {steps} steps");
    }

    [Fact]
    public async Task FullDiskIsToldAndNothingIsLost()
    {
        var files = GoldenStore.Load(s_folder);
        files.Capacity = files.Paths.Sum(p => (long)files.ReadAll(p).Length) + 5_000;
        var before = files.Paths;
        var refused = await Assert.ThrowsAsync<StoreOpenException>(() => GoldenStore.OpenAsync(files));
        Assert.Contains("0000000001.block of format version 0 could not be rewritten", refused.Message);
        Assert.Contains("No space left", refused.Message);
        Assert.Empty(before.Except(files.Paths));
        files.Capacity = long.MaxValue;
        await using var store = await GoldenStore.OpenAsync(files);
        Assert.Equal(GoldenStore.Listing(s_folder), await GoldenStore.ReadAsync(store));
    }

    [Fact]
    public async Task DamagedBlockStaysAsItIsAndTheRestIsServed()
    {
        var files = GoldenStore.Load(s_folder);
        var path = files.Paths.First(p => p.EndsWith(".block", StringComparison.Ordinal));
        files.FlipBit(path, 8 * 1_000);
        var bytes = files.ReadAll(path);
        for (var opening = 0; opening < 2; opening++)
        {
            await using var store = await GoldenStore.OpenAsync(files);
            Assert.Contains(store.GetStatistics().Problems, p => p.Contains("0000000001.block", StringComparison.Ordinal) && p.Contains("expected page checksum", StringComparison.Ordinal));
            var served = await GoldenStore.ReadAsync(store);
            Assert.NotEmpty(served);
            Assert.Empty(served.Except(GoldenStore.Listing(s_folder)));
        }
        Assert.Equal(bytes, files.ReadAll(path));
    }

    [Fact]
    public async Task EveryFlippedBitOfAnOldBlockIsTold()
    {
        var listing = GoldenStore.Listing(s_folder);
        var random = new Random(0);
        for (var i = 0; i < 60; i++)
        {
            var files = GoldenStore.Load(s_folder);
            var path = files.Paths.First(p => p.EndsWith(".block", StringComparison.Ordinal));
            var bit = random.NextInt64(files.ReadAll(path).Length * 8L);
            files.FlipBit(path, bit);
            await using var store = await GoldenStore.OpenAsync(files);
            var served = await GoldenStore.ReadAsync(store);
            Assert.Empty(served.Except(listing));
            Assert.True(served.Length == listing.Length || store.GetStatistics().Problems.Any(p => p.Contains("0000000001.block at byte", StringComparison.Ordinal)), $"bit {bit}");
        }
    }
}
