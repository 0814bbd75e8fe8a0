using Throughline.Engine;
using Throughline.Engine.Inspection;
using Throughline.Engine.Signals;
using Throughline.Server.Configuration;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Signals;

/// <summary>A check and the figures of a directory reach the stores of all signals.</summary>
public sealed class SignalInspectionTests
{
    private static readonly ISignalProbe[] s_probes = [new SignalProbe<PlainBatch, PlainHead, PlainView, PlainBlock>(new PlainFormat())];

    /// <summary>Two blocks of three items and one request in the log, beside empty traces; closed.</summary>
    private static async Task<MemoryFileSystem> FilledAsync()
    {
        var files = new MemoryFileSystem();
        var time = new ManualTime();
        await using (await TraceStore.OpenAsync(new TraceStoreOptions { Directory = PlainStore.Directory }, files, time, default))
        {
        }
        await using (var store = await PlainStore.OpenAsync(files, time))
        {
            await store.SendAsync(new PlainItem(1_000, 1), new PlainItem(5_000, 2));
            await store.Store.FlushAsync(default);
            await store.SendAsync(new PlainItem(2_000, 3));
            await store.Store.FlushAsync(default);
            await store.SendAsync(new PlainItem(3_000, 4));
        }
        return files.Crash();
    }

    [Fact]
    public async Task ASoundStoreIsReadWhole()
    {
        var report = StoreCheck.Run(PlainStore.Directory, await FilledAsync(), s_probes, default);
        Assert.Empty(report.Findings);
        var logs = Assert.Single(report.Signals);
        Assert.Equal(("logs", "items", 2, 3L, 1L, 1L), (logs.Name, logs.ItemsName, logs.Blocks, logs.BlockItems, logs.LogRecords, logs.LogItems));
    }

    /// <summary>Whether its format is known or not: the machinery has checksums over everything.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EveryFlippedByteIsFound(bool isKnown)
    {
        var files = await FilledAsync();
        foreach (var path in files.Paths.Where(p => p.Contains("/0/logs/", StringComparison.Ordinal)))
        {
            for (var at = 0; at < files.ReadAll(path).Length; at++)
            {
                files.FlipBit(path, at * 8L + at % 8);
                var report = StoreCheck.Run(PlainStore.Directory, files, isKnown ? s_probes : [], default);
                Assert.True(!report.IsSound, $"{path}, byte {at}");
                Assert.All(report.Findings.Where(f => f.IsDamage), f => Assert.StartsWith("0/logs/", f.File, StringComparison.Ordinal));
                files.FlipBit(path, at * 8L + at % 8);
            }
        }
        Assert.True(StoreCheck.Run(PlainStore.Directory, files, s_probes, default).IsSound);
    }

    [Fact]
    public async Task WhatACrashLeavesIsNoDamage()
    {
        var files = await FilledAsync();
        files.WriteAll(PlainStore.Paths.Block(77), [1, 2, 3]);
        files.WriteAll(PlainStore.Paths.Manifest + ".tmp", [1]);
        var report = StoreCheck.Run(PlainStore.Directory, files, s_probes, default);
        Assert.True(report.IsSound);
        Assert.Equal(["0/logs/blocks/0000000077.block", "0/logs/manifest.json.tmp"], report.Findings.Select(f => f.File));
    }

    [Fact]
    public async Task TheFiguresTellWhereTheBytesGo()
    {
        var files = await FilledAsync();
        var logs = Assert.Single(StoreStats.Read(PlainStore.Directory, files, s_probes, default).Signals);
        Assert.Equal((2, 3L, 1L, 1L), (logs.Blocks, logs.BlockItems, logs.LogRecords, logs.LogItems));
        Assert.Equal((1_000ul, 5_000ul), (logs.Earliest, logs.Latest));
        Assert.Equal(logs.BlockBytes, logs.Parts.Sum(p => p.Bytes));
        Assert.Equal((0, 2, 3L), (logs.Levels[0].Level, logs.Levels[0].Blocks, logs.Levels[0].Items));
    }

    [Fact]
    public async Task TheCommandsPrintThem()
    {
        var files = await FilledAsync();
        var check = await RunAsync(files, "check");
        Assert.Equal(0, check.Code);
        Assert.Contains("logs: 2 blocks with 3 ", check.Output);
        var stats = await RunAsync(files, "stats");
        Assert.Equal(0, stats.Code);
        Assert.Matches("\nlogs\nblocks    2: 3 .*, [0-9]+ bytes, [0-9]+\\.[0-9]{2} each\n  level 0: 2 blocks", stats.Output);
        files.FlipBit(PlainStore.Paths.Block(2), 8 * 90);
        var damaged = await RunAsync(files, "check");
        Assert.Equal(1, damaged.Code);
        Assert.Contains("damage: 0/logs/blocks/0000000002.block", damaged.Output);
    }

    private static async Task<(int Code, string Output)> RunAsync(MemoryFileSystem files, string command)
    {
        var output = new StringWriter { NewLine = "\n" };
        var line = new ServerCommandLine((_, _) => throw new InvalidOperationException("No server was asked for."), new InspectionCommands(files).Commands());
        return (await line.InvokeAsync([command, PlainStore.Directory], output, TextWriter.Null), output.ToString());
    }
}
