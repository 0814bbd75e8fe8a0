using Throughline.Engine;
using Throughline.Engine.Inspection;
using Throughline.Tests.Files;
using Throughline.Tests.Golden;
using Throughline.Tests.Store;

namespace Throughline.Tests.Inspection;

/// <summary>The check of a store finds whatever is not as it was written, and nothing else.</summary>
public sealed class StoreCheckTests
{
    private const string Root = StoreUnderTest.Root;

    [Fact]
    public async Task StoreThatIsWholeHasNoFindings()
    {
        var files = await StoreAsync(GoldenSpans.Parts());
        var report = StoreCheck.Run(StoreUnderTest.Directory, files, default);
        Assert.Empty(report.Findings);
        Assert.True(report.IsSound);
        Assert.Equal(2, report.Blocks);
        Assert.Equal(GoldenSpans.Parts().Take(2).Sum(p => p.SelectMany(r => r).DistinctBy(s => s.Content).Count()), report.BlockSpans);
        Assert.Equal(5, report.LogRecords);
        Assert.Equal(85, report.LogSpans);
        Assert.Equal(files.Paths.Sum(p => (long)files.ReadAll(p).Length), report.Bytes);
    }

    [Fact]
    public async Task OneFlippedBitAnywhereIsFound()
    {
        var files = await StoreAsync(Small());
        var flips = 0;
        foreach (var path in files.Paths)
        {
            for (var i = 0; i < files.ReadAll(path).Length; i++)
            {
                // Each byte, and of each another bit: eight times as many would find nothing more in a checksum.
                var bit = (8L * i) + (i * 5 % 8);
                files.FlipBit(path, bit);
                var findings = StoreCheck.Run(StoreUnderTest.Directory, files, default).Findings;
                Assert.True(findings.Any(f => f.IsDamage), $"{path}, bit {bit} of byte {i}: nothing is found");
                Assert.True(findings.Any(f => path.EndsWith(f.File, StringComparison.Ordinal) || f.File.EndsWith('/')), $"{path}, bit {bit}: {string.Join("; ", findings)}");
                files.FlipBit(path, bit);
                flips++;
            }
        }
        Assert.True(flips > 5_000, $"only {flips} bits were looked at");
        Assert.True(StoreCheck.Run(StoreUnderTest.Directory, files, default).IsSound);
    }

    [Fact]
    public async Task EveryFlippedBitOfTheManifestIsFound()
    {
        var files = await StoreAsync(Small());
        var path = $"{Root}/manifest.json";
        for (var bit = 0L; bit < files.ReadAll(path).Length * 8L; bit++)
        {
            files.FlipBit(path, bit);
            Assert.False(StoreCheck.Run(StoreUnderTest.Directory, files, default).IsSound, $"bit {bit}");
            files.FlipBit(path, bit);
        }
    }

    [Fact]
    public async Task DamageIsToldWithItsPlaceAndWhatItCosts()
    {
        var files = await StoreAsync(Small());
        var block = files.Paths.First(p => p.EndsWith(".block", StringComparison.Ordinal));
        files.FlipBit(block, 8 * 20);
        var finding = Assert.Single(StoreCheck.Run(StoreUnderTest.Directory, files, default).Findings);
        Assert.Matches("^damage: 0/traces/blocks/0000000001.block at byte [0-9]+: expected page checksum [0-9a-f]{8}, found [0-9a-f]{8}: .+ of up to [0-9]+ .+ cannot be read$", finding.ToString());
    }

    [Fact]
    public async Task MissingFilesAreTold()
    {
        foreach (var suffix in new[] { "0000000001.block", "0000000003.wal", "manifest.json" })
        {
            var files = await StoreAsync(Small());
            files.Delete(files.Paths.Single(p => p.EndsWith(suffix, StringComparison.Ordinal)));
            var finding = Assert.Single(StoreCheck.Run(StoreUnderTest.Directory, files, default).Findings);
            Assert.True(finding.IsDamage);
            Assert.EndsWith(suffix, finding.File);
        }
    }

    [Fact]
    public async Task ShorterFilesAreTold()
    {
        var whole = await StoreAsync(Small());
        foreach (var path in whole.Paths)
        {
            var bytes = whole.ReadAll(path);
            for (var length = 0; length < bytes.Length; length += 1 + bytes.Length / 23)
            {
                var files = whole.Crash();
                files.WriteAll(path, bytes[..length]);
                var findings = StoreCheck.Run(StoreUnderTest.Directory, files, default).Findings;
                // The last segment has no record: cut short it is what a crash leaves.
                Assert.True(findings.Any(f => f.IsDamage || path.EndsWith("0000000004.wal", StringComparison.Ordinal)), $"{path} of {length} bytes: {string.Join("; ", findings)}");
                Assert.NotEmpty(findings);
            }
        }
    }

    [Fact]
    public async Task SwappedBlocksAreTold()
    {
        var files = await StoreAsync(Small());
        var (first, second) = ($"{Root}/blocks/0000000001.block", $"{Root}/blocks/0000000002.block");
        var (one, two) = (files.ReadAll(first), files.ReadAll(second));
        files.WriteAll(first, two);
        files.WriteAll(second, one);
        var report = StoreCheck.Run(StoreUnderTest.Directory, files, default);
        Assert.Equal(2, report.Findings.Where(f => f.IsDamage).Select(f => f.File).Distinct().Count());
    }

    [Fact]
    public async Task WhatACrashLeavesIsNoDamage()
    {
        var files = await StoreAsync(Small());
        files.WriteAll($"{Root}/blocks/0000000009.block", [1, 2, 3]);
        files.WriteAll($"{Root}/manifest.json.tmp", [1]);
        files.WriteAll($"{Root}/log/0000000001.wal", files.ReadAll($"{Root}/log/0000000003.wal"));
        var report = StoreCheck.Run(StoreUnderTest.Directory, files, default);
        Assert.True(report.IsSound);
        Assert.Equal(3, report.Findings.Count);
    }

    [Fact]
    public async Task StoreThatIsOpenIsRefusedAndLeftAlone()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(new PlainSpan { TraceId = new(0, 1), SpanId = 1 });
        Assert.Contains("in use", Assert.Throws<StoreOpenException>(() => StoreCheck.Run(StoreUnderTest.Directory, store.Files, default)).Message);
        Assert.Contains("in use", Assert.Throws<StoreOpenException>(() => StoreStats.Read(StoreUnderTest.Directory, store.Files, default)).Message);
    }

    [Fact]
    public void DirectoryWithoutAStoreIsRefusedAndNothingIsWritten()
    {
        var files = new MemoryFileSystem();
        files.WriteAll("/other/data.db", [1]);
        Assert.Contains("/other holds no store", Assert.Throws<StoreOpenException>(() => StoreCheck.Run("/other", files, default)).Message);
        Assert.Equal(["/other/data.db"], files.Paths);
    }

    [Theory]
    [MemberData(nameof(GoldenStoreTests.Versions), MemberType = typeof(GoldenStoreTests))]
    public void GoldenStoresAreSound(string version)
    {
        var report = StoreCheck.Run(GoldenStore.Directory, GoldenStore.Load(Path.Combine(GoldenStore.Folder, version)), default);
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal(2, report.Blocks);
    }

    [Fact]
    public async Task StatsAddUpToTheFiles()
    {
        var files = await StoreAsync(GoldenSpans.Parts());
        var sizes = StoreStats.Read(StoreUnderTest.Directory, files, default);
        Assert.Empty(sizes.Unreadable);
        Assert.Equal(2, sizes.Blocks);
        Assert.Equal(files.Paths.Where(p => p.EndsWith(".block", StringComparison.Ordinal)).Sum(p => (long)files.ReadAll(p).Length), sizes.BlockBytes);
        Assert.Equal(sizes.BlockBytes, sizes.Parts.Sum(p => p.Bytes));
        Assert.Equal(files.Paths.Where(p => p.EndsWith(".wal", StringComparison.Ordinal)).Sum(p => (long)files.ReadAll(p).Length), sizes.LogBytes);
        Assert.Equal(85, sizes.LogSpans);
        Assert.Equal(GoldenSpans.Parts().Take(2).SelectMany(p => p).SelectMany(r => r).Min(s => s.Start), sizes.EarliestStart);
        Assert.Contains(sizes.LargestKeys, k => k.Name == "batch.id");
        Assert.Equal(0, sizes.Pins);
    }

    private static IReadOnlyList<IReadOnlyList<PlainSpan[]>> Small()
    {
        var parts = GoldenSpans.Parts();
        return [[parts[0][0][..6]], [parts[1][0][..4], parts[0][0][4..7]], [parts[2][0][..3], parts[2][1][..2]]];
    }

    /// <summary>A store of a block for each part but the last, which is in the log; closed.</summary>
    private static async Task<MemoryFileSystem> StoreAsync(IReadOnlyList<IReadOnlyList<PlainSpan[]>> parts)
    {
        await using var store = await StoreUnderTest.OpenAsync();
        for (var part = 0; part < parts.Count; part++)
        {
            foreach (var request in parts[part]) await store.AppendAsync(request);
            if (part < parts.Count - 1) await store.FlushAsync();
        }
        await store.Store.DisposeAsync();
        return store.Files.Crash();
    }
}
