using Throughline.Engine;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Query;
using Throughline.Engine.Profiles.Store;
using Throughline.Engine.Signals;
using Throughline.Tests.Files;

namespace Throughline.Tests.Profiles;

/// <summary>What the store of profiles acknowledged is there: in the head, after flushes and merges, after opening it anew, and after a loss of power.</summary>
public sealed class ProfileStoreTests
{
    private static readonly ProfileSelection s_all = new("yolo26", "cpu", null, null, null);

    [Fact]
    public async Task ProfilesSurviveFlushesMergesOpeningAnewAndALossOfPower()
    {
        var files = new MemoryFileSystem();
        var cases = Enumerable.Range(0, 24).Select(static seed => PprofGen.Make(new Random(seed))).Where(static one => one.Samples.Any(static s => s.Value > 0)).ToArray();
        var expected = 0L;
        for (var life = 0; life < 4; life++)
        {
            using var directory = DataDirectory.Take("/data", files);
            await using var store = await ProfileStore.OpenAsync(directory, new SignalStoreOptions(), long.MaxValue, files, TimeProvider.System, CancellationToken.None);
            Assert.Equal(expected, await SumAsync(store));
            foreach (var one in cases.Where((_, i) => i % 4 == life))
            {
                var batch = one.Decode();
                Assert.Equal(AppendStatus.Durable, (await store.AppendAsync(batch, (UInt128)(ulong)Array.IndexOf(cases, one) + 1)).Status);
                Assert.Equal(AppendStatus.Duplicate, (await store.AppendAsync(batch, (UInt128)(ulong)Array.IndexOf(cases, one) + 1)).Status);
                expected += one.Samples.Where(static s => s.Service == "yolo26" && s.Type == "cpu").Sum(static s => s.Value);
                Assert.Equal(expected, await SumAsync(store));
                if (life == 1) await store.FlushAsync(CancellationToken.None);
            }
            if (life == 2)
            {
                await store.FlushAsync(CancellationToken.None);
                await store.CompactAsync(CancellationToken.None);
            }
            Assert.Equal(expected, await SumAsync(store));
            Assert.Empty(store.GetStatistics().Problems);
            files = files.Crash(new Random(life));
        }
        using (var directory = DataDirectory.Take("/data", files))
        {
            await using var store = await ProfileStore.OpenAsync(directory, new SignalStoreOptions(), long.MaxValue, files, TimeProvider.System, CancellationToken.None);
            Assert.Equal(expected, await SumAsync(store));
        }
        Assert.True(expected > 0);
    }

    [Fact]
    public async Task ABlockThatIsDamagedIsToldAndTheRestAnswered()
    {
        var files = new MemoryFileSystem();
        using (var directory = DataDirectory.Take("/data", files))
        {
            await using var store = await ProfileStore.OpenAsync(directory, new SignalStoreOptions(), long.MaxValue, files, TimeProvider.System, CancellationToken.None);
            await store.AppendAsync(Large(1, 100), 1);
            await store.FlushAsync(CancellationToken.None);
        }
        var path = Assert.Single(files.ListFiles("/data/0/profiles/blocks"));
        files.FlipBit($"/data/0/profiles/blocks/{path}", 8 * 40);
        using (var directory = DataDirectory.Take("/data", files))
        {
            await using var store = await ProfileStore.OpenAsync(directory, new SignalStoreOptions(), long.MaxValue, files, TimeProvider.System, CancellationToken.None);
            await store.AppendAsync(Large(2, 7), 2);
            var answer = await store.GetFlameAsync(s_all, null, 10, CancellationToken.None);
            Assert.Equal(7, answer.Answer.Sum.Value);
            Assert.StartsWith("Not all profiles could be read: ", answer.Missing, StringComparison.Ordinal);
            Assert.Contains(store.GetStatistics().Problems, static p => p.Contains("checksum", StringComparison.Ordinal));
        }
    }

    private static ProfileBatch Large(int start, long value)
    {
        var batch = new ProfileBatch();
        var node = batch.Builder.Node(StackTables.Top, batch.Builder.Location(batch.Builder.Function(batch.Builder.Text("main"), batch.Builder.Text("")), 0));
        batch.Add(new WindowFacts(batch.SeriesNumber(new ProfileSeries("yolo26", "cpu", "nanoseconds", [])), (ulong)start, (ulong)start + 1, 0, 0), new WindowSamples(new[] { node }, new[] { -1 }, new[] { value }));
        return batch;
    }

    private static async Task<long> SumAsync(ProfileStore store)
    {
        var answer = await store.GetFlameAsync(s_all, null, 1000, CancellationToken.None);
        Assert.Null(answer.Missing);
        return answer.Answer.Sum.Value;
    }
}
