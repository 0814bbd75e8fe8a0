using Throughline.Engine;
using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>One bit of one file turned over: never a wrong answer, never a silent loss, and everything that can be read is served.</summary>
public sealed class DamagedStoreTests
{
    [Fact]
    public async Task AFlippedBitInTheLogIsReportedAndTheRestIsServed()
    {
        // A head large enough for all, so that everything is in the log.
        var (files, ledger) = await FilledAsync(seed: 1, requests: 120, headMaxSpans: 100_000);
        await FlipAsync(files, ledger, path => path.EndsWith(".wal", StringComparison.Ordinal), flips: 60);
    }

    [Fact]
    public async Task AFlippedBitInABlockIsReportedAndTheRestIsServed()
    {
        var (files, ledger) = await FilledAsync(seed: 2, requests: 120);
        await FlipAsync(files, ledger, path => path.EndsWith(".block", StringComparison.Ordinal), flips: 150);
    }

    [Fact]
    public async Task AFlippedBitInTheManifestIsRefusedInOneLineAndNothingIsDeleted()
    {
        var (files, ledger) = await FilledAsync(seed: 3, requests: 60);
        var manifest = Assert.Single(files.Paths, p => Path.GetFileName(p).StartsWith("manifest", StringComparison.Ordinal));
        var before = files.Paths;
        var refused = 0;
        for (var bit = 0; bit < files.ReadAll(manifest).Length * 8; bit++)
        {
            var damaged = files.Crash();
            damaged.FlipBit(manifest, bit);
            try
            {
                await using var store = await CrashStore.OpenAsync(damaged);
                // A bit that means nothing, as in the case of a letter of a hexadecimal digit.
                Assert.Null(ledger.Check(await CrashStore.ReadAsync(store, ledger), out _));
            }
            catch (StoreOpenException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                Assert.Contains(Path.GetFileName(manifest), e.Message);
                Assert.Equal(before, damaged.Paths);
                refused++;
            }
        }
        Assert.True(refused > 100, $"only {refused} flipped bits were noticed");
    }

    [Fact]
    public async Task AMissingManifestBesideBlocksIsRefusedAndNothingIsDeleted()
    {
        var (files, _) = await FilledAsync(seed: 4, requests: 60);
        files.Delete(Assert.Single(files.Paths, p => Path.GetFileName(p).StartsWith("manifest", StringComparison.Ordinal)));
        var before = files.Paths;
        await Assert.ThrowsAsync<StoreOpenException>(() => CrashStore.OpenAsync(files));
        Assert.Empty(before.Except(files.Paths));
    }

    private static async Task FlipAsync(MemoryFileSystem files, SpanLedger ledger, Func<string, bool> which, int flips)
    {
        var random = new Random(5);
        var paths = files.Paths.Where(which).ToList();
        Assert.NotEmpty(paths);
        var reported = 0;
        var lost = 0;
        for (var flip = 0; flip < flips; flip++)
        {
            var damaged = files.Crash();
            var path = paths[random.Next(paths.Count)];
            var bit = random.NextInt64(damaged.ReadAll(path).Length * 8L);
            damaged.FlipBit(path, bit);
            var where = $"{path}, bit {bit}";
            await using var store = await CrashStore.OpenAsync(damaged, headMaxSpans: 100_000);
            var found = await CrashStore.ReadAsync(store, ledger);
            var expected = ledger.Requests.Sum(r => r.Spans.Count);
            var served = found.Sum(t => t.Value.Count);
            var problems = store.GetStatistics().Problems;
            // Never a wrong answer: what is served is what was sent, once.
            Assert.Null(ledger.CheckServed(found));
            Assert.True(served == expected || problems.Count > 0, $"{where}: {expected - served} of {expected} spans are gone, and nothing is said");
            Assert.True(served > 0, $"{where}: nothing is served; {string.Join("; ", problems)}");
            if (problems.Count > 0)
                Assert.Contains(problems, p => p.Contains(Path.GetFileName(path), StringComparison.Ordinal));
            reported += problems.Count > 0 ? 1 : 0;
            lost += served < expected ? 1 : 0;
        }
        Assert.True(reported > flips / 2, $"only {reported} of {flips} flipped bits were reported");
        Assert.True(lost > 0, "no flipped bit made anything unreadable: the damage was not looked at");
    }

    private static async Task<(MemoryFileSystem Files, SpanLedger Ledger)> FilledAsync(int seed, int requests, int headMaxSpans = 60)
    {
        var files = new MemoryFileSystem();
        var ledger = new SpanLedger(seed);
        await using (var store = await CrashStore.OpenAsync(files, headMaxSpans))
        {
            for (var i = 0; i < requests; i++)
                Assert.Equal(AppendStatus.Durable, await CrashStore.SendAsync(store, ledger.Next()));
        }
        return (files.Crash(), ledger);
    }
}
